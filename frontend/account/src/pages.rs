//! The pages of the account program, one module for each, and the forms that several of them use.

pub mod account;
pub mod activate;
pub mod apply;
mod asking;
pub mod bookings;
pub mod email;
pub mod find;
pub mod forgot;
mod form;
pub mod invitation;
pub mod legal;
pub mod organization;
pub mod register;
pub mod reset;
pub mod settings;
pub mod sign_in;
