//! Tests of buyers: holding, paying, cancelling.

mod cancellation;
mod checkout;
mod reservations;
