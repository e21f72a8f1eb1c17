//! Everybody with an account.

mod accounts;
