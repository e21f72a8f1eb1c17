//! The mechanisms below all slices.

mod actors;
mod cut;
mod idempotency;
mod typed_rows;
