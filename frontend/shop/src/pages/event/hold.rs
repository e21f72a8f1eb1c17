//! The hold request, and the effect of each refusal on the visitor's choice.

use holdfast_contract::problem::{ProblemType, RefusedSeat};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{
    floor::{Floor, Notice, kept},
    selection::Selection,
};
use ui::{
    api::{self, CallFailure},
    browser,
    state::holds::Holds,
};

/// How often a hold is repeated at once after another request was working on a seat.
const CONTENDED_TRIES: u32 = 4;
/// The wait before each repetition.
const CONTENDED_WAIT_MS: i32 = 180;

/// Returns the callback that holds the visitor's choice and continues to the checkout.
pub fn holder(floor: Floor) -> Callback<()> {
    let holds = Holds::expect();
    let navigate = StoredValue::new_local(use_navigate());
    Callback::new(move |()| {
        let chosen = floor.chosen.get_untracked();
        if chosen.is_empty() || floor.holding.get_untracked() || untrack(|| floor.is_resting()) {
            return;
        }
        floor.holding.set(true);
        floor.notice.set(Vec::new());
        let event = floor.event.with_untracked(|event| event.id);
        leptos::task::spawn_local(async move {
            let mut tries = 0;
            let outcome = loop {
                tries += 1;
                match api::hold(event, &chosen.request()).await {
                    Err(failure)
                        if tries < CONTENDED_TRIES
                            && Selection::only_contended(refused_seats(&failure)) =>
                    {
                        browser::sleep(CONTENDED_WAIT_MS).await;
                    }
                    outcome => break outcome,
                }
            };
            // The visitor may have left the page. The hold stays nevertheless.
            let is_here = floor.holding.try_set(false).is_none();
            match outcome {
                Ok(reservation) => {
                    holds.put(reservation);
                    kept::forget(event);
                    if is_here {
                        floor.chosen.set(Selection::default());
                        if let Some(path) = holds.checkout_path_of(event) {
                            navigate.try_with_value(|go| go(&path, NavigateOptions::default()));
                        }
                    }
                }
                Err(failure) if is_here => refused(floor, failure),
                Err(_) => {}
            }
        });
    })
}

fn refused_seats(failure: &CallFailure) -> &[RefusedSeat] {
    match failure {
        CallFailure::Problem(problem)
            if problem.problem_type() == Some(ProblemType::SeatsUnavailable) =>
        {
            &problem.seats
        }
        CallFailure::Problem(_) | CallFailure::Unreachable | CallFailure::Unreadable(_) => &[],
    }
}

fn refused(floor: Floor, failure: CallFailure) {
    let seats = refused_seats(&failure).to_vec();
    let is_off_sale = failure.kind() == Some(ProblemType::NotOnSale);
    let taken = floor.chosen.try_update(|chosen| chosen.drop_refused(&seats)).unwrap_or_default();
    if taken.is_empty() {
        floor.say(Notice::Failed(failure));
    } else {
        floor.tell(Notice::Taken(taken));
    }
    if is_off_sale {
        // The offers have changed. The page learns which offers take their place.
        floor.reload_all();
    } else {
        // Changes by other buyers were not reported while the request was under way.
        floor.reload();
    }
}
