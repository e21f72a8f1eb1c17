//! What stands behind the ports. Named by `app.rs` alone.

pub mod in_process;
pub mod redis_broker;
pub mod redlock;
#[cfg(feature = "failpoints")]
pub mod sabotage;
pub mod system;
