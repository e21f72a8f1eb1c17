//! Who people are: accounts, and the organizations that they belong to.

pub mod accounts;
pub mod organizations;
