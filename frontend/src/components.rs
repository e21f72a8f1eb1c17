//! Parts that several pages are made of.

pub mod countdown;
pub mod dialog;
pub mod failure;
pub mod header;
pub mod icon;
pub mod loaded;

pub mod erased;
