//! What every request meets.

mod nul;
mod origins;
