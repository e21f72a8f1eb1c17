//! The ledger, and refunds as separate sagas.

pub mod ledger;
pub mod refunds;
