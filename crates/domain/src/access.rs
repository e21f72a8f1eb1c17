//! Who may do what: one table, asked by every route.

use serde::{Deserialize, Serialize};

/// What a user is in general.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Buys tickets.
    Customer,
    /// Manages the events of the organizations of which they are a member.
    Organizer,
    /// Admits people at the gate.
    Controller,
    /// Runs the installation.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Organizer, Self::Controller, Self::Admin];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Organizer => "organizer",
            Self::Controller => "controller",
            Self::Admin => "admin",
        }
    }

    /// The role of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// What a member may do for an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MembershipRole {
    /// Everything, and says who the other members are.
    Owner,
    /// Manages events and bookings.
    Manager,
    /// Sells at the door and helps buyers.
    Seller,
    /// Reads.
    Viewer,
    /// Admits people at the organization's gates.
    Controller,
}

impl MembershipRole {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Owner, Self::Manager, Self::Seller, Self::Viewer, Self::Controller];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Seller => "seller",
            Self::Viewer => "viewer",
            Self::Controller => "controller",
        }
    }

    /// The role of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// How a member with this role stands to what belongs to the organization. The other roles have no row in the
    /// table yet, so they are strangers to it.
    pub const fn relation(self) -> Relation {
        match self {
            Self::Owner | Self::Manager => Relation::Member,
            Self::Seller | Self::Viewer | Self::Controller => Relation::Stranger,
        }
    }
}

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountStatus {
    /// Its address is not proved yet.
    Inactive,
    /// In use.
    Active,
    /// Closed by an administrator, who alone opens it again.
    Suspended,
    /// Gone, with everything that told of a person.
    Erased,
}

impl AccountStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Inactive, Self::Active, Self::Suspended, Self::Erased];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Erased => "erased",
        }
    }

    /// The status of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether its user may sign in and act.
    pub const fn may_sign_in(self) -> bool {
        match self {
            Self::Active => true,
            Self::Inactive | Self::Suspended | Self::Erased => false,
        }
    }
}

/// How the caller stands to the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// It is the caller's own: their reservation, their booking.
    Owner,
    /// It belongs to an organization of which the caller is a member.
    Member,
    /// Neither.
    Stranger,
}

impl Relation {
    /// Every relation.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Member, Self::Stranger];
}

/// What the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Make an event for an organization.
    CreateEvent,
    /// Change an event, its sections, offers, plan and seats; see its drafts.
    ManageEvent,
    /// Delete an event for good.
    DeleteEvent,
    /// Read a reservation.
    ReadReservation,
    /// Cancel, extend or confirm a reservation.
    UseReservation,
    /// Read a booking.
    ReadBooking,
    /// Cancel a booking of one's own.
    CancelBooking,
    /// See the bookings of an event; cancel them and give money back.
    ManageBookings,
    /// See what needs an operator, and act on it.
    Operate,
}

impl Action {
    /// Every action.
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

/// The table. `role` is none for a guest.
pub fn allows(role: Option<Role>, relation: Relation, action: Action) -> bool {
    let admin = role == Some(Role::Admin);
    let organizer = role == Some(Role::Organizer) && relation == Relation::Member;
    match action {
        Action::CreateEvent | Action::ManageEvent | Action::ManageBookings => admin || organizer,
        Action::DeleteEvent | Action::Operate => admin,
        Action::ReadReservation => admin || relation == Relation::Owner,
        // Nobody pays with, or gives up, what somebody else holds.
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
    fn only_owners_and_managers_act_for_an_organization() {
        let members = MembershipRole::ALL.map(MembershipRole::relation);
        let acting = members.into_iter().filter(|relation| *relation == Relation::Member);
        assert_eq!(acting.count(), 2);
        assert_eq!(MembershipRole::Manager.relation(), Relation::Member);
        assert_eq!(MembershipRole::parse("member"), None);
    }

    #[test]
    fn only_active_accounts_sign_in() {
        let open = AccountStatus::ALL.into_iter().filter(|status| status.may_sign_in());
        assert_eq!(open.collect::<Vec<_>>(), [AccountStatus::Active]);
    }

    #[test]
    fn membership_without_the_role_manages_nothing() {
        assert!(allows(Some(Role::Organizer), Relation::Member, Action::ManageEvent));
        assert!(!allows(Some(Role::Customer), Relation::Member, Action::ManageEvent));
        assert!(!allows(Some(Role::Organizer), Relation::Member, Action::DeleteEvent));
    }
}
