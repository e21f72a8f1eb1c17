//! Tests that measure a cluster or send it crowds of requests.

mod cluster;
