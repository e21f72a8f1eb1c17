//! The server of Holdfast: seats are held, paid for and sold, each at most once.
//!
//! One folder a slice (`accounts`, `catalogue`, `reservations`, …), each with its HTTP in `api.rs`, its use cases
//! in files named by their verb, and its SQL in `store.rs`. Rules that are true without a computer are
//! in `holdfast-domain`; what leaves the process goes through `ports` to `adapters`, which `app` alone
//! names. `docs/ARCHITECTURE.md` walks through it.

pub mod accounts;
pub mod adapters;
pub mod app;
pub mod audit;
pub mod base;
pub mod batches;
pub mod cancellation;
pub mod catalogue;
pub mod check;
pub mod checkout;
pub mod config;
pub mod db;
pub mod development;
pub mod failpoint;
pub mod http;
pub mod jobs;
pub mod ledger;
pub mod live;
pub mod operators;
pub mod ports;
pub mod reservations;
pub mod saga;
pub mod site;
pub mod tasks;
pub mod telemetry;
pub mod tickets;
