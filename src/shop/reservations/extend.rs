//! Extends a reservation, under an absolute cap.

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
    live::{ChangeDraft, News, record},
};

/// Why a reservation was not extended.
#[derive(Debug, thiserror::Error)]
pub enum ExtendError {
    /// There is no such reservation, or it belongs to another buyer.
    #[error("no such reservation")]
    NotFound,
    #[error("the reservation's time is over")]
    Expired,
    /// The reservation is in payment, paid, or cancelled.
    #[error("the reservation is {}", .0.as_str())]
    NotActive(ReservationState),
    #[error("the reservation cannot be extended further")]
    CapReached,
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for ExtendError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::NotFound | Self::Expired | Self::NotActive(_) | Self::CapReached => None,
        }
    }
}

impl Reservations {
    /// Gives the buyer's reservation a whole hold time from now, but no more than its cap allows.
    ///
    /// # Errors
    /// See [`ExtendError`].
    pub async fn extend(&self, id: ReservationId, buyer: Buyer) -> Result<(), ExtendError> {
        let found = store::find(&self.base.db, id).await?.ok_or(ExtendError::NotFound)?;
        if found.reserved.buyer != buyer {
            return Err(ExtendError::NotFound);
        }
        let extended = self
            .base
            .db
            .transact(|tx| Box::pin(async move { extend(tx, id, buyer).await }))
            .await?;
        if let Some(event) = extended {
            self.relay.nudge(News::Places(event));
            return Ok(());
        }
        let found = store::find(&self.base.db, id).await?.ok_or(ExtendError::NotFound)?;
        match found.status.seen_at(found.reserved.expires_at, found.now) {
            ReservationState::Active => Err(ExtendError::CapReached),
            ReservationState::Expired => Err(ExtendError::Expired),
            other @ (ReservationState::InPayment
            | ReservationState::Confirmed
            | ReservationState::Cancelled) => Err(ExtendError::NotActive(other)),
        }
    }
}

async fn extend(tx: &Tx, id: ReservationId, buyer: Buyer) -> Result<Option<EventId>, ExtendError> {
    let Some(extended) = store::extend(tx, id, buyer).await? else { return Ok(None) };
    let expires_at = extended.expires_at;
    let seats = store::extend_seats(tx, id, expires_at).await?;
    general::extend(tx, id, expires_at).await?;
    let change = ChangeDraft {
        seats: seats.iter().map(|seat| record::held(seat.seat, seat.version, expires_at)).collect(),
        ..ChangeDraft::default()
    };
    record::record(tx, extended.event_id, &change).await?;
    Ok(Some(extended.event_id))
}
