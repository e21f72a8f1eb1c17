//! Persisted sagas: sequences of steps, some in our database and some in other systems, that continue after any
//! crash on any node. Each step runs under a fenced lease.
//!
//! `driver` is the interface of a kind of saga: its decisions and its effects. `claim` claims a saga, `executor`
//! performs and records its steps, `tell` reports an event that the saga did not ask for. `attention` contains the
//! view and the retry of operators; `store` is the SQL. `crate::kernel::failpoint` lets tests kill the process
//! between any two steps. This module knows nothing about tickets, seats or money.

pub mod attention;
mod claim;
mod commit;
pub mod driver;
pub mod executor;
mod shared;
pub mod store;
pub mod tell;

pub use driver::{Directive, Driver};
pub use executor::Executor;
pub use holdfast_domain::saga::Status;
pub use store::WakeRequest;
