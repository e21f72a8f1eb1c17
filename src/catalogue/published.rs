//! Published events and their organizers, for callers without an identity.

use holdfast_contract::catalogue::Event;
use holdfast_domain::access::OrganizationStatus;

use super::{Catalogue, views};
use crate::{identity::memberships, kernel::db::StoreError};

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

    /// The name of the active organization with this slug.
    pub async fn organizer(&self, slug: &str) -> Result<Option<String>, StoreError> {
        // PostgreSQL takes no NUL.
        if slug.contains('\0') {
            return Ok(None);
        }
        let found = memberships::organization_by_slug(&self.base.db, slug).await?;
        let active = found.filter(|it| it.status == OrganizationStatus::Active);
        Ok(active.map(|it| it.name))
    }
}
