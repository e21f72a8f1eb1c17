//! Stops a checkout that is under way: the payment is voided first, then the seats are freed.

use holdfast_contract::bookings::Booking;
use holdfast_domain::{booking::BookingState, ids::BookingId};

use super::{Checkouts, confirm::FIRST_WAIT};
use crate::{
    kernel::{db::StoreError, saga::WakeRequest},
    shop::bookings,
};

/// How often a waiting request looks at the booking.
const LOOK: std::time::Duration = std::time::Duration::from_millis(50);

impl Checkouts {
    /// Stops a pending booking and waits for its end for a limited time. Returns the booking in its state after the
    /// wait: cancelled, possibly still pending, or past the point where it could be stopped.
    pub async fn stop(&self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        self.executor.wake(id.0, WakeRequest::Stop).await?;
        self.settled(id).await
    }

    /// The booking as soon as it is no longer pending, or its state at the end of the wait.
    pub(super) async fn settled(&self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        let ended = async {
            while self.is_pending(id).await? {
                tokio::time::sleep(LOOK).await;
            }
            Ok::<(), StoreError>(())
        };
        if let Ok(Err(error)) = tokio::time::timeout(FIRST_WAIT, ended).await {
            return Err(error);
        }
        self.find(id).await
    }

    async fn is_pending(&self, id: BookingId) -> Result<bool, StoreError> {
        let stored = bookings::find(&self.base.db, id).await?;
        Ok(stored.is_some_and(|stored| stored.status == BookingState::Pending))
    }
}
