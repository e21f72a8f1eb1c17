//! The traits of everything that leaves the process, and of time and chance. Each has a real adapter and an
//! embedded adapter under `adapters/`. The database is no port, see [`crate::kernel::db`].

#![warn(missing_docs)]

pub mod broker;
pub mod clock;
pub mod entropy;
pub mod limiter;
pub mod locks;
pub mod mailer;
pub mod payments;

pub use broker::Broker;
pub use clock::Clock;
pub use entropy::Entropy;
pub use limiter::RateLimiter;
pub use locks::LockManager;
pub use mailer::Mailer;
pub use payments::PaymentGateway;
