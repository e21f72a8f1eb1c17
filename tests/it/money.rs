//! The books.

mod reconcile;
