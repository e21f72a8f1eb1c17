//! The bookings in the export of a user's data, and the erasure of the addresses in them. The books keep the bookings.

use async_trait::async_trait;
use holdfast_contract::bookings::Booking;

use super::{
    Bookings,
    store::{BookingFilter, personal},
};
use crate::{
    kernel::{
        db::{StoreError, Tx},
        personal::{ErasureError, ErasureObstacle, Person, PersonalData, PersonalFile},
    },
    messages,
};

/// How many bookings are read at once.
const PAGE: u64 = 100;

#[async_trait]
impl PersonalData for Bookings {
    async fn export(&self, person: &Person) -> Result<Vec<PersonalFile>, StoreError> {
        let mut all: Vec<Booking> = Vec::new();
        loop {
            let after = all.last().map(|booking| booking.id);
            let page = self.list(BookingFilter::of(person.id.0, after), PAGE).await?;
            let is_last = (page.len() as u64) < PAGE;
            all.extend(page);
            if is_last {
                return Ok(vec![PersonalFile::of("bookings", &all)?]);
            }
        }
    }

    /// Deletes the addresses of the user's bookings, and the mails about them. Tickets stay valid, but no mail tells their
    /// holder of a change any more. Guests' bookings under the user's address lose it, too.
    async fn erase(&self, tx: &Tx, person: &Person) -> Result<(), ErasureError> {
        if personal::has_pending(tx, person.id).await? {
            return Err(ErasureError::Obstacle(ErasureObstacle::PaymentUnderWay));
        }
        let bookings = personal::forget_addresses(tx, person).await?;
        Ok(messages::erase_about(tx, &bookings).await?)
    }
}
