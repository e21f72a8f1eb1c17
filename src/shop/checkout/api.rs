//! The HTTP routes of bookings.

use std::time::Duration;

use holdfast_contract::{
    bookings::{Booking, BookingPage, BookingPeriod, ConfirmRequest},
    problem::ProblemType,
};
use holdfast_domain::{
    booking::{PartOfReference, Reference},
    email::EmailAddress,
    ids::{BookingId, Buyer, ReservationId},
    text,
};
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, header},
};
use poem_openapi::{
    ApiResponse, OpenApi, Tags,
    param::{Header, Path, Query},
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use uuid::Uuid;

use super::{
    Checkouts, answer,
    confirm::{ConfirmCommand, ConfirmError, ConfirmOutcome, MAX_RESERVATIONS},
};
use crate::{
    access::{Access, BookingName},
    http::{
        auth::{self, Caller},
        body::Json,
        keyed,
        overload::Turn,
        page,
        problem::ApiProblem,
    },
    identity::accounts::log_in,
    kernel::idempotency::Attempt,
    shop::{bookings::BookingFilter, reservations::in_payment::begin::BeginError},
};

/// The route name under which idempotency keys of confirmations are stored.
const CONFIRM: &str = "bookings/confirm";
/// How long a client should wait before it reads a pending booking again, in seconds.
const RETRY_AFTER_SECS: u64 = 1;
/// A checkout that takes longer waits for the gateway or for the buyer.
const OUR_WORK: Duration = Duration::from_millis(500);
/// The maximum length of the name of a payment method.
const MAX_METHOD_CHARS: usize = 255;

#[derive(Debug, Clone)]
pub struct BookingsApi {
    pub access: Access,
    pub checkouts: Checkouts,
}

#[derive(Tags)]
enum Tag {
    /// Bookings: payment, tickets, cancellation and refunds.
    Bookings,
}

#[OpenApi(prefix_path = "/bookings", tag = "Tag::Bookings")]
impl BookingsApi {
    /// Confirm reservations: pay for them and receive tickets.
    ///
    /// 201: the booking is paid and its tickets are issued. 202: the payment is under way; with a
    /// `next_action` the buyer must act, otherwise the client reads the booking again. 402: the
    /// payment was declined; the places stay held, and an attempt with a new card needs a new key.
    #[oai(path = "/confirm", method = "post")]
    async fn confirm(
        &self,
        caller: Caller,
        /// One key for each attempt, the same with every retry.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<ConfirmRequest>,
        turn: Turn,
    ) -> Result<BookingAnswer, ApiProblem> {
        let buyer = caller.known_buyer()?;
        let key = key.0.ok_or_else(keyed::required)?;
        let attempt = Attempt::new(buyer.id(), CONFIRM, &key, &body.0)?;
        let command = self.command(&caller, buyer, body.0, attempt).await?;
        let checkouts = self.checkouts.clone();
        let tasks = &self.checkouts.base.tasks;
        // The handler's own future stays small, because each layer around it moves it.
        let start = turn.until_done(Box::pin(async move { checkouts.confirm(command).await }));
        let accepted = tasks.run(start).await??;
        let (first, booking) = (accepted.first, accepted.booking);
        let came = turn.within(OUR_WORK, Box::pin(self.checkouts.wait(accepted))).await?;
        self.told(came, first, booking).await
    }

    /// List the caller's bookings, newest first.
    #[oai(path = "/me", method = "get")]
    async fn mine(
        &self,
        caller: Caller,
        /// Only this part of the bookings. Default: all.
        when: Query<Option<BookingPeriod>>,
        /// Only bookings whose reference contains this text: 1 to 10 letters or digits. Case, spaces and hyphens do
        /// not count.
        reference: Query<Option<String>>,
        /// The page size, 1 to 100. Default: 20.
        limit: Query<Option<u64>>,
        /// The `next` value of the previous page.
        after: Query<Option<Uuid>>,
    ) -> Result<Json<BookingPage>, ApiProblem> {
        let buyer = caller.known_buyer()?.id();
        let limit = page::limit(limit.0)?;
        let reference = reference.0.as_deref().map(PartOfReference::parse).transpose();
        let reference =
            reference.map_err(|fault| ApiProblem::field("reference", fault.to_string()))?;
        let filter = BookingFilter { buyer, when: when.0, reference, after: after.0 };
        let mut items = self.checkouts.list(filter, limit + 1).await?;
        let next = page::next(&mut items, limit, |booking| booking.id.to_string());
        Ok(Json(BookingPage { items, next }))
    }

    /// Read a booking by its reference.
    #[oai(path = "/reference/:reference", method = "get")]
    async fn by_reference(
        &self,
        caller: Caller,
        reference: Path<String>,
        /// The token of a link to the booking.
        #[oai(name = "X-Booking-Link")]
        link: Header<Option<String>>,
    ) -> Result<Json<Booking>, ApiProblem> {
        // A path can contain any text.
        let reference = Reference::parse(&reference.0).ok_or_else(no_booking)?;
        let name = BookingName::Reference(&reference);
        let booking = self.access.readable_booking(&caller, link.0.as_deref(), name).await?;
        self.checkouts.read(booking).await?.map(Json).ok_or_else(no_booking)
    }

    /// Read a booking.
    #[oai(path = "/:id", method = "get")]
    async fn read(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        /// The token of a link to the booking.
        #[oai(name = "X-Booking-Link")]
        link: Header<Option<String>>,
    ) -> Result<Json<Booking>, ApiProblem> {
        let name = BookingName::Id(BookingId(id.0));
        let booking = self.access.readable_booking(&caller, link.0.as_deref(), name).await?;
        self.checkouts.read(booking).await?.map(Json).ok_or_else(no_booking)
    }
}

impl BookingsApi {
    async fn command(
        &self,
        caller: &Caller,
        buyer: Buyer,
        request: ConfirmRequest,
        attempt: Attempt,
    ) -> Result<ConfirmCommand, ApiProblem> {
        let mut reservations: Vec<ReservationId> =
            request.reservation_ids.iter().copied().map(ReservationId).collect();
        reservations.sort_unstable();
        reservations.dedup();
        if reservations.len() != request.reservation_ids.len() {
            return Err(ApiProblem::field("reservation_ids", "names a reservation twice"));
        }
        if !(1..=MAX_RESERVATIONS).contains(&reservations.len()) {
            return Err(ApiProblem::field("reservation_ids", "must name 1 to 10 reservations"));
        }
        if request.discount_code.is_some() {
            return Err(ApiProblem::field("discount_code", "no such discount"));
        }
        let method = match request.payment {
            Some(payment) => {
                let method = text::line(&payment.method, MAX_METHOD_CHARS)
                    .map_err(|fault| ApiProblem::field("payment.method", fault.to_string()))?;
                Some(method)
            }
            None => None,
        };
        let email = self.email(buyer, request.email.as_deref()).await?;
        let locale = caller.locale;
        let terms = self.checkouts.legal.judge(request.accepted.as_ref(), locale);
        Ok(ConfirmCommand { buyer, locale, email, reservations, method, terms, attempt })
    }

    async fn email(&self, buyer: Buyer, given: Option<&str>) -> Result<String, ApiProblem> {
        let parsed = given.map(EmailAddress::parse).transpose();
        if let Ok(Some(address)) = parsed {
            return Ok(address.to_string());
        }
        // A user's own address is good, in whatever form it was stored.
        let own = match buyer {
            Buyer::Guest(_) | Buyer::Door(_) | Buyer::Comp(_) => None,
            Buyer::User(user) => {
                let email = log_in::email_of(&self.checkouts.base.db, user).await?;
                Some(email.ok_or_else(auth::no_longer_active)?)
            }
        };
        match (own, given, parsed) {
            (Some(own), None, _) => Ok(own),
            (Some(own), Some(given), _) if own == given => Ok(own),
            (_, _, Err(fault)) => Err(ApiProblem::field("email", fault.to_string())),
            (_, _, Ok(_)) => Err(ApiProblem::field("email", "is required of guests")),
        }
    }

    async fn told(
        &self,
        came: ConfirmOutcome,
        first: bool,
        booking: BookingId,
    ) -> Result<BookingAnswer, ApiProblem> {
        match came {
            ConfirmOutcome::Answer(answer) if first => Ok(BookingAnswer(answer.into_response())),
            ConfirmOutcome::Answer(answer) => Ok(BookingAnswer(keyed::replayed(answer))),
            ConfirmOutcome::Failed(why) => Err(answer::failure(&why)),
            ConfirmOutcome::BuyerActs(booking) => {
                Ok(BookingAnswer(answer::pending(&booking).into_response()))
            }
            ConfirmOutcome::NotYet if first => {
                let pending = self.checkouts.find(booking).await?.ok_or_else(no_booking)?;
                Ok(BookingAnswer::pending(&pending))
            }
            ConfirmOutcome::NotYet => Err(keyed::in_flight()),
        }
    }
}

fn no_booking() -> ApiProblem {
    ApiProblem::not_found("booking")
}

/// A booking with the HTTP status for the progress of its payment.
#[derive(Debug)]
pub struct BookingAnswer(Response);

impl BookingAnswer {
    /// A response that is final.
    pub(crate) fn now(response: Response) -> Self {
        Self(response)
    }

    /// 202 with `Retry-After`: the result of the payment is not known yet.
    pub(crate) fn pending(booking: &Booking) -> Self {
        let mut response = answer::pending(booking).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECS));
        Self(response)
    }
}

impl IntoResponse for BookingAnswer {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for BookingAnswer {
    fn meta() -> MetaResponses {
        let of = |status, description| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: "application/json",
                schema: Booking::schema_ref(),
            }],
            headers: vec![],
        };
        MetaResponses {
            responses: vec![
                of(200, "The booking."),
                of(201, "The booking is paid and its tickets are issued."),
                of(202, "The payment is under way."),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        Booking::register(registry);
    }
}

impl From<ConfirmError> for ApiProblem {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::Claim(error) => error.into(),
            ConfirmError::Terms(refusal) => Self::field(refusal.field(), refusal.to_string()),
            ConfirmError::Reservation(error) => error.into(),
            ConfirmError::MixedCurrency => Self::new(ProblemType::MixedCurrency, ""),
            ConfirmError::MixedOrganizer => Self::new(ProblemType::MixedOrganizer, ""),
            ConfirmError::NotOnSale(status) => {
                Self::new(ProblemType::NotOnSale, format!("An event of the booking is {status}."))
                    .with_reasons(vec![status.to_string()])
            }
            ConfirmError::NoMethod => Self::field("payment", "is required: an amount is due"),
            ConfirmError::TooLarge => Self::field("reservation_ids", "the amount is too large"),
            ConfirmError::Db(error) => error.into(),
        }
    }
}

impl From<BeginError> for ApiProblem {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Unknown(_) => Self::not_found("reservation"),
            BeginError::NotActive(id) => Self::new(
                ProblemType::ReservationNotActive,
                format!("Reservation {id} is being paid, paid or cancelled."),
            ),
            BeginError::Lapsed(id) => Self::new(
                ProblemType::ReservationExpired,
                format!("Reservation {id} has expired. Choose your seats again."),
            ),
            BeginError::NoAccount => auth::no_longer_active(),
        }
    }
}
