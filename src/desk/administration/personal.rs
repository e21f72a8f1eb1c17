//! The entries of the audit log in the export of a user's data.

use async_trait::async_trait;
use holdfast_contract::operators::AuditEntry;

use super::{Administration, api::shown_entry};
use crate::kernel::{
    audit::{self, AuditFilter},
    db::{StoreError, Tx},
    personal::{ErasureError, Person, PersonalData, PersonalFile},
};

/// How many entries are read at once.
const PAGE: u64 = 1_000;

#[async_trait]
impl PersonalData for Administration {
    /// What the user did.
    async fn export(&self, person: &Person) -> Result<Vec<PersonalFile>, StoreError> {
        let mut all: Vec<AuditEntry> = Vec::new();
        loop {
            let after = all.last().map(|entry| entry.id);
            let filter = AuditFilter { actor: Some(person.id.0), after, ..AuditFilter::default() };
            let page = audit::list(&self.base.db, filter, PAGE).await?;
            let is_last = (page.len() as u64) < PAGE;
            all.extend(page.into_iter().map(shown_entry));
            if is_last {
                return Ok(vec![PersonalFile::of("activity", &all)?]);
            }
        }
    }

    /// The log names users by their id alone, and nothing of it is ever changed.
    async fn erase(&self, _tx: &Tx, _person: &Person) -> Result<(), ErasureError> {
        Ok(())
    }
}
