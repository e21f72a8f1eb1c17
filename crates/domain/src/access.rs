//! The table of permissions: which role may do what to which object. Every route asks this table.

use serde::{Deserialize, Serialize};

/// A user's role in the whole installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A buyer of tickets.
    Customer,
    /// A user who manages the events of the organizations they are a member of.
    Organizer,
    /// A user who admits people at the gate.
    Controller,
    /// A user who administers the installation.
    Admin,
}

impl Role {
    /// All roles, in the order of the enum.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Organizer, Self::Controller, Self::Admin];

    /// The word that the database stores for the role.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Organizer => "organizer",
            Self::Controller => "controller",
            Self::Admin => "admin",
        }
    }

    /// The role for a stored word, or `None` for an unknown word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// The caller's relation to the object of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The object is the caller's own reservation or booking.
    Owner,
    /// The object belongs to an organization that the caller is a member of.
    Member,
    /// Neither of the above.
    Stranger,
}

impl Relation {
    /// All relations, in the order of the enum.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Member, Self::Stranger];
}

/// An action that a route performs for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Create an event for an organization.
    CreateEvent,
    /// Change an event with its sections, offers, plan and seats, and see it while it is a draft.
    ManageEvent,
    /// Delete an event permanently.
    DeleteEvent,
    /// Read a reservation.
    ReadReservation,
    /// Cancel, extend or confirm a reservation.
    UseReservation,
    /// Read a booking.
    ReadBooking,
    /// Cancel a booking as its buyer.
    CancelBooking,
    /// List the bookings of an event, cancel them and refund amounts.
    ManageBookings,
    /// List the sagas and the audit log, and retry sagas that need attention.
    Operate,
}

impl Action {
    /// All actions, in the order of the enum.
    pub const ALL: [Self; 9] = [
        Self::CreateEvent,
        Self::ManageEvent,
        Self::DeleteEvent,
        Self::ReadReservation,
        Self::UseReservation,
        Self::ReadBooking,
        Self::CancelBooking,
        Self::ManageBookings,
        Self::Operate,
    ];
}

/// The table: whether a caller with this role may perform the action on an object with this
/// relation. `role` is `None` for a guest.
pub fn allows(role: Option<Role>, relation: Relation, action: Action) -> bool {
    let admin = role == Some(Role::Admin);
    let organizer = role == Some(Role::Organizer) && relation == Relation::Member;
    match action {
        Action::CreateEvent | Action::ManageEvent | Action::ManageBookings => admin || organizer,
        Action::DeleteEvent | Action::Operate => admin,
        Action::ReadReservation => admin || relation == Relation::Owner,
        // Nobody, not even an administrator, may pay for or cancel what another buyer holds.
        Action::UseReservation | Action::CancelBooking => relation == Relation::Owner,
        Action::ReadBooking => admin || organizer || relation == Relation::Owner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_allowed_nothing_but_what_admins_are() {
        for action in Action::ALL {
            for role in [None, Some(Role::Customer), Some(Role::Organizer), Some(Role::Controller)]
            {
                assert!(!allows(role, Relation::Stranger, action), "{role:?} {action:?}");
            }
        }
    }

    #[test]
    fn nobody_but_the_owner_uses_a_reservation() {
        for role in Role::ALL {
            for relation in [Relation::Member, Relation::Stranger] {
                assert!(!allows(Some(role), relation, Action::UseReservation));
            }
        }
        assert!(allows(None, Relation::Owner, Action::UseReservation));
    }

    #[test]
    fn membership_without_the_role_manages_nothing() {
        assert!(allows(Some(Role::Organizer), Relation::Member, Action::ManageEvent));
        assert!(!allows(Some(Role::Customer), Relation::Member, Action::ManageEvent));
        assert!(!allows(Some(Role::Organizer), Relation::Member, Action::DeleteEvent));
    }
}
