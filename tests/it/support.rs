//! The harness of the tests: servers, buyers, events, whole worlds, programs, the fake Stripe.

pub mod answer;
pub mod buyer;
pub mod crowd;
pub mod fixture;
pub mod harness;
pub mod mailbox;
pub mod paid;
pub mod plans;
pub mod process;
pub mod redis_nodes;
pub mod statements;
pub mod stripe_rig;
pub mod tls_front;
pub mod world;
