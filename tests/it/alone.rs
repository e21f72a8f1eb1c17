//! Tests that run one after the other, with nothing beside them: they measure, give something a deadline in seconds, or
//! send crowds that would be told that the database is busy.
//!
//! The module's name is the marker: a test whose path has a part `alone` runs in a stage of its own, wherever it stands.

mod cluster;
mod races;
