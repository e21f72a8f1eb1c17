//! An event as everybody may see it.

use holdfast_contract::catalogue::Event;
use holdfast_domain::event::Status;
use sea_orm::DbErr;

use super::{Catalogue, event_key::EventKey, store, views};

impl Catalogue {
    /// The event with this id or slug; nothing where there is none, or where it is a draft, which strangers may not
    /// know of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn published(&self, name: &str) -> Result<Option<Event>, DbErr> {
        let Some(key) = EventKey::parse(name) else { return Ok(None) };
        let Some(moment) = self.reads.moment(key).await? else { return Ok(None) };
        if store::events::status(&moment.row)? == Status::Draft {
            return Ok(None);
        }
        views::event(&self.reads.seen(moment).await?).map(Some)
    }
}
