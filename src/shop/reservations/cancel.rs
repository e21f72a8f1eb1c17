//! Cancels a reservation: its seats are free at once.

use holdfast_domain::{
    ids::{Buyer, EventId, ReservationId},
    reservation::ReservationState,
};

use super::{
    Reservations,
    store::{self, general},
};
use crate::{
    kernel::db::{StoreError, Tx, UseCaseError},
    live::{News, record},
};

/// Why the reservation was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelReservationError {
    /// There is no such reservation, or it belongs to another buyer.
    #[error("no such reservation")]
    NotFound,
    /// The reservation is in payment, or paid.
    #[error("the reservation is {}", .0.as_str())]
    NotActive(ReservationState),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for CancelReservationError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::NotFound | Self::NotActive(_) => None,
        }
    }
}

impl Reservations {
    /// Cancels the buyer's reservation, and frees the places that it still holds. Cancelling a reservation that
    /// has ended without payment changes nothing and is no error.
    ///
    /// # Errors
    /// See [`CancelReservationError`].
    pub async fn cancel(
        &self,
        id: ReservationId,
        buyer: Buyer,
    ) -> Result<(), CancelReservationError> {
        let cancelled = self
            .base
            .db
            .transact(|tx| Box::pin(async move { cancel(tx, id, buyer).await }))
            .await?;
        if let Some(event) = cancelled {
            self.relay.nudge(News::Places(event));
            return Ok(());
        }
        match store::find(&self.base.db, id).await? {
            Some(found) if found.reserved.buyer == buyer => match found.status {
                ReservationState::Cancelled | ReservationState::Expired => Ok(()),
                other @ (ReservationState::Active
                | ReservationState::InPayment
                | ReservationState::Confirmed) => Err(CancelReservationError::NotActive(other)),
            },
            _ => Err(CancelReservationError::NotFound),
        }
    }
}

/// Cancels an active reservation, and frees its places. Returns its event if the buyer has such a reservation.
pub(super) async fn cancel(
    tx: &Tx,
    id: ReservationId,
    buyer: Buyer,
) -> Result<Option<EventId>, StoreError> {
    let Some(event) = store::cancel(tx, id, buyer).await? else { return Ok(None) };
    let seats = store::free_seats(tx, &[id]).await?;
    let sections = general::free(tx, &[id]).await?;
    record::freed(tx, &seats, &sections).await?;
    Ok(Some(event))
}
