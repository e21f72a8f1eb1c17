//! Tests of accounts, roles and organizations.

mod accounts;
mod alone;
mod sessions;
mod standing;
