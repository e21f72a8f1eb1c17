//! The server's interface as the pages use it: one function a route.
//!
//! Sends who is asking (access token, guest token) with every call and turns every refusal into a
//! [`Failure`]. It sends nothing twice because of a failure: only the caller knows whether that is safe.

mod client;
mod first;
mod routes;

pub use client::Failure;
pub use routes::*;

/// Where the interface begins.
pub const BASE: &str = "/api/v1";
