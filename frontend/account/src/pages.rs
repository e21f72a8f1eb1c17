//! One module a page, and the form that they are made of.

mod form;
pub mod register;
pub mod sign_in;
