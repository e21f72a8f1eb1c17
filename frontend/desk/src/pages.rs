//! The pages of the desk, one module for each.

pub mod attention;
pub mod my_events;
pub mod organizations;
pub mod users;
