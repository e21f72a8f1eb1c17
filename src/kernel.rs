//! The mechanisms that every slice uses and that name no slice: the database, tasks, passes, ports, sagas,
//! idempotency, the audit log, invariants, failpoints.
//!
//! A kernel module may use another kernel module, the domain, the contract and the entities, and no other unit of the
//! server. `tests/it/tidy.rs` keeps that.

pub mod actor;
pub mod audit;
pub mod backlog;
pub mod base;
pub mod batches;
pub mod collation;
pub mod db;
pub mod environment;
pub mod failpoint;
pub mod files;
pub mod hex;
pub mod idempotency;
pub mod invariants;
pub mod keys;
pub mod loopback;
pub mod mac;
pub mod passes;
pub mod personal;
pub mod ports;
pub mod saga;
pub mod settings;
pub mod tasks;
pub mod telemetry;
pub mod upkeep;
pub mod worklist;
