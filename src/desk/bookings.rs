//! The organizer's side of bookings: the bookings of an event, cancelled and refunded by its organizer.

mod api;

use poem_openapi::OpenApi;

use crate::{
    shop::cancellation::Cancellations,
    slice::{Shared, Slice},
};

/// The bookings of events, for those who manage them; cheap to clone.
#[derive(Debug, Clone)]
pub struct EventBookings {
    /// Cancels bookings and gives money back.
    pub cancellations: Cancellations,
}

impl Slice for EventBookings {
    fn routes(self, shared: Shared) -> impl OpenApi + 'static {
        api::EventBookingsApi { access: shared.access, cancellations: self.cancellations }
    }
}
