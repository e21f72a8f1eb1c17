//! Everybody who watches a hall.

mod stream;
