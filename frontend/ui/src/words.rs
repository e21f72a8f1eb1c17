//! Messages about refusals for people. They are chosen by the problem's `type`, never by its English text.

use holdfast_contract::{
    catalogue::EventStatus,
    problem::{Problem, ProblemType, RefusedSeat},
    words::{SaleReason, SeatRefusal},
};

use crate::{api::CallFailure, counted, i18n::Locale, td_string};

/// The message about a failure, in the language of the page.
pub fn failure(locale: Locale, failure: &CallFailure) -> String {
    match failure {
        CallFailure::Unreachable => td_string!(locale, problem.unreachable).into(),
        CallFailure::Unreadable(_) => td_string!(locale, problem.internal).into(),
        CallFailure::Problem(problem) => match problem.problem_type() {
            Some(kind) => problem_text(locale, kind, problem),
            None => td_string!(locale, problem.internal).into(),
        },
    }
}

fn problem_text(locale: Locale, kind: ProblemType, problem: &Problem) -> String {
    let text = match kind {
        ProblemType::InvalidRequest
        | ProblemType::BodyTooLarge
        | ProblemType::UnsupportedMediaType
        | ProblemType::MethodNotAllowed
        | ProblemType::IdempotencyKeyRequired => td_string!(locale, problem.invalid_request),
        ProblemType::BodyTooSlow => td_string!(locale, problem.unreachable),
        ProblemType::NotFound => td_string!(locale, problem.not_found),
        ProblemType::Unauthorized => td_string!(locale, problem.unauthorized),
        ProblemType::InvalidCredentials => td_string!(locale, problem.invalid_credentials),
        ProblemType::Forbidden => td_string!(locale, problem.forbidden),
        ProblemType::CodeRequired => td_string!(locale, problem.code_required),
        ProblemType::LinkExpired => td_string!(locale, problem.link_expired),
        ProblemType::RegisteredElsewhere => td_string!(locale, problem.registered_elsewhere),
        ProblemType::WeakPassword => td_string!(locale, problem.weak_password),
        ProblemType::SeatsUnavailable => td_string!(locale, problem.seats_unavailable),
        ProblemType::NotEnoughPlaces => {
            let left = problem.remaining.unwrap_or(0);
            return counted!(locale, left, problem.not_enough_single | problem.not_enough_several);
        }
        ProblemType::NotOnSale => match reasons(problem).next() {
            Some(reason) => sale_reason(locale, reason),
            None => td_string!(locale, problem.not_on_sale),
        },
        ProblemType::LimitExceeded => match problem.limit {
            Some(limit) => return limited(locale, limit),
            None => td_string!(locale, problem.limit),
        },
        ProblemType::ReservationExpired => td_string!(locale, problem.reservation_expired),
        ProblemType::ReservationNotActive => td_string!(locale, problem.reservation_not_active),
        ProblemType::ExtensionCapReached => td_string!(locale, problem.extension_cap),
        ProblemType::MixedCurrency => td_string!(locale, problem.mixed_currency),
        ProblemType::MixedOrganizer => td_string!(locale, problem.mixed_organizer),
        ProblemType::PaymentDeclined => td_string!(locale, problem.payment_declined),
        ProblemType::IdempotencyKeyReused | ProblemType::IdempotencyInFlight => {
            td_string!(locale, problem.in_flight)
        }
        ProblemType::IllegalTransition => match unpublishable(locale, problem) {
            Some(text) => text,
            None => td_string!(locale, problem.changed),
        },
        ProblemType::InvalidPlan
        | ProblemType::PlanInUse
        | ProblemType::SlugTaken
        | ProblemType::StaleVersion => td_string!(locale, problem.changed),
        ProblemType::TooManyRequests
            if problem.reasons.iter().any(|it| it == "wrong-passwords") =>
        {
            td_string!(locale, problem.wrong_passwords)
        }
        ProblemType::TooManyRequests => td_string!(locale, problem.too_many),
        ProblemType::Overloaded => td_string!(locale, problem.overloaded),
        ProblemType::Unavailable => td_string!(locale, problem.unavailable),
        ProblemType::Internal => td_string!(locale, problem.internal),
    };
    text.to_owned()
}

/// The reasons of a problem that this page knows.
fn reasons(problem: &Problem) -> impl Iterator<Item = SaleReason> {
    problem.reasons.iter().filter_map(|word| SaleReason::parse(word))
}

/// Why an event does not sell.
fn sale_reason(locale: Locale, reason: SaleReason) -> &'static str {
    match reason {
        SaleReason::Draft | SaleReason::SaleNotStarted => {
            td_string!(locale, problem.sale_not_started)
        }
        SaleReason::SaleEnded | SaleReason::EventStarted | SaleReason::Completed => {
            td_string!(locale, problem.sale_ended)
        }
        SaleReason::Cancelled => td_string!(locale, problem.event_cancelled),
        SaleReason::NoPlaces => td_string!(locale, problem.no_places),
        SaleReason::NoOffers => td_string!(locale, problem.no_offers),
        SaleReason::NoOfferFits => td_string!(locale, problem.no_offer_fits),
        SaleReason::OfferWithoutPlaces => td_string!(locale, problem.offer_without_places),
        SaleReason::OfferNotOnSale => td_string!(locale, problem.offer_not_on_sale),
        SaleReason::SoldOut => td_string!(locale, problem.sold_out),
        SaleReason::LimitReached => td_string!(locale, problem.limit),
    }
}

/// Why an event cannot be published. `None` if another change was refused: its reasons are other words, of which some
/// look the same.
fn unpublishable(locale: Locale, problem: &Problem) -> Option<&'static str> {
    let reason = reasons(problem).find(|reason| reason.hinders_publication())?;
    Some(sale_reason(locale, reason))
}

/// The rule for the content of a field that people fill in. `None` for other fields.
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

/// Whether a refusal means that another buyer was faster. A reason that this version does not know is taken for one,
/// because the seat could not be held.
pub fn is_taken(seat: &RefusedSeat) -> bool {
    match seat.refusal() {
        Some(
            SeatRefusal::Held
            | SeatRefusal::Sold
            | SeatRefusal::Blocked
            | SeatRefusal::StaleVersion
            | SeatRefusal::Unknown,
        )
        | None => true,
        Some(SeatRefusal::Yours | SeatRefusal::Contended) => false,
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
    use holdfast_domain::{event::SaleObstacle, ids::OfferId, sale::Hindrance};

    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn every_problem_has_words_in_every_language() {
        for locale in [Locale::en, Locale::fr] {
            for kind in ProblemType::VARIANTS.iter().copied() {
                let mut problem = Problem::new(kind, "");
                problem.limit = Some(10);
                let text = failure(locale, &CallFailure::Problem(Box::new(problem)));
                assert!(text.len() > 10, "{kind:?} says {text:?}");
                assert!(!text.contains("{{"), "{kind:?} says {text:?}");
            }
        }
    }

    /// The page's text about a problem with these reasons.
    fn says(locale: Locale, kind: ProblemType, reasons: &[&str]) -> String {
        let mut problem = Problem::new(kind, "");
        problem.reasons = reasons.iter().map(|&word| word.to_owned()).collect();
        failure(locale, &CallFailure::Problem(Box::new(problem)))
    }

    #[test]
    fn every_reason_has_words_in_every_language() {
        for locale in [Locale::en, Locale::fr] {
            let unknown = says(locale, ProblemType::NotOnSale, &["a word of a newer server"]);
            assert_eq!(unknown, says(locale, ProblemType::NotOnSale, &[]));
            let changed = says(locale, ProblemType::IllegalTransition, &[]);
            for reason in SaleReason::ALL {
                let word = reason.as_str();
                let text = says(locale, ProblemType::NotOnSale, &["newer", word]);
                assert!(text.len() > 10 && text != unknown, "{word} says {text:?}");
                let refused = says(locale, ProblemType::IllegalTransition, &[word]);
                let known = if reason.hinders_publication() { &text } else { &changed };
                assert_eq!(&refused, known, "{word}");
            }
        }
    }

    #[test]
    fn every_word_of_the_rules_is_a_reason_of_the_contract() {
        let id = OfferId(uuid::Uuid::nil());
        let hindrances = [
            Hindrance::NoPlaces,
            Hindrance::NoOffers,
            Hindrance::NoOfferFits,
            Hindrance::OfferWithoutPlaces(id),
        ];
        for word in hindrances.map(Hindrance::as_str) {
            let reason = SaleReason::parse(word).expect("the contract has the word");
            assert!(reason.hinders_publication(), "{word}");
        }
        for word in SaleObstacle::ALL.map(SaleObstacle::as_str) {
            let reason = SaleReason::parse(word).expect("the contract has the word");
            assert!(!reason.hinders_publication(), "{word}");
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
