//! What nearly every use case needs: the database, ids, timers and a place to run to the end.
//!
//! Deliberately small. What a slice needs beyond this stands in its own struct.

use std::sync::Arc;

use crate::kernel::{
    db::Db,
    ports::{Clock, Entropy},
    tasks::Tasks,
};

/// See the module.
#[derive(Debug, Clone)]
pub struct Base {
    /// The database.
    pub db: Db,
    /// Ids and chance.
    pub entropy: Arc<dyn Entropy>,
    /// Timers.
    pub clock: Arc<dyn Clock>,
    /// Where mutating work runs.
    pub tasks: Tasks,
}
