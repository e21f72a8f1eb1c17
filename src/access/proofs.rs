//! The proofs. Their fields are private, and what makes them is seen in [`super`] alone.

use std::marker::PhantomData;

use holdfast_domain::{
    access::Action,
    actor::Actor,
    ids::{BookingId, Buyer, EventId, OrganizationId},
};

use crate::kernel::actor::User;

/// An event and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) id: EventId,
    pub(super) organization: OrganizationId,
}

/// An event that the caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visible(pub(super) Event);

impl Visible {
    /// The event.
    pub fn event(self) -> EventId {
        self.0.id
    }
}

/// A way of acting on an event.
pub trait Act {
    /// The row of the domain's table that allows it.
    const ACTION: Action;
}

/// Changing an event, its sections, offers, plan and seats.
#[derive(Debug)]
pub enum ManageEvent {}

/// Deleting an event for good.
#[derive(Debug)]
pub enum DeleteEvent {}

/// Seeing the bookings of an event, cancelling them and giving money back.
#[derive(Debug)]
pub enum ManageBookings {}

impl Act for ManageEvent {
    const ACTION: Action = Action::ManageEvent;
}

impl Act for DeleteEvent {
    const ACTION: Action = Action::DeleteEvent;
}

impl Act for ManageBookings {
    const ACTION: Action = Action::ManageBookings;
}

/// An event on which somebody may act as `A` says.
#[derive(Debug)]
pub struct Permit<A> {
    event: Event,
    actor: Actor,
    act: PhantomData<A>,
}

/// An event that somebody may change.
pub type Managed = Permit<ManageEvent>;
/// An event that somebody may delete.
pub type Deletable = Permit<DeleteEvent>;
/// An event whose bookings somebody may see and change.
pub type BookingsManaged = Permit<ManageBookings>;

impl<A> Clone for Permit<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Permit<A> {}

impl<A> Permit<A> {
    pub(super) fn new(event: Event, actor: Actor) -> Self {
        Self { event, actor, act: PhantomData }
    }

    /// The event.
    pub fn event(self) -> EventId {
        self.event.id
    }

    /// Who acts.
    pub fn actor(self) -> Actor {
        self.actor
    }

    /// Who may act on an event may see it.
    pub fn visible(self) -> Visible {
        Visible(self.event)
    }
}

/// An organization in whose name somebody may make events.
#[derive(Debug, Clone, Copy)]
pub struct InOrganization {
    organization: OrganizationId,
    actor: Actor,
}

impl InOrganization {
    pub(super) fn new(organization: OrganizationId, actor: Actor) -> Self {
        Self { organization, actor }
    }

    /// The organization, for an event that the program makes by itself: its demo.
    pub fn unattended(organization: OrganizationId) -> Self {
        Self { organization, actor: Actor::System }
    }

    /// The organization.
    pub fn organization(self) -> OrganizationId {
        self.organization
    }

    /// Who acts.
    pub fn actor(self) -> Actor {
        self.actor
    }
}

/// A booking that the caller may read.
#[derive(Debug, Clone, Copy)]
pub struct ReadableBooking(BookingId);

impl ReadableBooking {
    pub(super) fn new(booking: BookingId) -> Self {
        Self(booking)
    }

    /// The booking.
    pub fn booking(self) -> BookingId {
        self.0
    }
}

/// A booking that is the caller's own.
#[derive(Debug, Clone, Copy)]
pub struct OwnBooking {
    booking: BookingId,
    buyer: Buyer,
}

impl OwnBooking {
    pub(super) fn new(booking: BookingId, buyer: Buyer) -> Self {
        Self { booking, buyer }
    }

    /// The booking.
    pub fn booking(self) -> BookingId {
        self.booking
    }

    /// Whose it is.
    pub fn buyer(self) -> Buyer {
        self.buyer
    }
}

/// A booking with a line of an event whose bookings somebody manages.
#[derive(Debug, Clone, Copy)]
pub struct BookingOfEvent {
    booking: BookingId,
    permit: BookingsManaged,
}

impl BookingOfEvent {
    pub(super) fn new(booking: BookingId, permit: BookingsManaged) -> Self {
        Self { booking, permit }
    }

    /// The booking.
    pub fn booking(self) -> BookingId {
        self.booking
    }

    /// The event: only its lines may be acted on.
    pub fn event(self) -> EventId {
        self.permit.event()
    }

    /// Who acts.
    pub fn actor(self) -> Actor {
        self.permit.actor()
    }
}

/// An administrator.
#[derive(Debug, Clone, Copy)]
pub struct Operator(User);

impl Operator {
    pub(super) fn new(user: User) -> Self {
        Self(user)
    }

    /// Who it is.
    pub fn user(self) -> User {
        self.0
    }
}
