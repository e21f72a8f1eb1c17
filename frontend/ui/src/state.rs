//! What outlives a page: who is asking, what is held, how the pages look.

pub mod attempt;
pub mod countdown;
pub mod holds;
pub mod language;
pub mod load;
pub mod session;
pub mod theme;
