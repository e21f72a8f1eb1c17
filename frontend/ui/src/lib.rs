//! The library that all programs of the front end share: the API client, the session, the visitor's holds, components
//! and texts.
//!
//! Everything runs in the browser and reaches the server only through `api`. Nothing here decides what can be sold or
//! what it costs: the pages show the server's responses and ask it again. Every program begins with `program::start`.

#![allow(missing_docs, reason = "components and their properties say what they are by their names")]

pub mod api;
pub mod arrival;
pub mod browser;
pub mod components;
pub mod i18n;
pub mod intl;
pub mod js;
pub mod json;
pub mod program;
pub mod state;
pub mod words;
