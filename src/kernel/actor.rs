//! Who acts, as the audit and the sagas name them.

use holdfast_domain::{
    access::Role,
    ids::{GuestId, UserId},
};

/// A signed-in user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// What the user may do everywhere, whatever organization they belong to.
    pub role: Role,
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in user.
    User(User),
    /// A buyer who is not signed in.
    Guest(GuestId),
    /// The program by itself: its passes, its commands, its demo.
    System,
}

impl From<User> for Actor {
    fn from(user: User) -> Self {
        Self::User(user)
    }
}
