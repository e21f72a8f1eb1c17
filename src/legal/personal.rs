//! The acceptances in the export of a user's data. An erasure keeps them: they name the user by id alone, and prove under
//! which terms the tickets were sold.

use async_trait::async_trait;
use serde::Serialize;
use uuid::Uuid;

use super::{Legal, store};
use crate::{
    http::time::rfc3339,
    kernel::{
        db::{StoreError, Tx},
        personal::{ErasureError, Person, PersonalData, PersonalFile},
    },
};

/// An acceptance in an export.
#[derive(Serialize)]
struct ExportedAcceptance {
    id: Uuid,
    document: &'static str,
    version: String,
    language: String,
    accepted_at: String,
    /// `user` for the registration, `booking` for a checkout.
    subject_kind: &'static str,
    subject_id: Uuid,
}

#[async_trait]
impl PersonalData for Legal {
    async fn export(&self, person: &Person) -> Result<Vec<PersonalFile>, StoreError> {
        let rows = store::list_of(&self.db, person.id).await?;
        let exported = rows.into_iter().map(|row| ExportedAcceptance {
            id: row.id,
            document: row.document.as_str(),
            version: row.version,
            language: row.language,
            accepted_at: rfc3339(row.accepted_at),
            subject_kind: row.subject_kind.as_str(),
            subject_id: row.subject_id,
        });
        Ok(vec![PersonalFile::of("acceptances", &exported.collect::<Vec<_>>())?])
    }

    async fn erase(&self, _tx: &Tx, _person: &Person) -> Result<(), ErasureError> {
        Ok(())
    }
}
