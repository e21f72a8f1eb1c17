//! A link that a buyer passes on.

use holdfast_contract::bookings::BookingLink;
use holdfast_domain::{booking_link::LinkScope, ids::BookingId};

use super::{BookingLinks, LinkError};
use crate::{
    access::{BookingPermit, ShareBooking},
    http::time::rfc3339,
    shop::bookings::{self, page_of},
};

impl BookingLinks {
    /// A link that shows the booking to whoever has it. Each call makes another link; none of them can be taken back, but all
    /// end with the booking's address.
    ///
    /// # Errors
    /// When the booking has no address, or the database fails.
    pub async fn share(
        &self,
        booking: BookingPermit<ShareBooking>,
    ) -> Result<BookingLink, LinkError> {
        let id: BookingId = booking.booking();
        let now = self.base.db.now().await?;
        let found = bookings::find(&self.base.db, bookings::By::Id(id)).await?;
        let booking = found.ok_or(LinkError::NotFound)?;
        let ends = bookings::ends_of(&self.base.db, id).await?;
        let until_ms = holdfast_domain::booking_link::read_until_ms(ends, now);
        let address = booking.email.as_deref().ok_or(LinkError::NoAddress)?;
        let token = crate::access::link_token(&self.keys, LinkScope::Read, id, address, until_ms);
        let url = page_of(&self.home, &booking.reference, Some(&token));
        Ok(BookingLink { token, url, expires_at: rfc3339(until_ms) })
    }
}
