//! Everybody with an account.

mod accounts;
mod standing;
