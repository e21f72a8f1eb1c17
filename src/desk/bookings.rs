//! The organizer's side of bookings: the bookings of an event, cancelled and refunded by its organizer.

pub mod api;

pub use api::EventBookingsApi;
