//! The signed-in user who acts.

use holdfast_domain::{access::Role, actor::Actor, ids::UserId};

/// A signed-in user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// What the user may do everywhere, whatever organization they belong to.
    pub role: Role,
}

impl From<User> for Actor {
    fn from(user: User) -> Self {
        Self::User(user.id, user.role)
    }
}
