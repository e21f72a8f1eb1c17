//! Tickets: what admits. Issued in the transaction that ends a checkout, one a seat or admission.
//!
//! A unique index allows one live ticket a seat, whatever else goes wrong. Never takes money.

pub mod issue;
pub mod store;

pub use issue::{issue, of_bookings};
