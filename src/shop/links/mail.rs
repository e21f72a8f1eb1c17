//! Sends the mail about a confirmed booking once more.

use std::sync::Arc;

use holdfast_domain::{booking::BookingState, ids::BookingId};

use super::{BookingLinks, LinkError};
use crate::{
    access::{BookingPermit, MailBooking},
    kernel::{
        db::{self, Tx},
        ports::Entropy,
    },
    messages::{NewMessage, post},
    shop::bookings::{confirmed, letters},
};

/// The clock is cut into pieces of this length, in milliseconds. At most one mail about a booking is sent again in each piece.
const PIECE_MS: i64 = 5 * 60 * 1000;

impl BookingLinks {
    /// Writes the mail with the tickets' places, the calendar file and the link to the booking's address once more.
    ///
    /// # Errors
    /// When the booking is not confirmed or has no address, or the database fails.
    pub async fn mail_again(&self, booking: BookingPermit<MailBooking>) -> Result<(), LinkError> {
        let (entropy, id) = (Arc::clone(&self.base.entropy), booking.booking());
        self.base
            .db
            .transact(move |tx| {
                let entropy = Arc::clone(&entropy);
                Box::pin(async move { again(tx, &*entropy, id).await })
            })
            .await
    }
}

async fn again(tx: &Tx, entropy: &dyn Entropy, id: BookingId) -> Result<(), LinkError> {
    let (booking, _) = confirmed::lock(tx, id).await?.ok_or(LinkError::NotFound)?;
    if booking.status != BookingState::Confirmed {
        return Err(LinkError::Status(booking.status));
    }
    let now = db::now(tx).await?;
    // A second request within the same piece has the same cause, and so writes no mail.
    let instance = format!("again-{}", now / PIECE_MS);
    let mail = letters::confirmed(&booking).ok_or(LinkError::NoAddress)?;
    Ok(post(tx, entropy, [NewMessage { instance, ..mail }], now).await?)
}
