//! Accounts, and the organizations that users belong to.

pub mod accounts;
pub mod memberships;
pub mod organizations;
pub mod sessions;
