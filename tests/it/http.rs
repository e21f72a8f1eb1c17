//! What every request meets.

mod origins;
