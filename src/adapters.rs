//! The adapters behind the ports. Only `app/wiring.rs` and `app.rs` name them.

#[cfg(feature = "failpoints")]
pub mod faulty_gateway;
pub mod in_process;
pub mod in_process_limiter;
pub mod kept_mail;
pub mod redis_broker;
pub mod redis_limiter;
pub mod redis_nodes;
pub mod redlock;
#[cfg(feature = "failpoints")]
pub mod sabotage;
pub mod simulated_gateway;
pub mod smtp;
pub mod stripe;
pub mod system;
