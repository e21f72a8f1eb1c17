//! The rules of Holdfast that need no computer.
//!
//! This crate has no clock, no randomness, no SQL and no network. Time and ids are arguments;
//! decisions are return values. The server (`src/`) carries the decisions out, and the pages use
//! the same rules for display.
//!
//! The feature `stored` adds how the database stores ids, words and currencies (`stored`).

#![warn(missing_docs, clippy::wildcard_enum_match_arm)]

#[macro_use]
mod words;

pub mod access;
pub mod actor;
pub mod booking;
pub mod checkout;
pub mod event;
pub mod ids;
pub mod inventory;
pub mod ledger;
pub mod money;
pub mod plan;
pub mod pricing;
pub mod refund;
pub mod reservation;
#[cfg(feature = "stored")]
pub mod stored;
pub mod text;
pub mod written;
