//! Tests of the HTTP layer that every request passes.

mod alone;
mod arrays;
mod connections;
mod headers;
mod kept;
mod limits;
mod nul;
mod origins;
mod overload;
