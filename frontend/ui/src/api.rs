//! The client of the HTTP API: one function for each route.
//!
//! Every call carries the caller's identity (access token, guest token), and every refusal becomes a [`CallFailure`]. After
//! a failure the client does not repeat a call, because only its caller knows whether that is safe. The one exception
//! is a call about something that stayed the guest's after a sign-in: it is repeated as the guest; see `client`.

mod bookings;
mod client;
mod first;
mod routes;

pub use bookings::*;
pub use client::CallFailure;
pub use routes::*;

/// The base path of the API.
pub const BASE: &str = "/api/v1";
