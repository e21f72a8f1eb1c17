//! The program as a whole.

mod openapi;
