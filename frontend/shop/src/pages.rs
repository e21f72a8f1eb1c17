//! One module a page.

pub mod booking;
pub mod checkout;
pub mod event;
pub mod events;
