//! Tests of the program as a whole.

mod internal;
mod openapi;
