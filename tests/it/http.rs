//! Tests of the HTTP layer that every request passes.

mod alone;
mod arrays;
mod connections;
mod kept;
mod limits;
mod nul;
mod origins;
mod overload;
