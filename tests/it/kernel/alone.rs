//! Tests that end the connections of every other test.

mod cluster;
