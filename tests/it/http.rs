//! Tests of the HTTP layer that every request passes.

mod kept;
mod nul;
mod origins;
