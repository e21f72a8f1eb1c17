//! The problems (RFC 9457) for refusals of the catalogue.

use holdfast_contract::{
    problem::{FieldError, ProblemType, RefusedSeat},
    words::SeatRefusal,
};
use holdfast_domain::{
    plan::{InUse, PlanFaults, SeatClaim},
    sale::Hindrance,
    text::counted,
};

use crate::{
    catalogue::{
        change_seat::SeatError, create_event::EventError, keep_sections::LostOffer,
        offers::OfferError, replace_plan::PlanError, sections::SectionError,
        sellable::NamedHindrance,
    },
    http::problem::ApiProblem,
};

/// The maximum number of seats that a refused plan names.
const MAX_NAMED_SEATS: usize = 100;

fn fields(errors: Vec<FieldError>) -> ApiProblem {
    let named: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
    let detail = format!("These fields are invalid: {}.", named.join(", "));
    ApiProblem::new(ProblemType::InvalidRequest, detail).with_errors(errors)
}

/// The problem for fields that cannot change because somebody has booked.
fn promised(errors: Vec<FieldError>) -> ApiProblem {
    let named: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
    let detail =
        format!("The event has bookings, so these fields cannot change: {}.", named.join(", "));
    ApiProblem::new(ProblemType::IllegalTransition, detail).with_errors(errors)
}

fn illegal(what: &impl ToString) -> ApiProblem {
    ApiProblem::new(ProblemType::IllegalTransition, what.to_string())
}

/// The problem for an event that cannot be published yet, with each reason.
fn unsellable(hindrances: Vec<NamedHindrance>) -> ApiProblem {
    let mut reasons: Vec<String> =
        hindrances.iter().map(|known| known.hindrance.as_str().to_owned()).collect();
    reasons.dedup();
    let errors = hindrances.into_iter().map(|NamedHindrance { hindrance, offer }| {
        let (field, message) = match hindrance {
            Hindrance::NoPlaces => ("sections".to_owned(), "the event has no places".to_owned()),
            Hindrance::NoOffers => ("offers".to_owned(), "the event has no offers".to_owned()),
            Hindrance::NoOfferFits => {
                ("offers".to_owned(), "no offer is for any place of the event".to_owned())
            }
            Hindrance::OfferWithoutPlaces(id) => {
                let offer = offer.unwrap_or_default();
                let message = format!("no place has the section and category of the offer {offer}");
                (format!("offers[{id}]"), message)
            }
        };
        FieldError { field, message }
    });
    let detail = "The event cannot be published, because it could not sell what it offers.";
    ApiProblem::new(ProblemType::IllegalTransition, detail)
        .with_errors(errors.collect())
        .with_reasons(reasons)
}

/// The problem for a plan with faults: it names every fault.
pub(super) fn plan_faults(faults: PlanFaults) -> ApiProblem {
    let errors: Vec<FieldError> = faults
        .0
        .into_iter()
        .map(|fault| FieldError { field: fault.path, message: fault.message })
        .collect();
    let faults = counted(errors.len(), "fault", "faults");
    let detail = format!("The plan has {faults}. Nothing was changed.");
    ApiProblem::new(ProblemType::InvalidPlan, detail).with_errors(errors)
}

fn in_use(in_use: &InUse) -> ApiProblem {
    let (vanishing, moved) = (&in_use.vanishing, &in_use.moved);
    let claimed = vanishing.iter().copied().chain(moved.iter().map(|seat| (seat.id, seat.claim)));
    let named = claimed.take(MAX_NAMED_SEATS).map(|(seat, claim)| {
        let reason = match claim {
            SeatClaim::Sold => SeatRefusal::Sold,
            SeatClaim::Held | SeatClaim::None => SeatRefusal::Held,
        };
        RefusedSeat::new(seat.0, reason)
    });
    let places = moved.iter().take(MAX_NAMED_SEATS).map(|seat| FieldError {
        field: format!("seats[{}]", seat.id),
        message: format!("would move from {} to {}", seat.from, seat.to),
    });
    let detail = format!(
        "Held or sold seats stay where they are. {} would vanish, {} would get another zone, row or number.",
        vanishing.len(),
        moved.len()
    );
    ApiProblem::new(ProblemType::PlanInUse, detail)
        .with_seats(named.collect())
        .with_errors(places.collect())
}

fn loses_offers(lost: Vec<LostOffer>) -> ApiProblem {
    let errors = lost.into_iter().map(|lost| FieldError {
        field: format!("{}.{}", lost.kind, lost.name),
        message: format!("the offer {} is for it: withdraw the offer first", lost.offer),
    });
    let detail = "Offers of the event are for sections or categories that the new plan lacks.";
    ApiProblem::new(ProblemType::PlanInUse, detail).with_errors(errors.collect())
}

impl From<EventError> for ApiProblem {
    fn from(error: EventError) -> Self {
        match error {
            EventError::Fields(errors) => fields(errors),
            EventError::Promised(errors) => promised(errors),
            EventError::NotFound => Self::not_found("event"),
            EventError::SlugTaken => {
                Self::new(ProblemType::SlugTaken, "Another event has this slug.")
            }
            EventError::Stale(version) => {
                Self::new(ProblemType::StaleVersion, format!("The event has version {version}."))
            }
            EventError::Illegal(refused) => illegal(&refused),
            refused @ (EventError::Closed(_) | EventError::InUse) => illegal(&refused),
            EventError::Unsellable(hindrances) => unsellable(hindrances),
            EventError::Claim(error) => error.into(),
            EventError::Db(error) => error.into(),
        }
    }
}

impl From<PlanError> for ApiProblem {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::NotFound => Self::not_found("event"),
            PlanError::Faults(faults) => plan_faults(faults),
            PlanError::Grid(refused) => Self::field("name", refused.to_string()),
            PlanError::InUse(seats) => in_use(&seats),
            PlanError::LosesOffers(lost) => loses_offers(lost),
            refused @ PlanError::Closed(_) => illegal(&refused),
            PlanError::Db(error) => error.into(),
        }
    }
}

impl From<SectionError> for ApiProblem {
    fn from(error: SectionError) -> Self {
        match error {
            SectionError::Fields(errors) => fields(errors),
            SectionError::NotFound => Self::not_found("section"),
            SectionError::NameTaken => Self::field("name", error.to_string()),
            SectionError::OfThePlan
            | SectionError::TooSmall
            | SectionError::Printed
            | SectionError::InUse => illegal(&error),
            SectionError::Plan(error) => error.into(),
            SectionError::Claim(error) => error.into(),
            SectionError::Db(error) => error.into(),
        }
    }
}

impl From<OfferError> for ApiProblem {
    fn from(error: OfferError) -> Self {
        match error {
            OfferError::Fields(errors) => fields(errors),
            OfferError::Promised(errors) => promised(errors),
            OfferError::NotFound => Self::not_found("offer"),
            OfferError::Stale(version) => {
                Self::new(ProblemType::StaleVersion, format!("The offer has version {version}."))
            }
            OfferError::TooMany => illegal(&error),
            OfferError::Claim(error) => error.into(),
            OfferError::Db(error) => error.into(),
        }
    }
}

impl ApiProblem {
    /// The problem for a refused change of one seat.
    pub(super) fn of_seat(seat_id: i32, error: SeatError) -> Self {
        match error {
            SeatError::Fields(errors) => fields(errors),
            SeatError::NotFound => Self::not_found("seat"),
            SeatError::Taken(reason) => {
                Self::new(ProblemType::SeatsUnavailable, "The seat is held or sold.")
                    .with_seats(vec![RefusedSeat::new(seat_id, reason)])
            }
            SeatError::Db(error) => error.into(),
        }
    }
}
