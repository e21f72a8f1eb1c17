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

impl Administration {
    /// All entries of the audit log that the filter allows, newest first.
    async fn entries(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>, StoreError> {
        let mut all: Vec<AuditEntry> = Vec::new();
        loop {
            let after = all.last().map(|entry| entry.id);
            let page = audit::list(&self.base.db, AuditFilter { after, ..filter }, PAGE).await?;
            let is_last = (page.len() as u64) < PAGE;
            all.extend(page.into_iter().map(shown_entry));
            if is_last {
                return Ok(all);
            }
        }
    }
}

#[async_trait]
impl PersonalData for Administration {
    /// What the user did, and what others did to the account.
    async fn export(&self, person: &Person) -> Result<Vec<PersonalFile>, StoreError> {
        let id = Some(person.id.0);
        let by_user = AuditFilter { actor: id, ..AuditFilter::default() };
        let about_user = AuditFilter { subject: id, ..AuditFilter::default() };
        Ok(vec![
            PersonalFile::of("activity", &self.entries(by_user).await?)?,
            PersonalFile::of("account_history", &self.entries(about_user).await?)?,
        ])
    }

    /// The log names users by their id alone, and nothing of it is ever changed.
    async fn erase(&self, _tx: &Tx, _person: &Person) -> Result<(), ErasureError> {
        Ok(())
    }
}
