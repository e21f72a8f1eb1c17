//! Integration tests: the real server on port 0, over the store that `HOLDFAST_TEST_STORE` names.

#![allow(clippy::disallowed_methods, reason = "tests read the machine's clock")]

mod access;
mod accounts;
mod actors;
mod alone;
mod cancellation;
mod catalogue;
mod checkout;
mod checkout_crashes;
mod cut;
mod faults;
mod gateway_contract;
mod handover;
mod holds;
mod idempotency;
mod migrations;
mod openapi;
mod operators;
mod origins;
mod policy;
mod site;
mod stream;
mod stripe_checkout;
mod stripe_gateway;
mod support;
mod tidy;
mod typed_rows;
mod webhooks;
