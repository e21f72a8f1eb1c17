//! What every request meets.

mod kept;
mod nul;
mod origins;
