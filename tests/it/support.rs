//! What the tests stand on: the app, buyers, worlds, programs, the fake Stripe.

pub mod fixture;
pub mod harness;
pub mod process;
pub mod stripe_rig;
