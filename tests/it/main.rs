//! Integration tests: the real server on port 0, over the store that `HOLDFAST_TEST_STORE` names.

mod accounts;
mod catalogue;
mod fixture;
mod harness;
mod holds;
mod races;
