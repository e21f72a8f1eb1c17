//! The transitions of a refund: from a refund and an event to the next refund, or to an error that
//! names both.

use super::{
    Event, FAULTS_REPEATED, GatewayBooks, IllegalTransition, NextTry, Refund, SETTLES_MS, State,
    StuckReason,
};
use crate::checkout::{Call, Doubt, Knowledge, MAX_FAILURES, Outcome, RefundId, Tries};

/// Our own code for a refusal that no gateway pronounced: the promised amount is larger than the
/// amount left at the gateway.
const TOO_LARGE: &str = "amount_too_large";

/// Processes an event that happened at `now_ms` (milliseconds since 1970).
///
/// # Errors
/// If the event cannot happen in this state. The caller must then leave the stored refund
/// unchanged.
pub fn apply(refund: Refund, event: Event, now_ms: i64) -> Result<Refund, IllegalTransition> {
    let illegal = IllegalTransition { state: refund.state.name(), event: event.clone() };
    let state = match (refund.state.clone(), event) {
        (State::Looking { call, then }, Event::Looked(Some(books))) => {
            return Ok(looked(refund, call, then, &books, now_ms));
        }
        (state, event) => after(state, event, now_ms),
    };
    state.map(|state| Refund { state, ..refund }).ok_or(illegal)
}

fn after(state: State, event: Event, now_ms: i64) -> Option<State> {
    Some(match (state, event) {
        (State::Refunding { call }, Event::Refunded(outcome)) => refunded(call, outcome, now_ms),
        (State::Looking { call, then }, Event::Looked(None)) => {
            let call = call.failed(Knowledge::Open, now_ms);
            bounded(State::Looking { call, then })
        }
        (State::Posting { refund, tries }, Event::Posted(outcome)) => {
            posted(refund, tries, &outcome, now_ms)
        }
        (State::Rest { refund: own }, Event::Failed { refund, code }) if own == refund => {
            State::Reversing { code }
        }
        // The refund is not posted yet, so there is nothing to reverse.
        (State::Posting { refund: own, .. }, Event::Failed { refund, code }) if own == refund => {
            failed(code, now_ms)
        }
        (State::Stuck { from, .. }, Event::Failed { refund, code }) => {
            let State::Posting { refund: own, .. } = *from else { return None };
            if own != refund {
                return None;
            }
            failed(code, now_ms)
        }
        (State::Reversing { code }, Event::Reversed) => failed(code, now_ms),
        // The old key may no longer be sent, and a call with it may still be under way.
        (State::Refunding { call }, Event::Woken) if call.is_stale(now_ms) => settle(call, now_ms),
        (
            state @ (State::Refunding { .. }
            | State::Looking { .. }
            | State::Posting { .. }
            | State::Rest { .. }
            | State::Reversing { .. }
            | State::Stuck { .. }),
            Event::Woken,
        ) => state,
        (State::Stuck { reason, from }, Event::Retried) => retried(&reason, *from, now_ms),
        (
            State::Refunding { .. }
            | State::Looking { .. }
            | State::Posting { .. }
            | State::Rest { .. }
            | State::Reversing { .. }
            | State::Stuck { .. },
            Event::Refunded(_)
            | Event::Looked(_)
            | Event::Posted(_)
            | Event::Failed { .. }
            | Event::Reversed
            | Event::Retried,
        ) => return None,
    })
}

fn refunded(call: Call, outcome: Outcome<RefundId, String>, now_ms: i64) -> State {
    match outcome {
        Outcome::Done(refund) => posting(refund, now_ms),
        // The gateway's books may explain the refusal: the refund may already exist, or less may be
        // left than the call asks for.
        Outcome::Refused(code) => {
            State::Looking { call: at_once(call, now_ms), then: NextTry::Refused { code } }
        }
        Outcome::Unknown(doubt) => {
            let call = call.failed(Knowledge::Open, now_ms);
            match doubt {
                Doubt::Faulted if (FAULTS_REPEATED..MAX_FAILURES).contains(&call.failures) => {
                    settle(call, now_ms)
                }
                Doubt::NoReply | Doubt::Faulted => bounded(State::Refunding { call }),
            }
        }
    }
}

/// Waits until no call can be under way any more, then looks into the books and uses a new key.
fn settle(call: Call, now_ms: i64) -> State {
    let call = Call { not_before_ms: now_ms + SETTLES_MS, ..call };
    State::Looking { call, then: NextTry::NewKey }
}

/// Compares the refund with the gateway's books of the payment, and decides how to continue.
fn looked(refund: Refund, call: Call, then: NextTry, books: &GatewayBooks, now_ms: i64) -> Refund {
    if let Some(own) = books.of(refund.saga) {
        return Refund { state: posting(own.clone(), now_ms), ..refund };
    }
    let code = match then {
        NextTry::SameKey if books.last_key_of(refund.saga) < call.attempt => {
            return Refund { state: State::Refunding { call: at_once(call, now_ms) }, ..refund };
        }
        // The key made a refund that failed later; with this key, the gateway would repeat that it
        // accepted the refund.
        NextTry::SameKey | NextTry::NewKey => None,
        NextTry::Refused { code } => Some(code),
    };
    let promised = refund.amount.minor;
    let missing = (promised - books.left_minor()).clamp(0, promised);
    let (by_hand, name) = books.by_hand();
    match (name, code) {
        // More is missing than the manual refunds explain. A person must find out why.
        (_, code) if missing > by_hand => {
            let code = code.unwrap_or_else(|| TOO_LARGE.to_owned());
            Refund { state: refused(code, call), ..refund }
        }
        (Some(name), _) if missing == promised => {
            let state = posting(name.clone(), now_ms);
            Refund { by_hand_minor: missing, state, ..refund }
        }
        // The call already asked for exactly the amount that is left, and was refused for another
        // reason.
        (_, Some(code)) if missing == refund.by_hand_minor => {
            Refund { state: refused(code, call), ..refund }
        }
        // Somebody makes manual refunds while we ask. The number of repetitions is limited.
        (_, Some(code)) if call.failures + 1 >= MAX_FAILURES => {
            Refund { state: refused(code, call), ..refund }
        }
        (_, code) => {
            let failures = call.failures + u32::from(code.is_some());
            let keys = refund.keys.max(call.attempt).max(books.last_key_of(refund.saga)) + 1;
            let call = Call { attempt: keys, failures, since_ms: now_ms, ..at_once(call, now_ms) };
            let state = State::Refunding { call };
            Refund { by_hand_minor: missing, keys, state, ..refund }
        }
    }
}

fn posted(refund: RefundId, tries: Tries, outcome: &Outcome<(), ()>, now_ms: i64) -> State {
    match outcome {
        Outcome::Done(()) => State::Rest { refund },
        Outcome::Unknown(_) if tries.attempt() < MAX_FAILURES => {
            State::Posting { refund, tries: tries.failed(now_ms) }
        }
        Outcome::Unknown(_) | Outcome::Refused(()) => {
            stuck(StuckReason::PostFails, State::Posting { refund, tries })
        }
    }
}

/// The gateway finally reports that it could not deliver the money. An operator decides when to try
/// again.
fn failed(code: String, now_ms: i64) -> State {
    let call = Call::first(now_ms);
    stuck(StuckReason::Failed { code }, State::Looking { call, then: NextTry::NewKey })
}

fn retried(reason: &StuckReason, from: State, now_ms: i64) -> State {
    match from {
        State::Refunding { call } => match reason {
            // With the old key, the gateway would repeat its refusal.
            StuckReason::Refused { .. } | StuckReason::Failed { .. } => {
                State::Looking { call: anew(call, now_ms), then: NextTry::NewKey }
            }
            StuckReason::KeyTooOld => settle(anew(call, now_ms), now_ms),
            StuckReason::RefundFails | StuckReason::PostFails => {
                let then = if call.is_stale(now_ms) { NextTry::NewKey } else { NextTry::SameKey };
                State::Looking { call: anew(call, now_ms), then }
            }
        },
        State::Looking { call, then } => State::Looking { call: anew(call, now_ms), then },
        State::Posting { refund, .. } => posting(refund, now_ms),
        other @ (State::Rest { .. } | State::Reversing { .. } | State::Stuck { .. }) => other,
    }
}

fn at_once(call: Call, now_ms: i64) -> Call {
    Call { not_before_ms: now_ms, ..call }
}

fn anew(call: Call, now_ms: i64) -> Call {
    Call { failures: 0, ..at_once(call, now_ms) }
}

fn posting(refund: RefundId, now_ms: i64) -> State {
    State::Posting { refund, tries: Tries::first(now_ms) }
}

fn refused(code: String, call: Call) -> State {
    stuck(StuckReason::Refused { code }, State::Refunding { call })
}

/// The state, or [`State::Stuck`] if its call has failed too often.
fn bounded(state: State) -> State {
    if state.standing().1 > MAX_FAILURES { stuck(StuckReason::RefundFails, state) } else { state }
}

fn stuck(reason: StuckReason, from: State) -> State {
    State::Stuck { reason, from: Box::new(from) }
}
