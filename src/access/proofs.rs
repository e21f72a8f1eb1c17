//! The types of the proofs. Their fields are private, and only [`super`] can construct them.

use std::marker::PhantomData;

use holdfast_domain::{
    access::{Action, Relation},
    actor::Actor,
    ids::{BookingId, Buyer, EventId, OrganizationId},
};

use crate::kernel::actor::User;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OwnedEvent {
    pub(super) id: EventId,
    pub(super) organization: OrganizationId,
}

/// An event that the caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visible(pub(super) OwnedEvent);

impl Visible {
    pub fn event(self) -> EventId {
        self.0.id
    }
}

/// An action on an event or an organization, as a type.
pub trait Act: Copy {
    /// The action in the domain's table of permissions.
    const ACTION: Action;
}

/// Changing an event, its sections, offers, plan and seats.
#[derive(Debug, Clone, Copy)]
pub enum ManageEvent {}

#[derive(Debug, Clone, Copy)]
pub enum DeleteEvent {}

/// Seeing the bookings of an event.
#[derive(Debug, Clone, Copy)]
pub enum ReadBookings {}

/// Cancelling bookings of an event and giving money back.
#[derive(Debug, Clone, Copy)]
pub enum ManageBookings {}

/// Cancelling a booking as its buyer.
#[derive(Debug, Clone, Copy)]
pub enum CancelBooking {}

/// Making a link that shows a booking.
#[derive(Debug, Clone, Copy)]
pub enum ShareBooking {}

/// Having the mail about a booking sent to its address once more.
#[derive(Debug, Clone, Copy)]
pub enum MailBooking {}

/// Proving to read the mails to the address of a booking.
#[derive(Debug, Clone, Copy)]
pub enum ProveBooking {}

/// Seeing an organization with its members.
#[derive(Debug, Clone, Copy)]
pub enum ReadOrganization {}

/// Changing what an organization says about itself.
#[derive(Debug, Clone, Copy)]
pub enum EditOrganization {}

/// Inviting members of an organization, changing their roles, and removing them.
#[derive(Debug, Clone, Copy)]
pub enum ManageMembers {}

impl Act for ManageEvent {
    const ACTION: Action = Action::ManageEvent;
}

impl Act for DeleteEvent {
    const ACTION: Action = Action::DeleteEvent;
}

impl Act for ReadBookings {
    const ACTION: Action = Action::ReadBookings;
}

impl Act for ManageBookings {
    const ACTION: Action = Action::ManageBookings;
}

impl Act for CancelBooking {
    const ACTION: Action = Action::CancelBooking;
}

impl Act for ShareBooking {
    const ACTION: Action = Action::ShareBooking;
}

impl Act for MailBooking {
    const ACTION: Action = Action::MailBooking;
}

impl Act for ProveBooking {
    const ACTION: Action = Action::ProveBooking;
}

impl Act for ReadOrganization {
    const ACTION: Action = Action::ReadOrganization;
}

impl Act for EditOrganization {
    const ACTION: Action = Action::EditOrganization;
}

impl Act for ManageMembers {
    const ACTION: Action = Action::ManageMembers;
}

/// Proof that `actor` may perform the action `A` on the event.
#[derive(Debug, Clone, Copy)]
pub struct Permit<A> {
    event: OwnedEvent,
    actor: Actor,
    act: PhantomData<A>,
}

/// Proof that its holder may change the event.
pub type Managed = Permit<ManageEvent>;
/// Proof that its holder may delete the event.
pub type Deletable = Permit<DeleteEvent>;
/// Proof that its holder may see the event's bookings.
pub type BookingsRead = Permit<ReadBookings>;
/// Proof that its holder may change the event's bookings.
pub type BookingsManaged = Permit<ManageBookings>;

impl<A> Permit<A> {
    pub(super) fn new(event: OwnedEvent, actor: Actor) -> Self {
        Self { event, actor, act: PhantomData }
    }

    pub fn event(self) -> EventId {
        self.event.id
    }

    pub fn actor(self) -> Actor {
        self.actor
    }

    /// A caller who may act on an event may also see it.
    pub fn visible(self) -> Visible {
        Visible(self.event)
    }
}

/// Proof that its holder may create events for the organization.
#[derive(Debug, Clone, Copy)]
pub struct InOrganization {
    organization: OrganizationId,
    actor: Actor,
}

impl InOrganization {
    pub(super) fn new(organization: OrganizationId, actor: Actor) -> Self {
        Self { organization, actor }
    }

    /// Proof without a caller, for events that the program creates by itself: its demo.
    pub fn unattended(organization: OrganizationId) -> Self {
        Self { organization, actor: Actor::System }
    }

    pub fn organization(self) -> OrganizationId {
        self.organization
    }

    pub fn actor(self) -> Actor {
        self.actor
    }
}

/// Proof that `user` may perform the action `A` on the organization.
#[derive(Debug, Clone, Copy)]
pub struct OfOrganization<A> {
    organization: OrganizationId,
    user: User,
    act: PhantomData<A>,
}

impl<A> OfOrganization<A> {
    pub(super) fn new(organization: OrganizationId, user: User) -> Self {
        Self { organization, user, act: PhantomData }
    }

    pub fn organization(self) -> OrganizationId {
        self.organization
    }

    pub fn user(self) -> User {
        self.user
    }
}

/// Proof that the caller may decide on the applications of organizations.
#[derive(Debug, Clone, Copy)]
pub struct OrganizationJudge(User);

impl OrganizationJudge {
    pub(super) fn new(user: User) -> Self {
        Self(user)
    }

    pub fn user(self) -> User {
        self.0
    }
}

/// Proof that the caller may read the booking.
#[derive(Debug, Clone, Copy)]
pub struct ReadableBooking {
    booking: BookingId,
    reader: Relation,
}

impl ReadableBooking {
    pub(super) fn new(booking: BookingId, reader: Relation) -> Self {
        Self { booking, reader }
    }

    pub fn booking(self) -> BookingId {
        self.booking
    }

    /// The caller's relation to the booking.
    pub fn reader(self) -> Relation {
        self.reader
    }
}

/// Proof that the caller may perform the action `A` on the booking as its buyer, or by a link to it.
#[derive(Debug, Clone, Copy)]
pub struct BookingPermit<A> {
    booking: BookingId,
    buyer: Buyer,
    by: Relation,
    act: PhantomData<A>,
}

impl<A> BookingPermit<A> {
    pub(super) fn new(booking: BookingId, buyer: Buyer, by: Relation) -> Self {
        Self { booking, buyer, by, act: PhantomData }
    }

    pub fn booking(self) -> BookingId {
        self.booking
    }

    /// The buyer of the booking, also if the caller acts by a link.
    pub fn buyer(self) -> Buyer {
        self.buyer
    }

    /// Whether the caller acts by a link, and not by the tokens of the buyer.
    pub fn is_by_link(self) -> bool {
        self.by != Relation::Owner
    }
}

/// Proof that the booking has a line of an event whose bookings the holder manages.
#[derive(Debug, Clone, Copy)]
pub struct BookingOfEvent {
    booking: BookingId,
    permit: BookingsManaged,
}

impl BookingOfEvent {
    pub(super) fn new(booking: BookingId, permit: BookingsManaged) -> Self {
        Self { booking, permit }
    }

    pub fn booking(self) -> BookingId {
        self.booking
    }

    /// The event. Only the booking's lines of this event may be changed.
    pub fn event(self) -> EventId {
        self.permit.event()
    }

    pub fn actor(self) -> Actor {
        self.permit.actor()
    }
}

/// Proof that the caller may administer the users of the installation.
#[derive(Debug, Clone, Copy)]
pub struct UserManager(User);

impl UserManager {
    pub(super) fn new(user: User) -> Self {
        Self(user)
    }

    pub fn user(self) -> User {
        self.0
    }
}

/// Proof that the caller is an administrator.
#[derive(Debug, Clone, Copy)]
pub struct Operator(User);

impl Operator {
    pub(super) fn new(user: User) -> Self {
        Self(user)
    }

    pub fn user(self) -> User {
        self.0
    }
}
