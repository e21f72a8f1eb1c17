//! The pages of the account program, one module for each, and the form that two of them use.

pub mod bookings;
mod form;
pub mod register;
pub mod sign_in;
