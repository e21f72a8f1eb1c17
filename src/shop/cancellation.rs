//! Changes to a confirmed booking: its buyer or organizer cancels lines, or its event is called off, and the money is
//! refunded.
//!
//! One transaction voids the tickets, frees the seats, marks the lines and starts the refund (`cancel`). The refund
//! is a separate saga, in `money::refunds`. `called_off` is the periodic pass over cancelled events. `give_back`
//! refunds an amount without cancelling anything. `holdfast_domain::refund::rules` decides which lines may be
//! cancelled and how much is refunded.

pub mod answer;
pub mod api;
pub mod called_off;
pub mod cancel;
pub mod give_back;
mod invariants;
pub mod store;

use poem_openapi::OpenApi;
use std::time::Duration;

use crate::{
    kernel::{invariants::Invariant, passes::Pass},
    live::Relay,
    money::refunds::Refunds,
    shop::checkout::Checkouts,
    slice::{SharedParts, Slice},
};

/// How often every node looks for bookings of called-off events.
const CALLED_OFF_EVERY: Duration = Duration::from_secs(5);

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Cancellations {
    /// Reads bookings, and stops bookings that are still being paid.
    pub checkouts: Checkouts,
    /// Starts and drives the refunds of cancelled lines.
    pub refunds: Refunds,
    /// Numbers the changes of seats.
    pub relay: Relay,
}

impl Slice for Cancellations {
    const INVARIANTS: &'static [Invariant] = invariants::INVARIANTS;

    fn routes(self, shared: SharedParts) -> impl OpenApi + 'static {
        api::CancellationApi { access: shared.access, cancellations: self }
    }

    fn passes(&self, _shared: &SharedParts) -> Vec<Pass> {
        vec![Pass::on("called-off", CALLED_OFF_EVERY, self, |it| async move {
            it.called_off_pass().await
        })]
    }
}
