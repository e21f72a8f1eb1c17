//! The books and the refunds: the ledger, and refunds as sagas of their own.

pub mod ledger;
pub mod refunds;
