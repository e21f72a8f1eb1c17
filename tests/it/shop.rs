//! Tests of buyers: holding, paying, cancelling.

mod adoption;
mod bookings;
mod cancellation;
mod checkout;
mod links;
mod moves;
mod reservations;
