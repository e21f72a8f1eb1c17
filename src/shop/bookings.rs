//! Bookings as they are stored: read, shown on the wire, and changed line by line once they are confirmed.
//!
//! This unit starts no booking and takes no money: see `checkout`.

pub mod adopt;
pub mod confirmed;
pub mod letters;
mod personal;
pub mod read;
mod store;
pub mod view;

pub use confirmed::is_captured;
pub use read::{Bookings, ends_of, page_of, read_link, shown};
pub use store::{
    BookingFilter, booking_of_intent, booking_with_lines, find, lines_of, live_of_event,
    locked_with_lines, of_ids,
};
