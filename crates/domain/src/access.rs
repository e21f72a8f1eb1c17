//! The table of permissions: which role may perform which action on which object. Every route asks this table.

use serde::{Deserialize, Serialize};

/// A user's role in the whole installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A user who buys tickets and manages no events.
    Customer,
    /// A user who manages the events of the organizations they are a member of.
    Organizer,
    /// A user who admits people at the gate.
    Controller,
    /// A user who administers the installation.
    Admin,
}

words! { Role {
    Customer = "customer",
    Organizer = "organizer",
    Controller = "controller",
    Admin = "admin",
} }

/// The role of a member in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MembershipRole {
    /// May do everything, including deciding who the other members are.
    Owner,
    /// Manages the organization's events and their bookings.
    Manager,
    /// Sells at the door and helps buyers.
    Seller,
    /// Reads the events, sales and bookings of the organization.
    Viewer,
    /// Admits people at the organization's gates.
    Controller,
}

words! { MembershipRole {
    Owner = "owner",
    Manager = "manager",
    Seller = "seller",
    Viewer = "viewer",
    Controller = "controller",
} }

impl MembershipRole {
    /// The relation of a member with this role to the organization's objects. Sellers, viewers and
    /// controllers have no row in the table yet; they count as strangers.
    pub const fn relation(self) -> Relation {
        match self {
            Self::Owner | Self::Manager => Relation::Member,
            Self::Seller | Self::Viewer | Self::Controller => Relation::Stranger,
        }
    }
}

/// The status of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountStatus {
    /// The e-mail address is not proved yet.
    Inactive,
    /// The account is in use.
    Active,
    /// An administrator closed the account; only an administrator opens it again.
    Suspended,
    /// The account and all personal data in it were erased.
    Erased,
}

words! { AccountStatus {
    Inactive = "inactive",
    Active = "active",
    Suspended = "suspended",
    Erased = "erased",
} }

impl AccountStatus {
    /// Whether the user may sign in and act.
    pub const fn may_sign_in(self) -> bool {
        match self {
            Self::Active => true,
            Self::Inactive | Self::Suspended | Self::Erased => false,
        }
    }
}

/// The caller's relation to the object of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The object is the caller's own reservation or booking.
    Owner,
    /// The object belongs to an organization that the caller is a member of.
    Member,
    /// The object belongs to somebody else, or to nobody yet.
    Stranger,
}

/// An action that a route performs for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::VariantArray)]
pub enum Action {
    /// Create an event for an organization.
    CreateEvent,
    /// Change an event with its sections, offers, plan and seats, and see it while it is a draft.
    ManageEvent,
    /// Delete an event for good. The event must never have had a hold.
    DeleteEvent,
    /// Read a reservation with its seats and prices.
    ReadReservation,
    /// Cancel, extend or confirm a reservation.
    UseReservation,
    /// Read a booking with its lines and tickets.
    ReadBooking,
    /// Cancel a booking as its buyer.
    CancelBooking,
    /// List the bookings of an event, cancel them and refund amounts.
    ManageBookings,
    /// List the sagas, the messages and the audit log, and retry what needs attention.
    Operate,
    /// Search users, give and take roles, suspend and restore accounts.
    ManageUsers,
}

/// The table: whether a caller with this role may perform the action on an object with this
/// relation. `role` is `None` for a guest.
pub fn allows(role: Option<Role>, relation: Relation, action: Action) -> bool {
    let admin = role == Some(Role::Admin);
    let organizer = role == Some(Role::Organizer) && relation == Relation::Member;
    match action {
        Action::CreateEvent | Action::ManageEvent | Action::ManageBookings => admin || organizer,
        Action::DeleteEvent | Action::Operate | Action::ManageUsers => admin,
        Action::ReadReservation => admin || relation == Relation::Owner,
        // Nobody, not even an administrator, may pay for or cancel what another buyer holds.
        Action::UseReservation | Action::CancelBooking => relation == Relation::Owner,
        Action::ReadBooking => admin || organizer || relation == Relation::Owner,
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn strangers_are_allowed_nothing_but_what_admins_are() {
        for action in Action::VARIANTS.iter().copied() {
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
