//! Components that pages of several programs use.

pub mod bar;
pub mod code_field;
pub mod complaint;
pub mod consent;
pub mod countdown;
pub mod dialog;
pub mod erased;
pub mod failure;
pub mod field;
pub mod footer;
pub mod header;
pub mod icon;
pub mod kept_note;
pub mod loaded;
pub mod not_found;
pub mod nothing;
pub mod paged;
pub mod question;
pub mod reason_note;
pub mod sign_in;
pub mod sign_in_first;
pub mod toasts;
