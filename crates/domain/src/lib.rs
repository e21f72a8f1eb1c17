//! The rules of Holdfast that are true without a computer.
//!
//! No clock, no chance, no SQL, no network: time and ids come in as arguments, decisions go out as
//! values. The server (`src/`) carries them out; the page shows them.

pub mod access;
pub mod actor;
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
pub mod text;
pub mod written;
