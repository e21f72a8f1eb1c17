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

/// The status of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrganizationStatus {
    /// A user has applied for the organization. An administrator decides.
    Applied,
    /// The organization may have events.
    Active,
    /// An administrator has refused the application.
    Refused,
}

words! { OrganizationStatus {
    Applied = "applied",
    Active = "active",
    Refused = "refused",
} }

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
    /// The caller has a link that shows the booking.
    Linked,
    /// The caller has such a link, and has proved a short time ago to read the mails to the booking's address.
    Proved,
    /// The object belongs to an organization, or is one, of which the caller is a member with this role.
    Member(MembershipRole),
    /// The object belongs to somebody else, or to nobody yet.
    Stranger,
}

/// An action that a route performs for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::VariantArray)]
pub enum Action {
    /// Create an event for an organization.
    CreateEvent,
    /// Change an event with its sections, offers, plan and seats.
    ManageEvent,
    /// See an event while it is a draft.
    ReadDraft,
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
    /// Make a link that shows a booking to whoever has it.
    ShareBooking,
    /// Have the mail about a booking sent to the booking's address once more.
    MailBooking,
    /// Have a code sent to the booking's address, and exchange it for the rights of the buyer.
    ProveBooking,
    /// List the bookings of an event.
    ReadBookings,
    /// Cancel bookings of an event and refund amounts.
    ManageBookings,
    /// Read an organization with its members.
    ReadOrganization,
    /// Change what an organization says about itself.
    EditOrganization,
    /// Invite members of an organization, change their roles, and remove them.
    ManageMembers,
    /// Decide on the applications of organizations, and list all organizations.
    DecideOrganizations,
    /// List the sagas, the messages and the audit log, and retry what needs attention.
    Operate,
    /// Search users, give and take roles, suspend and restore accounts.
    ManageUsers,
}

/// The members who act for an organization.
const MANAGERS: &[MembershipRole] = &[MembershipRole::Owner, MembershipRole::Manager];
/// The members who see its events, sales and bookings.
const READERS: &[MembershipRole] = &[
    MembershipRole::Owner,
    MembershipRole::Manager,
    MembershipRole::Seller,
    MembershipRole::Viewer,
];
/// The members who decide about the organization itself.
const OWNERS: &[MembershipRole] = &[MembershipRole::Owner];

/// The table: whether a caller with this role may perform the action on an object with this
/// relation. `role` is `None` for a guest. A membership counts only for an organizer: whoever loses this role in the
/// installation acts for no organization.
pub fn allows(role: Option<Role>, relation: Relation, action: Action) -> bool {
    let admin = role == Some(Role::Admin);
    let member = match relation {
        Relation::Member(member) => Some(member),
        Relation::Owner | Relation::Linked | Relation::Proved | Relation::Stranger => None,
    };
    let is_one_of = |members: &[MembershipRole]| {
        role == Some(Role::Organizer) && member.is_some_and(|member| members.contains(&member))
    };
    let is_by_link = matches!(relation, Relation::Linked | Relation::Proved);
    match action {
        Action::CreateEvent | Action::ManageEvent | Action::ManageBookings => {
            admin || is_one_of(MANAGERS)
        }
        Action::ReadDraft | Action::ReadBookings => admin || is_one_of(READERS),
        Action::EditOrganization | Action::ManageMembers => admin || is_one_of(OWNERS),
        Action::ReadOrganization => admin || member.is_some(),
        Action::DeleteEvent
        | Action::Operate
        | Action::ManageUsers
        | Action::DecideOrganizations => admin,
        Action::ReadReservation => admin || relation == Relation::Owner,
        // Nobody, not even an administrator, may pay for or cancel what another buyer holds.
        Action::UseReservation => relation == Relation::Owner,
        Action::CancelBooking | Action::ShareBooking | Action::MailBooking => {
            matches!(relation, Relation::Owner | Relation::Proved)
        }
        Action::ProveBooking => is_by_link || relation == Relation::Owner,
        Action::ReadBooking => {
            admin || is_one_of(READERS) || is_by_link || relation == Relation::Owner
        }
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
            for relation in MembershipRole::ALL.map(Relation::Member) {
                assert!(!allows(Some(role), relation, Action::UseReservation));
            }
            assert!(!allows(Some(role), Relation::Stranger, Action::UseReservation));
        }
        assert!(allows(None, Relation::Owner, Action::UseReservation));
    }

    #[test]
    fn a_link_opens_its_booking_alone() {
        let by = |relation| {
            let may = move |action: &Action| allows(None, relation, *action);
            Action::VARIANTS.iter().copied().filter(may).collect::<Vec<_>>()
        };
        assert_eq!(by(Relation::Linked), [Action::ReadBooking, Action::ProveBooking]);
        let proved = [
            Action::ReadBooking,
            Action::CancelBooking,
            Action::ShareBooking,
            Action::MailBooking,
            Action::ProveBooking,
        ];
        assert_eq!(by(Relation::Proved), proved);
    }

    #[test]
    fn each_member_may_do_what_the_role_says() {
        use MembershipRole::{Controller, Manager, Owner, Seller, Viewer};
        for (action, members) in [
            (Action::ManageEvent, &[Owner, Manager][..]),
            (Action::CreateEvent, &[Owner, Manager]),
            (Action::ManageBookings, &[Owner, Manager]),
            (Action::ReadDraft, &[Owner, Manager, Seller, Viewer]),
            (Action::ReadBookings, &[Owner, Manager, Seller, Viewer]),
            (Action::ReadBooking, &[Owner, Manager, Seller, Viewer]),
            (Action::EditOrganization, &[Owner]),
            (Action::ManageMembers, &[Owner]),
            (Action::ReadOrganization, &[Owner, Manager, Seller, Viewer, Controller]),
            (Action::DecideOrganizations, &[]),
            (Action::ManageUsers, &[]),
        ] {
            let may = |member: &MembershipRole| {
                allows(Some(Role::Organizer), Relation::Member(*member), action)
            };
            let allowed: Vec<_> = MembershipRole::ALL.into_iter().filter(may).collect();
            assert_eq!(allowed, members, "{action:?}");
        }
        assert_eq!(MembershipRole::parse("member"), None);
    }

    #[test]
    fn only_active_accounts_sign_in() {
        let open = AccountStatus::ALL.into_iter().filter(|status| status.may_sign_in());
        assert_eq!(open.collect::<Vec<_>>(), [AccountStatus::Active]);
    }

    #[test]
    fn membership_without_the_role_manages_nothing() {
        let owner = Relation::Member(MembershipRole::Owner);
        assert!(allows(Some(Role::Organizer), owner, Action::ManageEvent));
        assert!(!allows(Some(Role::Customer), owner, Action::ManageEvent));
        assert!(!allows(Some(Role::Organizer), owner, Action::DeleteEvent));
    }
}
