//! Integration tests: the real server on port 0, over the store that `HOLDFAST_TEST_STORE` names.
//!
//! The folders are those of `src`. `migrations` and `tidy` test the folders beside it, and `support` contains the
//! harness of all tests.
//!
//! A module named `alone`, wherever it stands, contains tests that run one after the other, while no other test runs:
//! they measure, have a deadline in seconds, or send crowds that a busy machine would refuse. `scripts/test.sh`
//! recognizes these tests by the name of their module.

#![allow(clippy::disallowed_methods, reason = "tests read the machine's clock")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test names the cases that it is about")]

mod access;
mod adapters;
mod app;
mod catalogue;
mod desk;
mod http;
mod identity;
mod kernel;
mod legal;
mod live;
mod messages;
mod migrations;
mod money;
mod shop;
mod site;
mod support;
mod tidy;
