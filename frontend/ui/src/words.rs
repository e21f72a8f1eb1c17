//! Messages about refusals for people. They are chosen by the problem's `type`, never by its English text.

use holdfast_contract::{
    catalogue::EventStatus,
    problem::{Problem, ProblemType, SeatRefusal},
};

use crate::{api::Failure, counted, i18n::Locale, td_string};

/// The message about a failure, in the language of the page.
pub fn failure(locale: Locale, failure: &Failure) -> String {
    match failure {
        Failure::Unreachable => td_string!(locale, problem.unreachable).into(),
        Failure::Unreadable(_) => td_string!(locale, problem.internal).into(),
        Failure::Problem(problem) => match problem.problem_type() {
            Some(kind) => problem_text(locale, kind, problem),
            None => td_string!(locale, problem.internal).into(),
        },
    }
}

fn problem_text(locale: Locale, kind: ProblemType, problem: &Problem) -> String {
    match kind {
        ProblemType::InvalidRequest
        | ProblemType::BodyTooLarge
        | ProblemType::UnsupportedMediaType
        | ProblemType::MethodNotAllowed
        | ProblemType::IdempotencyKeyRequired => td_string!(locale, problem.invalid_request).into(),
        ProblemType::BodyTooSlow => td_string!(locale, problem.unreachable).into(),
        ProblemType::NotFound => td_string!(locale, problem.not_found).into(),
        ProblemType::Unauthorized => td_string!(locale, problem.unauthorized).into(),
        ProblemType::InvalidCredentials => td_string!(locale, problem.invalid_credentials).into(),
        ProblemType::Forbidden => td_string!(locale, problem.forbidden).into(),
        ProblemType::EmailTaken => td_string!(locale, problem.email_taken).into(),
        ProblemType::WeakPassword => td_string!(locale, problem.weak_password).into(),
        ProblemType::SeatsUnavailable => td_string!(locale, problem.seats_unavailable).into(),
        ProblemType::NotEnoughPlaces => {
            let left = problem.remaining.unwrap_or(0);
            counted!(locale, left, problem.not_enough_single | problem.not_enough_several)
        }
        ProblemType::NotOnSale => not_on_sale(locale, &problem.reasons),
        ProblemType::LimitExceeded => match problem.limit {
            Some(limit) => limited(locale, limit),
            None => td_string!(locale, problem.limit).into(),
        },
        ProblemType::ReservationExpired => td_string!(locale, problem.reservation_expired).into(),
        ProblemType::ReservationNotActive => {
            td_string!(locale, problem.reservation_not_active).into()
        }
        ProblemType::ExtensionCapReached => td_string!(locale, problem.extension_cap).into(),
        ProblemType::MixedCurrency => td_string!(locale, problem.mixed_currency).into(),
        ProblemType::MixedOrganizer => td_string!(locale, problem.mixed_organizer).into(),
        ProblemType::PaymentDeclined => td_string!(locale, problem.payment_declined).into(),
        ProblemType::IdempotencyKeyReused | ProblemType::IdempotencyInFlight => {
            td_string!(locale, problem.in_flight).into()
        }
        ProblemType::InvalidPlan
        | ProblemType::PlanInUse
        | ProblemType::SlugTaken
        | ProblemType::IllegalTransition
        | ProblemType::StaleVersion => td_string!(locale, problem.changed).into(),
        ProblemType::TooManyRequests => td_string!(locale, problem.too_many).into(),
        ProblemType::Unavailable => td_string!(locale, problem.unavailable).into(),
        ProblemType::Internal => td_string!(locale, problem.internal).into(),
    }
}

fn not_on_sale(locale: Locale, reasons: &[String]) -> String {
    match reasons.first().map(String::as_str) {
        Some("sale_not_started" | "draft") => td_string!(locale, problem.sale_not_started).into(),
        Some("sale_ended" | "event_started" | "completed") => {
            td_string!(locale, problem.sale_ended).into()
        }
        Some("cancelled") => td_string!(locale, problem.event_cancelled).into(),
        Some("offer_not_on_sale") => td_string!(locale, problem.offer_not_on_sale).into(),
        Some("sold_out") => td_string!(locale, problem.sold_out).into(),
        _ => td_string!(locale, problem.not_on_sale).into(),
    }
}

/// What a field must contain, for the fields that people fill in. `None` for other fields.
pub fn field(locale: Locale, name: &str) -> Option<&'static str> {
    match name {
        "email" => Some(td_string!(locale, problem.field_email)),
        "password" => Some(td_string!(locale, problem.field_password)),
        "first_name" | "last_name" => Some(td_string!(locale, problem.field_name)),
        _ => None,
    }
}

/// The message about a limit of places for one buyer.
pub fn limited(locale: Locale, limit: i64) -> String {
    counted!(locale, limit, problem.limit_single | problem.limit_several)
}

/// Why an event with this status is not on sale. `None` if it may be on sale.
pub fn not_selling(locale: Locale, status: EventStatus) -> Option<&'static str> {
    match status {
        EventStatus::OnSale => None,
        EventStatus::Draft | EventStatus::Upcoming => {
            Some(td_string!(locale, problem.sale_not_started))
        }
        EventStatus::SoldOut => Some(td_string!(locale, problem.sold_out)),
        EventStatus::Completed => Some(td_string!(locale, problem.sale_ended)),
        EventStatus::Cancelled => Some(td_string!(locale, problem.event_cancelled)),
    }
}

/// Whether a refusal means that another buyer was faster.
pub const fn is_taken(reason: SeatRefusal) -> bool {
    match reason {
        SeatRefusal::Held
        | SeatRefusal::Sold
        | SeatRefusal::Blocked
        | SeatRefusal::StaleVersion
        | SeatRefusal::Unknown => true,
        SeatRefusal::Yours | SeatRefusal::Contended => false,
    }
}

/// Joins names: "A, B and C".
pub fn listed(locale: Locale, names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => {
            td_string!(locale, words.and, first = first.join(", "), last = last.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_words_in_every_language() {
        for locale in [Locale::en, Locale::fr] {
            for kind in ProblemType::ALL {
                let mut problem = Problem::new(*kind, "");
                problem.limit = Some(10);
                let text = failure(locale, &Failure::Problem(Box::new(problem)));
                assert!(text.len() > 10, "{kind:?} says {text:?}");
                assert!(!text.contains("{{"), "{kind:?} says {text:?}");
            }
        }
    }

    #[test]
    fn names_are_listed_as_people_do() {
        let names = ["A".to_owned(), "B".to_owned(), "C".to_owned()];
        assert_eq!(listed(Locale::en, &names), "A, B and C");
        assert_eq!(listed(Locale::fr, &names[..2]), "A et B");
        assert_eq!(listed(Locale::en, &names[..1]), "A");
    }
}
