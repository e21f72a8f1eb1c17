//! Decides who may see and change events, bookings, organizations and the installation.
//!
//! A proof is a value that says that its holder may see an object or act on it. Only this module makes proofs, and
//! every use case that touches an event, a booking or an organization for a caller takes a proof. A proof says
//! nothing about status, sale window or terms: the transaction of the use case decides those. An object that the
//! caller may not see does not exist for that caller: the response is 404, never 403.

mod booking_link;
mod event_key;
mod proofs;
mod store;

use std::{sync::Arc, time::Duration};

use holdfast_contract::problem::ProblemType;
use holdfast_domain::{
    access::{Action, OrganizationStatus, Relation, Role, allows},
    actor::Actor,
    event::Slug,
    ids::{BookingId, EventId, OrganizationId},
};
use moka::future::Cache;

use self::{
    booking_link::LinkVerdict,
    proofs::OwnedEvent,
    store::{EventVisibility, FoundEvent, Owners},
};
pub use self::{
    booking_link::link_token,
    event_key::EventKey,
    proofs::{
        Act, BookingOfEvent, BookingPermit, BookingsManaged, BookingsRead, CancelBooking,
        Deletable, EditOrganization, InOrganization, MailBooking, ManageMembers, Managed,
        OfOrganization, Operator, OrganizationJudge, Permit, ProveBooking, ReadOrganization,
        ReadableBooking, ShareBooking, UserManager, Visible,
    },
    store::BookingName,
};
use crate::{
    http::{
        auth::{Caller, Users},
        problem::ApiProblem,
    },
    identity::memberships,
    kernel::{
        actor::User,
        db::{Db, StoreError},
        keys::KeyRing,
    },
};

/// The maximum number of events in each cache.
const MAX_EVENTS: u64 = 10_000;
/// How long the caches keep an event. A deleted event stays visible for that long at most, and only an event in
/// which nobody ever held a place can be deleted.
const REMEMBERED: Duration = Duration::from_secs(5);

/// Makes proofs; cheap to clone.
///
/// For a short time, the caches keep which events are published and which organization owns each of them. Neither
/// fact ever changes back, but an event can be deleted and its slug used again. A draft is never cached, so that
/// every node sees a publication by another node at once. The roles of managers and administrators are read at that
/// moment and not taken from the request's caller, whose role may be a second old.
#[derive(Debug, Clone)]
pub struct Access {
    db: Db,
    users: Arc<dyn Users>,
    /// Signs the links to bookings.
    keys: KeyRing,
    slugs: Cache<Slug, EventId>,
    published: Cache<EventId, OrganizationId>,
}

impl Access {
    pub fn new(db: Db, users: Arc<dyn Users>, keys: KeyRing) -> Self {
        let slugs = Cache::builder().max_capacity(MAX_EVENTS).time_to_live(REMEMBERED).build();
        let published = Cache::builder().max_capacity(MAX_EVENTS).time_to_live(REMEMBERED).build();
        Self { db, users, keys, slugs, published }
    }

    /// The event with this id or slug, if the caller may see it.
    ///
    /// # Errors
    /// 404 when the event does not exist, or is a draft that the caller may not manage.
    pub async fn visible(&self, caller: &Caller, id_or_slug: &str) -> Result<Visible, ApiProblem> {
        let found = self.find(id_or_slug).await?;
        self.shown_to(caller, found).await
    }

    /// [`Self::visible`] without the caches: the database is asked. This function is for callers that use the event
    /// for longer than one response.
    ///
    /// # Errors
    /// See [`Self::visible`].
    pub async fn visible_now(
        &self,
        caller: &Caller,
        id_or_slug: &str,
    ) -> Result<Visible, ApiProblem> {
        let found = self.find_now(id_or_slug).await?;
        self.shown_to(caller, found).await
    }

    async fn shown_to(
        &self,
        caller: &Caller,
        found: Option<FoundEvent>,
    ) -> Result<Visible, ApiProblem> {
        let found = found.ok_or_else(no_event)?;
        match found.shown {
            EventVisibility::ToAll => Ok(Visible(found.event)),
            EventVisibility::ToManagers => {
                if self.may(caller, found.event.organization, Action::ReadDraft).await? {
                    return Ok(Visible(found.event));
                }
                Err(no_event())
            }
        }
    }

    /// The event with this id or slug, if everybody may see it.
    pub async fn public(&self, id_or_slug: &str) -> Result<Option<Visible>, StoreError> {
        Ok(self.find(id_or_slug).await?.and_then(|found| match found.shown {
            EventVisibility::ToAll => Some(Visible(found.event)),
            EventVisibility::ToManagers => None,
        }))
    }

    async fn find(&self, id_or_slug: &str) -> Result<Option<FoundEvent>, StoreError> {
        let Some(key) = EventKey::parse(id_or_slug) else { return Ok(None) };
        if let Some(event) = self.remembered(&key).await {
            return Ok(Some(FoundEvent { event, shown: EventVisibility::ToAll }));
        }
        self.find_now(id_or_slug).await
    }

    async fn find_now(&self, id_or_slug: &str) -> Result<Option<FoundEvent>, StoreError> {
        let Some(key) = EventKey::parse(id_or_slug) else { return Ok(None) };
        let Some(found) = store::event(&self.db, &key).await? else { return Ok(None) };
        if let EventKey::Slug(slug) = key {
            self.slugs.insert(slug, found.event.id).await;
        }
        if found.shown == EventVisibility::ToAll {
            self.published.insert(found.event.id, found.event.organization).await;
        }
        Ok(Some(found))
    }

    /// The event with this id or slug, if the caller may perform the action `A` on it.
    ///
    /// # Errors
    /// 404 when the caller may not see the event, 401 when nobody is signed in, 403 when the event belongs to
    /// another organization.
    pub async fn permit<A: Act>(
        &self,
        caller: &Caller,
        id_or_slug: &str,
    ) -> Result<Permit<A>, ApiProblem> {
        let caller = &caller.at_present(&*self.users).await?;
        let Visible(event) = self.visible_now(caller, id_or_slug).await?;
        let user = caller.user()?;
        if self.may(caller, event.organization, A::ACTION).await? {
            return Ok(Permit::new(event, user.into()));
        }
        Err(ApiProblem::new(ProblemType::Forbidden, "You may not do this with the event."))
    }

    /// The event, which the program itself changes through its commands or its demo.
    pub async fn unattended(db: &Db, key: &EventKey) -> Result<Option<Managed>, StoreError> {
        let found = store::event(db, key).await?;
        Ok(found.map(|found| Permit::new(found.event, Actor::System)))
    }

    /// The organization for which the caller may create events: the named organization, otherwise the caller's
    /// only one.
    ///
    /// # Errors
    /// 401 when nobody is signed in, 403 when the caller may not create events for the organization, 400 when no
    /// organization is named and the caller does not have exactly one.
    pub async fn organization(
        &self,
        caller: &Caller,
        named: Option<OrganizationId>,
    ) -> Result<InOrganization, ApiProblem> {
        let caller = &caller.at_present(&*self.users).await?;
        let user = caller.user()?;
        let forbidden = || {
            let detail = "Only a manager of an organization may create its events.";
            ApiProblem::new(ProblemType::Forbidden, detail)
        };
        let field = |message: &str| ApiProblem::field("organization_id", message);
        let organization = match named {
            Some(named) => named,
            None if user.role == Role::Organizer => {
                let own = memberships::of_user(&self.db, user, Action::CreateEvent).await?;
                let [only] = own.as_slice() else {
                    return Err(field("name one of your organizations"));
                };
                *only
            }
            None => return Err(forbidden()),
        };
        if !self.may(caller, organization, Action::CreateEvent).await? {
            return Err(forbidden());
        }
        match memberships::status_of(&self.db, organization).await? {
            None => Err(field("does not exist")),
            Some(OrganizationStatus::Applied | OrganizationStatus::Refused) => {
                Err(field("is not approved"))
            }
            Some(OrganizationStatus::Active) => Ok(InOrganization::new(organization, user.into())),
        }
    }

    /// The organization, if the caller may perform the action `A` on it.
    ///
    /// # Errors
    /// 401 when nobody is signed in, 404 when the organization does not exist or the caller is no member, 403 when the
    /// caller's role is not enough.
    pub async fn of_organization<A: Act>(
        &self,
        caller: &Caller,
        id: OrganizationId,
    ) -> Result<OfOrganization<A>, ApiProblem> {
        let caller = &caller.at_present(&*self.users).await?;
        let user = caller.user()?;
        let exists = memberships::status_of(&self.db, id).await?.is_some();
        if !exists || !self.may(caller, id, Action::ReadOrganization).await? {
            return Err(ApiProblem::not_found("organization"));
        }
        if self.may(caller, id, A::ACTION).await? {
            return Ok(OfOrganization::new(id, user));
        }
        let detail = "Only an owner of the organization may do this.";
        Err(ApiProblem::new(ProblemType::Forbidden, detail))
    }

    /// Proof that the caller may decide on the applications of organizations.
    ///
    /// # Errors
    /// 401 when nobody is signed in, 403 when the caller is no administrator.
    pub async fn organization_judge(
        &self,
        caller: &Caller,
    ) -> Result<OrganizationJudge, ApiProblem> {
        self.administrator(caller, Action::DecideOrganizations).await.map(OrganizationJudge::new)
    }

    /// The booking, if the caller may read it, by the tokens of the request or by the token of a link.
    ///
    /// # Errors
    /// 401 when the caller is nobody and has no link, 404 when the booking does not exist or the caller may not read it, 410
    /// when the time of the link is over.
    pub async fn readable_booking(
        &self,
        caller: &Caller,
        token: Option<&str>,
        name: BookingName<'_>,
    ) -> Result<ReadableBooking, ApiProblem> {
        let (owners, relation) = self.booking_for(caller, token, name, Action::ReadBooking).await?;
        Ok(ReadableBooking::new(owners.booking, relation))
    }

    /// The booking, if the caller may perform the action `A` as its buyer, or by the token of a link.
    ///
    /// # Errors
    /// Those of [`Self::readable_booking`], and 403 when the link only shows the booking.
    pub async fn booking_permit<A: Act>(
        &self,
        caller: &Caller,
        token: Option<&str>,
        id: BookingId,
    ) -> Result<BookingPermit<A>, ApiProblem> {
        let name = BookingName::Id(id);
        let (owners, by) = self.booking_for(caller, token, name, A::ACTION).await?;
        Ok(BookingPermit::new(owners.booking, owners.buyer(), by))
    }

    /// The booking, with a relation to the booking by which the caller may perform the action.
    async fn booking_for(
        &self,
        caller: &Caller,
        token: Option<&str>,
        name: BookingName<'_>,
        action: Action,
    ) -> Result<(Owners, Relation), ApiProblem> {
        if token.is_none() {
            caller.known_buyer()?;
        }
        let owners = store::booking(&self.db, name).await?.ok_or_else(no_booking)?;
        let relation = self.relation_to_booking(caller, &owners).await?;
        if allows(caller.role(), relation, action) {
            return Ok((owners, relation));
        }
        let judge = |token| booking_link::judge(&self.keys, token, &owners);
        match token.map_or(LinkVerdict::Unknown, judge) {
            LinkVerdict::Valid(relation) if allows(None, relation, action) => {
                Ok((owners, relation))
            }
            LinkVerdict::Valid(_) => Err(ApiProblem::new(
                ProblemType::CodeRequired,
                "The link only shows the booking. Send the code of a fresh mail, or sign in.",
            )),
            LinkVerdict::Over => Err(ApiProblem::new(
                ProblemType::LinkExpired,
                "The link to this booking has expired. Ask for a new one.",
            )),
            LinkVerdict::Unknown => Err(no_booking()),
        }
    }

    /// The booking, if it has a line of the event that the permit covers.
    ///
    /// # Errors
    /// 404 when the booking has no such line: organizers do not see bookings of other organizations through their
    /// own event.
    pub async fn booking_of(
        &self,
        permit: BookingsManaged,
        id: BookingId,
    ) -> Result<BookingOfEvent, ApiProblem> {
        if store::has_line(&self.db, id, permit.event()).await? {
            return Ok(BookingOfEvent::new(id, permit));
        }
        Err(no_booking())
    }

    /// Proof that the caller is an administrator.
    ///
    /// # Errors
    /// 401 when nobody is signed in, 403 when the caller is no administrator.
    pub async fn operator(&self, caller: &Caller) -> Result<Operator, ApiProblem> {
        self.administrator(caller, Action::Operate).await.map(Operator::new)
    }

    /// Proof that the caller may administer the users.
    ///
    /// # Errors
    /// 401 when nobody is signed in, 403 when the caller is no administrator.
    pub async fn user_manager(&self, caller: &Caller) -> Result<UserManager, ApiProblem> {
        self.administrator(caller, Action::ManageUsers).await.map(UserManager::new)
    }

    /// The caller, who may perform this action on the whole installation.
    async fn administrator(&self, caller: &Caller, action: Action) -> Result<User, ApiProblem> {
        let user = caller.at_present(&*self.users).await?.user()?;
        if allows(Some(user.role), Relation::Stranger, action) {
            return Ok(user);
        }
        Err(ApiProblem::new(ProblemType::Forbidden, "Only an administrator may do this."))
    }

    /// Removes a deleted event from the cache of published events. Another event may use its slug now.
    pub async fn forget(&self, event: EventId) {
        self.published.invalidate(&event).await;
    }

    async fn remembered(&self, key: &EventKey) -> Option<OwnedEvent> {
        let id = match key {
            EventKey::Id(id) => *id,
            EventKey::Slug(slug) => self.slugs.get(slug).await?,
        };
        let organization = self.published.get(&id).await?;
        Some(OwnedEvent { id, organization })
    }

    async fn may(
        &self,
        caller: &Caller,
        organization: OrganizationId,
        action: Action,
    ) -> Result<bool, ApiProblem> {
        let Some(user) = caller.user else { return Ok(false) };
        // A role that may act without any relation to the organization needs no membership.
        if allows(Some(user.role), Relation::Stranger, action) {
            return Ok(true);
        }
        let relation = memberships::relation(&self.db, organization, user.id).await?;
        Ok(allows(Some(user.role), relation, action))
    }

    async fn relation_to_booking(
        &self,
        caller: &Caller,
        owners: &Owners,
    ) -> Result<Relation, ApiProblem> {
        let own = caller.buyer().is_some_and(|buyer| {
            buyer.id() == owners.buyer_id && buyer.kind() == owners.buyer_kind
        });
        if own {
            return Ok(Relation::Owner);
        }
        let Some(user) = caller.user else { return Ok(Relation::Stranger) };
        Ok(memberships::relation(&self.db, owners.organization, user.id).await?)
    }
}

fn no_event() -> ApiProblem {
    ApiProblem::not_found("event")
}

fn no_booking() -> ApiProblem {
    ApiProblem::not_found("booking")
}
