//! The pages of the account program, one module for each, and the form that both use.

mod form;
pub mod register;
pub mod sign_in;
