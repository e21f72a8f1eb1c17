//! Who acts, as the audit knows them.

use uuid::Uuid;

use crate::{
    access::Role,
    ids::{ApiKeyId, GateDeviceId, GuestId, UserId},
};

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Somebody who is signed in, with the role that they had then.
    User(UserId, Role),
    /// A visitor who is not signed in; without an id as long as no guest token names them.
    Guest(Option<GuestId>),
    /// A program that acts for an organization.
    ApiKey(ApiKeyId),
    /// A device at a gate.
    GateDevice(GateDeviceId),
    /// This program by itself.
    System,
}

/// What acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// [`Actor::User`].
    User,
    /// [`Actor::Guest`].
    Guest,
    /// [`Actor::ApiKey`].
    ApiKey,
    /// [`Actor::GateDevice`].
    GateDevice,
    /// [`Actor::System`].
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
    /// The kind, as the audit stores it.
    pub const fn kind(self) -> Kind {
        match self {
            Self::User(..) => Kind::User,
            Self::Guest(_) => Kind::Guest,
            Self::ApiKey(_) => Kind::ApiKey,
            Self::GateDevice(_) => Kind::GateDevice,
            Self::System => Kind::System,
        }
    }

    /// Its id, where it has one.
    pub fn id(self) -> Option<Uuid> {
        match self {
            Self::User(user, _) => Some(user.0),
            Self::Guest(guest) => guest.map(|guest| guest.0),
            Self::ApiKey(key) => Some(key.0),
            Self::GateDevice(device) => Some(device.0),
            Self::System => None,
        }
    }

    /// The role of a user; nothing else has one.
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::User(_, role) => Some(role),
            Self::Guest(_) | Self::ApiKey(_) | Self::GateDevice(_) | Self::System => None,
        }
    }

    /// The actor of these columns; none where they do not fit together.
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
