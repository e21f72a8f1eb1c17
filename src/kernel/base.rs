//! The parts that nearly every use case needs: the database, ids, timers and a place where work runs to its end.
//!
//! Deliberately small: a slice keeps its other parts in its own struct.

use std::sync::Arc;

use crate::kernel::{
    db::Db,
    ports::{Clock, Entropy},
    tasks::Tasks,
};

#[derive(Debug, Clone)]
pub struct Base {
    pub db: Db,
    /// The source of new ids and of random bytes for secrets.
    pub entropy: Arc<dyn Entropy>,
    /// The time for timers and tokens.
    pub clock: Arc<dyn Clock>,
    /// Runs work that must not stop when a client hangs up.
    pub tasks: Tasks,
}
