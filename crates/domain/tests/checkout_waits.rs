//! Tests, exact to the millisecond, of how long a checkout waits, how often it tries, and how old its keys may become.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test names the cases that it is about")]

use holdfast_domain::{
    checkout::*,
    ids::{BookingId, SagaId},
    money::{Currency, Money},
};
use uuid::Uuid;

const START: i64 = 1_795_000_000_000;

fn at(state: State) -> Checkout {
    let amount = Money::new(4500, Currency::parse("EUR").expect("a currency"));
    let order = Order::Paid { amount, method: "pm_card_visa".into() };
    let (saga, booking) = (SagaId(Uuid::from_u128(1)), BookingId(Uuid::from_u128(2)));
    Checkout { state, ..Checkout::start(saga, booking, order, START) }
}

fn pi() -> PaymentId {
    PaymentId("pi_1".into())
}

fn call(known: Knowledge) -> Call {
    Call { known, ..Call::first(START) }
}

fn capturing(known: Knowledge) -> Checkout {
    at(State::Capturing { payment: pi(), call: call(known) })
}

fn voiding(call: Call) -> Checkout {
    let (seats, why) = (SeatsStand::Paying, Failure::Cancelled);
    at(State::Voiding { payment: pi(), seats, why, call })
}

fn seen(status: PaymentStatus) -> Event {
    Event::Seen(Some(PaymentSeen { status, client_secret: None, decline: None }))
}

fn after(checkout: Checkout, event: Event, now_ms: i64) -> Checkout {
    apply(checkout, event, now_ms).expect("a legal event")
}

/// The moment until which the checkout waits. `None` if it does not wait.
fn wait(checkout: &Checkout, now_ms: i64) -> Option<i64> {
    match next(checkout, now_ms) {
        Decision::Wait { until_ms, .. } => Some(until_ms),
        _ => None,
    }
}

/// The next decision in words: a call by its name and attempt, a local step by its name.
fn does(checkout: &Checkout, now_ms: i64) -> String {
    match next(checkout, now_ms) {
        Decision::Call(call) => match call.key().and_then(|key| key.split_once(':')) {
            Some((_, call)) => call.to_owned(),
            None => call.name().to_owned(),
        },
        Decision::Local(step) => step.name().to_owned(),
        other => format!("{other:?}"),
    }
}

/// Makes the same step fail repeatedly, each time at the end of its wait, and checks the length of each wait.
fn check_backoff(mut checkout: Checkout, failure: fn() -> Event, perform: &str) {
    let mut now_ms = START;
    for failures in 1..MAX_FAILURES {
        checkout = after(checkout, failure(), now_ms);
        let expected = (BACKOFF_FIRST_MS << (failures - 1).min(20)).min(BACKOFF_MAX_MS);
        assert_eq!(wait(&checkout, now_ms), Some(now_ms + expected), "after {failures} failures");
        assert_eq!(wait(&checkout, now_ms + expected - 1), Some(now_ms + expected));
        now_ms += expected;
        assert_eq!(does(&checkout, now_ms), perform);
        if perform == "ask" {
            checkout = after(checkout, seen(PaymentStatus::Authorized), now_ms);
            assert_eq!(wait(&checkout, now_ms), None, "a question that is answered costs no wait");
        }
    }
    let before = checkout.state.name();
    let given_up = after(checkout, failure(), now_ms);
    assert_ne!(given_up.state.name(), before, "the last failure ends it");
}

#[test]
fn every_step_waits_longer_after_each_failure_and_has_a_last_one() {
    use Outcome::Unknown;
    let tries = || Tries::first(START);
    check_backoff(
        at(State::Preparing { call: call(Knowledge::Open) }),
        || Event::Prepared(Unknown(Doubt::NoReply)),
        "prepare:1",
    );
    check_backoff(
        at(State::Finding { why: Failure::TimedOut, call: call(Knowledge::Open) }),
        || Event::Prepared(Unknown(Doubt::NoReply)),
        "prepare:1",
    );
    check_backoff(capturing(Knowledge::Open), || Event::Captured(Unknown(Doubt::NoReply)), "ask");
    check_backoff(voiding(call(Knowledge::Open)), || Event::Voided(Unknown(Doubt::NoReply)), "ask");
    check_backoff(
        at(State::ConfirmingSeats { payment: Some(pi()), tries: tries() }),
        || Event::SeatsConfirmed(Unknown(Doubt::NoReply)),
        "confirm_seats",
    );
    check_backoff(
        at(State::Issuing { payment: Some(pi()), tries: tries() }),
        || Event::TicketsIssued(Unknown(Doubt::NoReply)),
        "issue_tickets",
    );
    check_backoff(
        at(State::Releasing { why: Failure::Cancelled, tries: tries() }),
        || Event::SeatsReleased(Unknown(Doubt::NoReply)),
        "release_seats",
    );
}

#[test]
fn a_question_without_an_answer_counts_as_a_failure() {
    let (mut checkout, mut now_ms) = (capturing(Knowledge::Spent), START);
    for failures in 1..MAX_FAILURES {
        checkout = after(checkout, Event::Seen(None), now_ms);
        let expected = (BACKOFF_FIRST_MS << (failures - 1).min(20)).min(BACKOFF_MAX_MS);
        assert_eq!(wait(&checkout, now_ms), Some(now_ms + expected));
        now_ms += expected;
        assert_eq!(does(&checkout, now_ms), "ask", "it is still the question");
    }
    let given_up = after(checkout, Event::Seen(None), now_ms);
    assert_eq!(does(&given_up, now_ms), "void:1");
}

#[test]
fn a_payment_that_waits_is_asked_about_less_and_less_often() {
    let ask_at_ms = START + ASK_FIRST_MS;
    let client_secret = Some("secret".to_owned());
    let mut checkout = at(State::Awaiting { payment: pi(), client_secret, asks: 0, ask_at_ms });
    let mut now_ms = ask_at_ms;
    for asks in 1..12 {
        assert_eq!(does(&checkout, now_ms), "ask");
        checkout = after(checkout, Event::Seen(None), now_ms);
        let expected = (ASK_FIRST_MS << asks).min(ASK_MAX_MS);
        assert_eq!(wait(&checkout, now_ms), Some(now_ms + expected), "after {asks} questions");
        assert_eq!(checkout.client_secret(), Some("secret"), "the buyer can still act");
        now_ms += expected;
    }
}

/// The moment at which the key of the first attempt reaches the maximum age.
const OLD: i64 = START + KEY_LIFE_MS;

#[test]
fn a_key_may_be_sent_until_the_last_millisecond_of_its_life() {
    for checkout in [capturing(Knowledge::Open), voiding(call(Knowledge::Open))] {
        let still = after(checkout.clone(), Event::Woken, OLD);
        assert_eq!(still, checkout, "at its very age it may still be sent");
        let stuck = after(checkout, Event::Woken, OLD + 1);
        assert_eq!(next(&stuck, OLD + 1), Decision::NeedsOperator(StuckReason::KeyTooOld));
    }
}

#[test]
fn a_new_key_has_a_life_of_its_own_and_the_same_key_keeps_its_age() {
    let authorized = || seen(PaymentStatus::Authorized);
    let fresh = after(capturing(Knowledge::Spent), authorized(), OLD);
    assert_eq!(does(&fresh, OLD), "capture:2");
    assert_eq!(after(fresh.clone(), Event::Woken, OLD + KEY_LIFE_MS), fresh);
    let same = after(capturing(Knowledge::Unanswered), authorized(), OLD);
    assert_eq!(does(&same, OLD), "capture:1");
    let stuck = after(same, Event::Woken, OLD + 1);
    assert_eq!(next(&stuck, OLD + 1), Decision::NeedsOperator(StuckReason::KeyTooOld));
}

#[test]
fn an_operator_gives_a_stuck_undo_all_its_tries_again() {
    let tired = |known, failures| Call { attempt: 3, failures, ..call(known) };
    for (known, first) in
        [(Knowledge::Open, "void:3"), (Knowledge::Unanswered, "ask"), (Knowledge::Spent, "ask")]
    {
        let from = voiding(tired(known, MAX_FAILURES - 1)).state;
        let stuck = at(State::Stuck { reason: StuckReason::VoidFails, from: Box::new(from) });
        let retried = after(stuck, Event::Retried, START + 1);
        assert_eq!(does(&retried, START + 1), first, "a young key stays as it was known");
        let State::Voiding { call, .. } = &retried.state else { panic!("{retried:?}") };
        assert_eq!((call.failures, call.attempt, call.since_ms), (0, 3, START));
    }
}

#[test]
fn the_deadline_comes_at_its_very_millisecond() {
    let deadline = START + PAYMENT_DEADLINE_MS;
    let preparing = || at(State::Preparing { call: call(Knowledge::Open) });
    let early = after(preparing(), Event::Woken, deadline - 1);
    assert_eq!(early.state.name(), "preparing");
    let late = after(preparing(), Event::Woken, deadline);
    assert_eq!(does(&late, deadline), "prepare:1");
    assert_eq!(
        late.state.name(),
        "finding",
        "the payment may be authorized under an id that is not stored"
    );
}

#[test]
fn an_old_key_is_never_sent_again() {
    let capturing = State::Capturing { payment: pi(), call: Call::first(START) };
    let late = START + KEY_LIFE_MS + 1;
    let stuck = apply(at(capturing), Event::Woken, late).expect("legal");
    assert_eq!(next(&stuck, late), Decision::NeedsOperator(StuckReason::KeyTooOld));
    // An operator retries. The gateway is asked first; then a new key is used.
    let reopened = apply(stuck, Event::Retried, late).expect("legal");
    assert_eq!(does(&reopened, late), "ask");
    let seen =
        PaymentSeen { status: PaymentStatus::Authorized, client_secret: None, decline: None };
    let reopened = apply(reopened, Event::Seen(Some(seen)), late).expect("legal");
    assert_eq!(does(&reopened, late), "capture:2");
}
