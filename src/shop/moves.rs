//! Tells buyers that an event which they have booked takes place at another time or place.
//!
//! A change of an event only records the move (`catalogue::moves`). `tell` is the periodic pass that later writes a message
//! to each booking; `shop::bookings::letters` writes its text when it is sent. This slice changes no booking.

mod tell;

use std::time::Duration;

use poem_openapi::OpenApi;

use crate::{
    kernel::{base::Base, passes::Pass},
    slice::{SharedParts, Slice},
};

/// How often every node looks for moves that are to be told.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Moves {
    pub base: Base,
}

impl Slice for Moves {
    fn routes(self, _shared: SharedParts) -> impl OpenApi + 'static {}

    fn passes(&self, _shared: &SharedParts) -> Vec<Pass> {
        vec![Pass::on("moves", TELL_EVERY, self, |it| async move { it.tell_pass().await })]
    }
}
