//! Reads bookings for their buyers. A pending booking contains the buyer's next action.

use holdfast_contract::bookings::{Booking, BookingStatus};
use holdfast_domain::{access::Relation, ids::BookingId};
use uuid::Uuid;

use super::{Checkouts, answer};
use crate::{access::ReadableBooking, kernel::db::StoreError};

impl Checkouts {
    /// The booking on the wire, with the next action of its buyer. Does not check who asks.
    pub async fn find(&self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        match self.bookings.find(id).await? {
            Some(booking) => self.with_next_action(booking).await.map(Some),
            None => Ok(None),
        }
    }

    /// The booking in the form of the API, for a caller who may read it. Only the buyer gets the next action, because
    /// its secret allows the holder to complete the payment.
    pub async fn read(&self, booking: ReadableBooking) -> Result<Option<Booking>, StoreError> {
        match booking.reader() {
            Relation::Owner => self.find(booking.booking()).await,
            Relation::Member | Relation::Stranger => self.bookings.find(booking.booking()).await,
        }
    }

    /// A page of a buyer's bookings, newest first.
    pub async fn list(
        &self,
        buyer: Uuid,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Booking>, StoreError> {
        let mut shown = Vec::new();
        for booking in self.bookings.list(buyer, after, limit).await? {
            shown.push(self.with_next_action(booking).await?);
        }
        Ok(shown)
    }

    async fn with_next_action(&self, mut booking: Booking) -> Result<Booking, StoreError> {
        if booking.status == BookingStatus::Pending {
            let checkout = self.executor.state_of(&self.base.db, booking.id).await?;
            let secret = checkout.and_then(|checkout| checkout.client_secret().map(str::to_owned));
            booking.next_action = secret.map(answer::next_action);
        }
        Ok(booking)
    }
}
