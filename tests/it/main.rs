//! Integration tests: the real server on port 0, over the store that `HOLDFAST_TEST_STORE` names.
//!
//! The folders are those of `src`; `migrations` and `tidy` test the folders beside it, `support` is what all of them stand on.
//!
//! A module named `alone`, wherever it stands, holds tests that run one after the other, with nothing beside them: they
//! measure, have a deadline in seconds, or send crowds that a busy machine would refuse. `scripts/test.sh` goes by the name.

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
mod live;
mod migrations;
mod money;
mod shop;
mod site;
mod support;
mod tidy;
