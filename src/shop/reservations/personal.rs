//! The reservations in the export of a user's data. They name a user by id alone, so that an erasure leaves them.

use async_trait::async_trait;
use holdfast_domain::ids::Buyer;
use serde::Serialize;
use uuid::Uuid;

use super::{Reservations, store};
use crate::{
    http::{auth::LOCALES, time::rfc3339},
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

    /// Locks the buyer's rows where the user holds something: a checkout that begins at this moment has begun before the
    /// erasure looks at the bookings, or sees the erased account.
    async fn erase(&self, tx: &Tx, person: &Person) -> Result<(), ErasureError> {
        let buyer = Buyer::User(person.id);
        let events = store::active_events_of(tx, buyer.id()).await?;
        let rows = events.into_iter().map(|event| (event, buyer, LOCALES[0]));
        Ok(store::payment::lock_buyers_of_events(tx, rows.collect()).await?)
    }
}
