//! Where money is written down and given back: the ledger, and refunds as sagas of their own.

pub mod ledger;
pub mod refunds;
