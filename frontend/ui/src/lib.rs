//! What the programs of the front end share: the API client, the session and what is held, components, texts.
//!
//! Everything runs in the browser and knows the server only through `api`. Nothing here decides what
//! can be sold or what it costs: the pages show what the server said and ask it again.
//! A program begins in `program::start`.

#![allow(missing_docs, reason = "components and their properties say what they are by their names")]

pub mod api;
pub mod browser;
pub mod components;
pub mod i18n;
pub mod intl;
pub mod js;
pub mod json;
pub mod program;
pub mod state;
pub mod words;
