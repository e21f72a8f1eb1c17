//! Tests of accounts, roles and organizations.

mod accounts;
mod activate;
mod alone;
mod email;
mod erase;
mod lockout;
mod organizations;
mod recover;
mod sessions;
mod standing;
