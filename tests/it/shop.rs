//! What buyers do: hold, pay, give back.

mod adoption;
mod cancellation;
mod checkout;
mod reservations;
