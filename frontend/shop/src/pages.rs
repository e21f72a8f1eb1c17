//! The pages of the shop, one module for each.

pub mod booking;
pub mod checkout;
pub mod event;
pub mod events;
