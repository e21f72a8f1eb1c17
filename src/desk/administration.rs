//! What operators see and do over HTTP. It owns no table: it asks the slices that have what it shows.

mod api;

pub use api::OperatorsApi;
