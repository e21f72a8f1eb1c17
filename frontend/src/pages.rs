//! One module a page.

pub mod account;
pub mod booking;
pub mod checkout;
pub mod event;
pub mod events;
pub mod not_found;
