//! The use cases of buyers: hold places, pay for them, read bookings and tickets, cancel.
//!
//! Each module is a slice: `api.rs` is its HTTP, each use case has a file named by its verb, SQL is in `store.rs` or
//! under `store/`.

pub mod adoption;
pub mod bookings;
pub mod cancellation;
pub mod checkout;
pub mod links;
pub mod moves;
pub mod reservations;
pub mod tickets;
