//! The actors in the audit log: who performed an audited action.

use uuid::Uuid;

use crate::{
    access::Role,
    ids::{ApiKeyId, GateDeviceId, GuestId, UserId},
};

/// The person, program or device that performed an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A signed-in user, with the role that the user had at that time.
    User(UserId, Role),
    /// A visitor who is not signed in. The id is `None` until the visitor has a guest token.
    Guest(Option<GuestId>),
    /// A program that acts for an organization with an API key.
    ApiKey(ApiKeyId),
    /// A device that admits people at a gate.
    GateDevice(GateDeviceId),
    /// The server itself, such as a periodic pass.
    System,
}

/// The kind of an [`Actor`], without ids and role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A user who was signed in: [`Actor::User`].
    User,
    /// A visitor who was not signed in: [`Actor::Guest`].
    Guest,
    /// A program with an organization's API key: [`Actor::ApiKey`].
    ApiKey,
    /// A device at a gate: [`Actor::GateDevice`].
    GateDevice,
    /// The server itself, without a person: [`Actor::System`].
    System,
}

words! { Kind {
    User = "user",
    Guest = "guest",
    ApiKey = "api_key",
    GateDevice = "gate_device",
    System = "system",
} }

impl Actor {
    /// The kind of this actor. The audit log stores it as a word.
    pub const fn kind(self) -> Kind {
        match self {
            Self::User(..) => Kind::User,
            Self::Guest(_) => Kind::Guest,
            Self::ApiKey(_) => Kind::ApiKey,
            Self::GateDevice(_) => Kind::GateDevice,
            Self::System => Kind::System,
        }
    }

    /// The id of the user, guest, API key or gate device. `None` for the system, and for a guest without a token.
    pub fn id(self) -> Option<Uuid> {
        match self {
            Self::User(user, _) => Some(user.0),
            Self::Guest(guest) => guest.map(|guest| guest.0),
            Self::ApiKey(key) => Some(key.0),
            Self::GateDevice(device) => Some(device.0),
            Self::System => None,
        }
    }

    /// The role of a user. `None` for every other kind of actor.
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::User(_, role) => Some(role),
            Self::Guest(_) | Self::ApiKey(_) | Self::GateDevice(_) | Self::System => None,
        }
    }

    /// Rebuilds an actor from the columns of the audit log. Returns `None` if the columns contradict each other, such
    /// as a user without a role.
    pub fn stored(kind: Kind, id: Option<Uuid>, role: Option<Role>) -> Option<Self> {
        match (kind, id, role) {
            (Kind::User, Some(id), Some(role)) => Some(Self::User(UserId(id), role)),
            (Kind::Guest, id, None) => Some(Self::Guest(id.map(GuestId))),
            (Kind::ApiKey, Some(id), None) => Some(Self::ApiKey(ApiKeyId(id))),
            (Kind::GateDevice, Some(id), None) => Some(Self::GateDevice(GateDeviceId(id))),
            (Kind::System, None, None) => Some(Self::System),
            (
                Kind::User | Kind::Guest | Kind::ApiKey | Kind::GateDevice | Kind::System,
                None | Some(_),
                None | Some(_),
            ) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_read_back_as_it_was_written() {
        let id = Uuid::from_u128(7);
        for actor in [
            Actor::User(UserId(id), Role::Organizer),
            Actor::Guest(Some(GuestId(id))),
            Actor::Guest(None),
            Actor::ApiKey(ApiKeyId(id)),
            Actor::GateDevice(GateDeviceId(id)),
            Actor::System,
        ] {
            assert_eq!(Kind::parse(actor.kind().as_str()), Some(actor.kind()));
            assert_eq!(Actor::stored(actor.kind(), actor.id(), actor.role()), Some(actor));
        }
        assert_eq!(Actor::stored(Kind::System, Some(id), None), None);
        assert_eq!(Actor::stored(Kind::User, Some(id), None), None);
    }
}
