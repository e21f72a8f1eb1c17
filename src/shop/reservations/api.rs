//! The HTTP routes of reservations.

use std::sync::Arc;

use holdfast_contract::{
    IDEMPOTENCY_KEY_HEADER,
    problem::{FieldError, ProblemType},
    reservations::{HoldRequest, ReleaseRequest, ReleasedItem, Reservation, ReservationPage},
    words::SaleReason,
};
use holdfast_domain::{
    access::{self, Action, Relation},
    ids::{Buyer, GuestId, ItemId, OfferId, ReservationId, SeatId, SectionId},
    reservation::{self, PlacesWish, SeatWish, Wishes},
    text::counted,
};
use poem_openapi::{
    OpenApi, Tags,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::{
    Reservations,
    cancel::CancelReservationError,
    extend::ExtendError,
    hold::{Extent, HoldCommand, HoldError, HoldOutcome, Limit},
    read,
    release::{ItemRelease, ReleaseError},
    store,
};
use crate::{
    access::Access,
    http::{
        auth::{self, Adopt, Bearer, Caller, Users},
        body::{self, Json, NoContent},
        overload::Turn,
        page,
        problem::ApiProblem,
        tokens::Tokens,
    },
    kernel::{
        db::{Bug, StoreError},
        idempotency::{self, Attempt, Keyed, StoredAnswer},
    },
};

/// The route name under which idempotency keys of holds are stored.
const HOLD: &str = "hold";

/// The maximum number of items of a reservation.
const MAX_RELEASED: usize = reservation::MAX_SEATS + reservation::MAX_GENERAL_PICKS;

#[derive(Debug, Clone)]
pub struct ReservationsApi {
    pub access: Access,
    pub reservations: Reservations,
    pub tokens: Arc<Tokens>,
    pub users: Arc<dyn Users>,
    pub adopt: Arc<dyn Adopt>,
}

#[derive(Tags)]
enum Tag {
    /// Reservations: seats and places held for a buyer.
    Reservations,
}

#[OpenApi(tag = "Tag::Reservations")]
impl ReservationsApi {
    /// Hold seats and places.
    ///
    /// The server holds everything or nothing, unless `partial` is true. A caller who is not signed
    /// in receives a `guest_token`.
    #[oai(path = "/events/:event_id/reservations", method = "post")]
    async fn hold(
        &self,
        bearer: Bearer,
        /// The event's id or slug.
        event_id: Path<String>,
        /// One key for each attempt, the same with every retry. A caller without a token needs a
        /// key of at least 32 random characters, such as a UUID.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<HoldRequest>,
        turn: Turn,
    ) -> Result<Keyed<Reservation>, ApiProblem> {
        // An event that everybody may see needs no look at the sender's account: the transaction that holds reads it.
        let event = match self.access.public(&event_id.0).await? {
            Some(event) if !bearer.is_both() => event,
            _ => self.access.visible(&self.caller(&bearer).await?, &event_id.0).await?,
        };
        let buyer = self.buyer(&bearer, key.0.as_deref())?;
        let guest_token = match buyer {
            Buyer::Guest(guest) => Some(self.tokens.guest(guest)),
            Buyer::User(_) | Buyer::Door(_) | Buyer::Comp(_) => None,
        };
        let request = (event.event(), &body.0);
        let key = Attempt::named(buyer.id(), HOLD, key.0.as_deref(), &request)?;
        let key = key.map(Attempt::under_hash);
        let (wishes, extent) = wishes(body.0)?;
        let command = HoldCommand { event, buyer, locale: bearer.locale, wishes, extent, key };
        let reservations = self.reservations.clone();
        let tasks = &self.reservations.base.tasks;
        // The handler's own future stays small, because each layer around it moves it.
        let hold = turn.until_done(Box::pin(async move { reservations.hold(command).await }));
        let outcome = tasks.run(hold).await?;
        if matches!(outcome, Err(HoldError::NoEvent)) {
            self.access.forget(event.event()).await;
        }
        Ok(match outcome? {
            HoldOutcome::Held(held) => {
                let mut made = read::told(&held);
                made.body.guest_token = guest_token;
                Keyed::Made(made)
            }
            HoldOutcome::Stored(answer) => Keyed::Stored(with_token(answer, guest_token)?),
            HoldOutcome::Replayed(answer) => {
                // No transaction has asked whether the account is still active.
                self.caller(&bearer).await?;
                Keyed::Replayed(with_token(answer, guest_token)?)
            }
        })
    }

    /// List a buyer's reservations for an event, newest first.
    #[oai(path = "/events/:event_id/reservations", method = "get")]
    async fn list(
        &self,
        caller: Caller,
        /// The event's id or slug.
        event_id: Path<String>,
        /// The id of the buyer. Default: the caller. Only an administrator may name another buyer.
        user_id: Query<Option<Uuid>>,
        /// The page size, 1 to 100. Default: 20.
        limit: Query<Option<u64>>,
        /// The `next` value of the previous page.
        after: Query<Option<Uuid>>,
    ) -> Result<Json<ReservationPage>, ApiProblem> {
        let event = self.access.visible(&caller, &event_id.0).await?.event();
        let own = caller.known_buyer()?.id();
        let whose = user_id.0.unwrap_or(own);
        let relation = if whose == own { Relation::Owner } else { Relation::Stranger };
        if !access::allows(caller.role(), relation, Action::ReadReservation) {
            return Err(ApiProblem::new(
                ProblemType::Forbidden,
                "Only an administrator may list the reservations of another buyer.",
            ));
        }
        let limit = page::limit(limit.0)?;
        let db = &self.reservations.base.db;
        let mut rows = store::list(db, event, whose, after.0, limit + 1).await?;
        let next = page::next(&mut rows, limit, |row| row.reserved.id.to_string());
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            items.push(self.reservations.show(row).await?);
        }
        Ok(Json(ReservationPage { items, next }))
    }

    /// Read a reservation.
    #[oai(path = "/reservations/:id", method = "get")]
    async fn read(&self, caller: Caller, id: Path<Uuid>) -> Result<Json<Reservation>, ApiProblem> {
        let buyer = caller.known_buyer()?;
        let found = self.reservations.find(ReservationId(id.0)).await?;
        let (stored, shown) = found.ok_or_else(no_reservation)?;
        let relation =
            if stored.reserved.buyer == buyer { Relation::Owner } else { Relation::Stranger };
        if !access::allows(caller.role(), relation, Action::ReadReservation) {
            // Nobody learns whether another buyer's reservation exists.
            return Err(no_reservation());
        }
        Ok(Json(shown))
    }

    /// Cancel a reservation.
    ///
    /// Its seats and places become free immediately.
    #[oai(path = "/reservations/:id", method = "delete")]
    async fn cancel(&self, caller: Caller, id: Path<Uuid>) -> Result<NoContent, ApiProblem> {
        let buyer = caller.known_buyer()?;
        let reservations = self.reservations.clone();
        let id = ReservationId(id.0);
        let tasks = &self.reservations.base.tasks;
        tasks.run(async move { reservations.cancel(id, buyer).await }).await??;
        Ok(NoContent)
    }

    /// Give a part of a reservation back.
    ///
    /// Seats are given back whole, general-admission items by their units. The released places become free
    /// immediately; the rest stays held until the same time. A reservation without any places left is cancelled.
    #[oai(path = "/reservations/:id/release", method = "post")]
    async fn release(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        body: Json<ReleaseRequest>,
    ) -> Result<Json<Reservation>, ApiProblem> {
        let buyer = caller.known_buyer()?;
        let parts = parts(body.0)?;
        let reservations = self.reservations.clone();
        let id = ReservationId(id.0);
        let tasks = &self.reservations.base.tasks;
        tasks.run(async move { reservations.release(id, buyer, parts).await }).await??;
        let found = self.reservations.find(id).await?;
        Ok(Json(found.ok_or_else(no_reservation)?.1))
    }

    /// Extend a reservation, up to its maximum duration.
    #[oai(path = "/reservations/:id/extend", method = "post")]
    async fn extend(
        &self,
        caller: Caller,
        id: Path<Uuid>,
    ) -> Result<Json<Reservation>, ApiProblem> {
        let buyer = caller.known_buyer()?;
        let reservations = self.reservations.clone();
        let id = ReservationId(id.0);
        let tasks = &self.reservations.base.tasks;
        tasks.run(async move { reservations.extend(id, buyer).await }).await??;
        let found = self.reservations.find(id).await?;
        Ok(Json(found.ok_or_else(no_reservation)?.1))
    }
}

impl ReservationsApi {
    async fn caller(&self, bearer: &Bearer) -> Result<Caller, ApiProblem> {
        bearer.caller(&*self.users, &*self.adopt).await
    }

    /// The buyer for whom the hold is made. A caller without a token becomes a guest; with a key,
    /// every retry gives the same guest.
    fn buyer(&self, bearer: &Bearer, key: Option<&str>) -> Result<Buyer, ApiProblem> {
        if let Some(buyer) = bearer.buyer() {
            return Ok(buyer);
        }
        let guest = match key {
            None => GuestId(self.reservations.base.entropy.id()),
            Some(key) if !idempotency::is_unguessable(key) => {
                return Err(ApiProblem::field(
                    IDEMPOTENCY_KEY_HEADER,
                    "must be at least 32 random characters, such as a UUID, when the caller is not signed in",
                ));
            }
            Some(key) => self.tokens.guest_of_key(idempotency::bare(key)),
        };
        Ok(Buyer::Guest(guest))
    }
}

/// The stored answer with the token of its guest. The guest has sent the key, which no stranger can guess.
fn with_token(
    mut answer: StoredAnswer,
    guest_token: Option<String>,
) -> Result<StoredAnswer, ApiProblem> {
    if guest_token.is_some() {
        let mut reservation: Reservation = serde_json::from_str(&answer.body)
            .map_err(|error| StoreError::from(Bug::new(format!("a stored answer: {error}"))))?;
        reservation.guest_token = guest_token;
        answer.body = String::from_utf8_lossy(&body::bytes(&reservation)).into_owned();
    }
    Ok(answer)
}

fn no_reservation() -> ApiProblem {
    ApiProblem::not_found("reservation")
}

fn parts(request: ReleaseRequest) -> Result<Vec<ItemRelease>, ApiProblem> {
    if !(1..=MAX_RELEASED).contains(&request.items.len()) {
        return Err(ApiProblem::field("items", format!("must have 1 to {MAX_RELEASED} entries")));
    }
    let part = |it: ReleasedItem| ItemRelease { item: ItemId(it.item_id), quantity: it.quantity };
    Ok(request.items.into_iter().map(part).collect())
}

fn wishes(request: HoldRequest) -> Result<(Wishes, Extent), ApiProblem> {
    let seats = request.seats.into_iter().map(|pick| SeatWish {
        seat: SeatId(pick.seat_id),
        version: pick.version,
        offer: pick.offer_id.map(OfferId),
        at: 0,
    });
    let places = request.general.into_iter().map(|pick| PlacesWish {
        section: SectionId(pick.section_id),
        offer: pick.offer_id.map(OfferId),
        quantity: pick.quantity,
        at: 0,
    });
    let wishes = Wishes::new(seats.collect(), places.collect()).map_err(|faults| {
        let errors = faults
            .into_iter()
            .map(|fault| FieldError { field: fault.field, message: fault.message })
            .collect();
        ApiProblem::new(
            ProblemType::InvalidRequest,
            "These seats and places cannot be held together.",
        )
        .with_errors(errors)
    })?;
    let extent = if request.partial { Extent::Partial } else { Extent::AllOrNothing };
    Ok((wishes, extent))
}

impl From<ReleaseError> for ApiProblem {
    fn from(error: ReleaseError) -> Self {
        match error {
            ReleaseError::Reservation(error) => error.into(),
            ReleaseError::Field(field, message) => Self::field(field, message),
            ReleaseError::Db(error) => error.into(),
        }
    }
}

impl From<HoldError> for ApiProblem {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::NoEvent => Self::not_found("event"),
            HoldError::NoAccount => auth::no_longer_active(),
            HoldError::NotOnSale | HoldError::StaleTerms => Self::new(
                ProblemType::NotOnSale,
                "The event's purchase-eligibility lists the reasons.",
            ),
            HoldError::Seats(seats) => Self::new(
                ProblemType::SeatsUnavailable,
                format!("{} of the seats cannot be held.", seats.len()),
            )
            .with_seats(seats.iter().map(read::refused).collect()),
            HoldError::Short { pick, remaining } => Self::new(
                ProblemType::NotEnoughPlaces,
                match remaining {
                    1 => format!("general[{pick}]: one place is left."),
                    _ => format!("general[{pick}]: {remaining} places are left."),
                },
            )
            .with_limit(None, Some(remaining)),
            HoldError::Field { field, message } => Self::field(field, message),
            HoldError::OfferNotOnSale { field } => {
                let message = "the offer is not on sale now".to_owned();
                Self::new(ProblemType::NotOnSale, "The offer is not on sale now.")
                    .with_reasons(vec![SaleReason::OfferNotOnSale.as_str().to_owned()])
                    .with_errors(vec![FieldError { field, message }])
            }
            HoldError::Limit { limit: Limit::PerMinute, allowed, remaining } => {
                Self::new(ProblemType::TooManyRequests, "Too many holds in a minute.")
                    .with_limit(Some(allowed), Some(remaining))
                    .retry_after(60)
            }
            HoldError::Limit { limit, allowed, remaining } => {
                let what = match limit {
                    Limit::PerUser => "One buyer may have places for",
                    Limit::PerOrder | Limit::PerMinute => "One reservation may hold places for",
                };
                let persons = counted(allowed, "person", "persons");
                Self::new(ProblemType::LimitExceeded, format!("{what} at most {persons}."))
                    .with_limit(Some(allowed), Some(remaining))
            }
            HoldError::Claim(error) => error.into(),
            HoldError::Db(error) => error.into(),
        }
    }
}

impl From<CancelReservationError> for ApiProblem {
    fn from(error: CancelReservationError) -> Self {
        match error {
            CancelReservationError::NotFound => no_reservation(),
            CancelReservationError::NotActive(status) => not_active(status.as_str()),
            CancelReservationError::Db(error) => error.into(),
        }
    }
}

impl From<ExtendError> for ApiProblem {
    fn from(error: ExtendError) -> Self {
        match error {
            ExtendError::NotFound => no_reservation(),
            ExtendError::Expired => {
                Self::new(ProblemType::ReservationExpired, "Choose your seats again.")
            }
            ExtendError::NotActive(status) => not_active(status.as_str()),
            ExtendError::CapReached => {
                Self::new(ProblemType::ExtensionCapReached, "Pay before the reservation expires.")
            }
            ExtendError::Db(error) => error.into(),
        }
    }
}

fn not_active(status: &str) -> ApiProblem {
    ApiProblem::new(
        ProblemType::ReservationNotActive,
        format!("The reservation is {}.", status.replace('_', " ")),
    )
}
