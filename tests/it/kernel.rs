//! Tests of the mechanisms below all slices.

mod actors;
mod alone;
mod audit;
mod away;
mod cut;
mod idempotency;
mod typed_rows;
