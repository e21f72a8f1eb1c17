//! What measures a cluster or sends crowds at it.

mod cluster;
