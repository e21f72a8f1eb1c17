//! Tickets: what admits. Issued in the transaction that ends a checkout, one a seat or admission.
//!
//! A unique index allows one live ticket a seat, whatever else goes wrong. A voided ticket
//! stays as a row. Never takes money or gives it back.

pub mod issue;
pub mod store;

pub use issue::{issue, lock, not_refunded, of_bookings, refunded, void};
