//! The reservations in the export of a user's data. They name a user by id alone, so that an erasure leaves them.

use async_trait::async_trait;
use serde::Serialize;
use uuid::Uuid;

use super::{Reservations, store};
use crate::{
    http::time::rfc3339,
    kernel::{
        db::{StoreError, Tx},
        personal::{ErasureError, Person, PersonalData, PersonalFile},
    },
};

/// A reservation in an export.
#[derive(Serialize)]
struct ExportedReservation {
    id: Uuid,
    event_id: Uuid,
    status: &'static str,
    persons: i32,
    created_at: String,
    expires_at: String,
}

#[async_trait]
impl PersonalData for Reservations {
    async fn export(&self, person: &Person) -> Result<Vec<PersonalFile>, StoreError> {
        let rows = store::all_of_buyer(&self.base.db, person.id.0).await?;
        let exported = rows.into_iter().map(|row| ExportedReservation {
            id: row.id.0,
            event_id: row.event_id.0,
            status: row.status.as_str(),
            persons: row.persons,
            created_at: rfc3339(row.created_at),
            expires_at: rfc3339(row.expires_at),
        });
        let exported: Vec<ExportedReservation> = exported.collect();
        Ok(vec![PersonalFile::of("reservations", &exported)?])
    }

    async fn erase(&self, _tx: &Tx, _person: &Person) -> Result<(), ErasureError> {
        Ok(())
    }
}
