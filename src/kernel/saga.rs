//! Persisted sagas: sequences of steps, some in our database and some outside, that go on after any crash on
//! any node, each step under a fenced lease.
//!
//! `driver` is what a kind of saga brings along: its decisions and its effects. `claim` takes one up, `executor`
//! performs and records, `tell` tells a saga what happened behind its back; `attention` is what operators see and
//! do; `store` is the SQL. Between any two of these `crate::kernel::failpoint` lets tests kill the process.
//! Knows nothing of tickets, seats or money.

pub mod attention;
mod claim;
pub mod driver;
pub mod executor;
pub mod store;
pub mod tell;

pub use driver::{Directive, Driver, Status};
pub use executor::Executor;
pub use store::Wish;
