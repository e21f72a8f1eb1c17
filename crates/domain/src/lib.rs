//! The rules of Holdfast that are true without a computer: money, prices, seats, reservations, checkouts and refunds.
//!
//! This crate has no clock, no randomness, no SQL and no network. Time and ids are arguments; decisions are return
//! values. The server (`src/`) carries the decisions out, and the front end uses the same rules for display.
//!
//! The feature `stored` adds the module `stored`, which says how the database stores ids, words and currencies.

#![warn(missing_docs)]

#[macro_use]
mod words;

pub mod access;
pub mod actor;
pub mod adoption;
pub mod booking;
pub mod booking_link;
pub mod checkout;
pub mod email;
pub mod event;
pub mod ids;
pub mod inventory;
pub mod ledger;
pub mod legal;
pub mod link;
pub mod message;
pub mod money;
pub mod plan;
pub mod pricing;
pub mod rate;
pub mod refund;
pub mod reservation;
pub mod saga;
pub mod sale;
pub mod session;
#[cfg(feature = "stored")]
pub mod stored;
pub mod text;
pub mod webhook;
pub mod written;
