//! Tickets. A ticket is the right of `admits` persons to enter, for one seat or one place in general admission.
//! It is issued in the transaction that ends a checkout.
//!
//! A unique index allows one live ticket for each seat, whatever else fails. A voided ticket stays as a row. This
//! unit never takes or returns money.

pub mod issue;
pub mod store;

pub use issue::{give, issue, lock, lock_all, not_refunded, of_bookings, refunded, void};
