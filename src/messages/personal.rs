//! The messages as personal data: a row names its recipient.

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use uuid::Uuid;

use super::{Post, store};
use crate::kernel::{
    db::{StoreError, Tx},
    personal::{ErasureError, Person, PersonalData, PersonalFile},
};

/// A message in an export.
#[derive(Serialize)]
struct ExportedMessage {
    id: Uuid,
    kind: &'static str,
    subject_id: Uuid,
    status: &'static str,
    created_at: String,
}

#[async_trait]
impl PersonalData for Post {
    async fn export(&self, person: &Person) -> Result<Vec<PersonalFile>, StoreError> {
        let rows = store::list_to(&self.base.db, &person.email).await?;
        let exported = rows.into_iter().map(|row| ExportedMessage {
            id: row.id.0,
            kind: row.kind.as_str(),
            subject_id: row.subject_id,
            status: row.status.as_str(),
            created_at: DateTime::from_timestamp_millis(row.created_at)
                .unwrap_or_default()
                .to_rfc3339_opts(SecondsFormat::Millis, true),
        });
        let exported: Vec<ExportedMessage> = exported.collect();
        Ok(vec![PersonalFile::of("messages", &exported)?])
    }

    /// Deletes the messages to the user, so that waiting messages are not sent.
    async fn erase(&self, tx: &Tx, person: &Person) -> Result<(), ErasureError> {
        Ok(store::delete_to(tx, &person.email).await?)
    }
}

/// Deletes the messages about these subjects, such as bookings, whatever their address. Waiting messages
/// are not sent.
///
/// # Errors
/// When the database fails.
pub async fn erase_about(tx: &Tx, subjects: &[Uuid]) -> Result<(), StoreError> {
    store::delete_about(tx, subjects).await
}
