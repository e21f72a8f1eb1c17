//! What stands behind the ports. Named by `app.rs` alone.

#[cfg(feature = "failpoints")]
pub mod faulty_gateway;
pub mod in_process;
pub mod redis_broker;
pub mod redlock;
pub mod sabotage;
pub mod simulated_gateway;
pub mod stripe;
pub mod system;
