//! Tests of accounts, roles and organizations.

mod accounts;
mod alone;
mod recover;
mod sessions;
mod standing;
