//! Published events, for callers without an identity.

use holdfast_contract::catalogue::Event;

use super::{Catalogue, views};
use crate::kernel::db::StoreError;

impl Catalogue {
    /// The event with this id or slug. `None` when it does not exist or strangers may not see it.
    pub async fn published(&self, name: &str) -> Result<Option<Event>, StoreError> {
        let Some(visible) = self.access.public(name).await? else { return Ok(None) };
        let pace = self.reads.pace_of(None);
        let Some(moment) = self.reads.moment(visible.event(), pace).await? else {
            self.access.forget(visible.event()).await;
            return Ok(None);
        };
        views::event(&self.reads.seen(moment, pace).await?).map(Some)
    }
}
