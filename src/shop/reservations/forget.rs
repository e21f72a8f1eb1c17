//! The pass that deletes reservations which ended long ago and for which nobody has paid. A sale makes many more of them
//! than bookings.

use std::sync::{Arc, Mutex, PoisonError};

use holdfast_domain::ids::ReservationId;
use uuid::Uuid;

use super::{Reservations, store};
use crate::kernel::db::StoreError;

/// How long such a reservation is kept after it was made: a buyer who asks why a seat was lost still finds it.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// The maximum number of reservations that one transaction looks at.
const BATCH: u64 = 1_000;
/// The maximum number of transactions in a pass.
const MAX_ROUNDS: usize = 100;

/// The last reservation that the pass of this node has looked at. Ids grow with time, so that only younger ones are left.
/// A new node begins with the oldest.
#[derive(Debug, Clone, Default)]
pub struct ForgetCursor(Arc<Mutex<Option<ReservationId>>>);

impl ForgetCursor {
    fn get(&self) -> ReservationId {
        let position = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        position.unwrap_or(ReservationId(Uuid::nil()))
    }

    fn set(&self, position: ReservationId) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(position);
    }
}

impl Reservations {
    /// Runs the pass; returns how many reservations it deleted.
    ///
    /// # Errors
    /// When the database fails. The next pass continues there.
    pub async fn retention_pass(&self) -> Result<u64, StoreError> {
        let mut deleted = 0;
        for _ in 0..MAX_ROUNDS {
            let after = self.forgotten.get();
            let round = self.base.db.transact(move |tx| {
                Box::pin(async move { store::forget::some(tx, after, KEPT_MS, BATCH).await })
            });
            let round = round.await?;
            deleted += round.deleted;
            let Some(last) = round.last else { break };
            self.forgotten.set(last);
        }
        Ok(deleted)
    }
}
