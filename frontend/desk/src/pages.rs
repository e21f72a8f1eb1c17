//! One module a page.

pub mod attention;
pub mod my_events;
