//! Reads bookings for their buyers. A pending booking contains the buyer's next action, and how long its seats stay held.

use holdfast_contract::bookings::{Booking, BookingStatus};
use holdfast_domain::{access::Relation, ids::BookingId};

use super::{Checkouts, answer};
use crate::{access::ReadableBooking, kernel::db::StoreError, shop::bookings::BookingFilter};

impl Checkouts {
    /// The booking on the wire, as its buyer sees it. Does not check who asks.
    pub async fn find(&self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        match self.bookings.find(id).await? {
            Some(booking) => self.of_the_buyer(booking).await.map(Some),
            None => Ok(None),
        }
    }

    /// The booking in the form of the API, for a caller who may read it. Only the buyer gets the next action, because
    /// its secret allows the holder to complete the payment.
    pub async fn read(&self, booking: ReadableBooking) -> Result<Option<Booking>, StoreError> {
        match booking.reader() {
            Relation::Owner => self.find(booking.booking()).await,
            Relation::Proved | Relation::Member(_) | Relation::Stranger => {
                self.bookings.find(booking.booking()).await
            }
            // Buyers pass links on, and do not show their address thereby.
            Relation::Linked => {
                let found = self.bookings.find(booking.booking()).await?;
                Ok(found.map(|booking| Booking { email: None, ..booking }))
            }
        }
    }

    /// A page of a buyer's bookings, newest first.
    pub async fn list(
        &self,
        filter: BookingFilter,
        limit: u64,
    ) -> Result<Vec<Booking>, StoreError> {
        let mut shown = Vec::new();
        for booking in self.bookings.list(filter, limit).await? {
            shown.push(self.of_the_buyer(booking).await?);
        }
        Ok(shown)
    }

    /// Adds what the checkout of a pending booking says to its buyer.
    async fn of_the_buyer(&self, mut booking: Booking) -> Result<Booking, StoreError> {
        if booking.status == BookingStatus::Pending
            && let Some((checkout, now_ms)) =
                self.executor.state_of(&self.base.db, booking.id).await?
        {
            booking.next_action =
                checkout.client_secret().map(|secret| answer::next_action(secret.to_owned()));
            // Rounded down, so that a page never promises time that is not left.
            let left = |until_ms: i64| (until_ms - now_ms).max(0) / 1000;
            booking.payment_expires_in_seconds = checkout.undecided_until_ms().map(left);
        }
        Ok(booking)
    }
}
