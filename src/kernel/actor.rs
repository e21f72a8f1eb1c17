//! The signed-in user who acts.

use holdfast_domain::{access::Role, actor::Actor, ids::UserId};

/// A signed-in user, as the request's token and the store identify them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// The role that the user has everywhere, whatever organization they belong to.
    pub role: Role,
}

impl From<User> for Actor {
    fn from(user: User) -> Self {
        Self::User(user.id, user.role)
    }
}
