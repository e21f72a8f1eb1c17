//! Tests of accounts, roles and organizations.

mod accounts;
mod activate;
mod alone;
mod recover;
mod sessions;
mod standing;
