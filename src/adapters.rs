//! What stands behind the ports. Named by `app.rs` alone.

pub mod in_process;
pub mod system;
