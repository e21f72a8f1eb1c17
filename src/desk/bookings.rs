//! The organizer's view of bookings: lists the bookings of an event, cancels and refunds them.

mod api;

use poem_openapi::OpenApi;

use crate::{
    shop::cancellation::Cancellations,
    slice::{SharedParts, Slice},
};

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct EventBookings {
    pub cancellations: Cancellations,
}

impl Slice for EventBookings {
    fn routes(self, shared: SharedParts) -> impl OpenApi + 'static {
        api::EventBookingsApi { access: shared.access, cancellations: self.cancellations }
    }
}
