//! What buyers do: hold, pay, give back.

mod cancellation;
mod checkout;
mod reservations;
