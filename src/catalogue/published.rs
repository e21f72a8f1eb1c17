//! An event as everybody may see it.

use holdfast_contract::catalogue::Event;
use sea_orm::DbErr;

use super::{Catalogue, views};

impl Catalogue {
    /// The event with this id or slug; none where there is none, or where strangers may not see it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn published(&self, name: &str) -> Result<Option<Event>, DbErr> {
        let Some(visible) = self.access.public(name).await? else { return Ok(None) };
        let Some(moment) = self.reads.moment(visible.event()).await? else { return Ok(None) };
        views::event(&self.reads.seen(moment).await?).map(Some)
    }
}
