//! State that outlives a page: the visitor's identity, the holds, the network, the language and the appearance.

pub mod attempt;
pub mod countdown;
pub mod holds;
pub mod language;
pub mod legal;
pub mod load;
pub mod network;
pub mod session;
pub mod theme;
