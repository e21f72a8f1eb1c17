//! A link that a buyer passes on.

use holdfast_contract::bookings::BookingLink;
use holdfast_domain::ids::BookingId;

use super::{BookingLinks, LinkError};
use crate::{
    access::{BookingPermit, ShareBooking},
    http::time::rfc3339,
    shop::bookings::{self, page_of, read_link},
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
        let found = bookings::find(&self.base.db, id).await?;
        let booking = found.ok_or(LinkError::NotFound)?;
        let ends = bookings::ends_of(&self.base.db, id).await?;
        let link = read_link(&self.keys, &booking, ends, now).ok_or(LinkError::NoAddress)?;
        let url = page_of(&self.home, &booking.reference, Some(&link.token));
        Ok(BookingLink { token: link.token, url, expires_at: rfc3339(link.until_ms) })
    }
}
