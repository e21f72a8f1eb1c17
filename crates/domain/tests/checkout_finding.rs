//! Tests of a payment whose id is not stored: it is authorized as soon as it is prepared, and found again when the
//! checkout is given up.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test names the cases that it is about")]

use holdfast_domain::{
    checkout::*,
    ids::{BookingId, SagaId},
    money::{Currency, Money},
};
use uuid::Uuid;

const START: i64 = 1_795_000_000_000;
const NOW: i64 = START + 60_000;

fn paid() -> Checkout {
    let amount = Money::new(4500, Currency::parse("EUR").expect("a currency"));
    let order = Order::Paid { amount, method: "pm_card_visa".into() };
    Checkout::start(SagaId(Uuid::from_u128(1)), BookingId(Uuid::from_u128(2)), order, START)
}

fn at(state: State) -> Checkout {
    Checkout { state, ..paid() }
}

fn pi() -> PaymentId {
    PaymentId("pi_1".into())
}

fn prepared(taking: Taking) -> Prepared {
    Prepared { payment: pi(), taking }
}

fn call(known: Knowledge, failures: u32) -> Call {
    Call { failures, known, ..Call::first(START) }
}

/// Applies the events one after another, all at `NOW`.
fn follow(checkout: Checkout, events: Vec<Event>) -> Checkout {
    let apply = |checkout, event| apply(checkout, event, NOW).expect("a legal event");
    events.into_iter().fold(checkout, apply)
}

/// The name of the next action, and the attempt of a call.
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

#[test]
fn a_payment_is_authorized_as_soon_as_it_is_prepared_unless_it_takes_the_money_at_once() {
    use Outcome::Done;
    let prepares = |taking| Event::Prepared(Done(prepared(taking)));
    let call = follows(&paid(), &prepares(Taking::Later)).expect("a call follows");
    let GatewayCall::Authorize { key, payment } = &call else { panic!("{call:?}") };
    assert_eq!((key, payment), (&format!("{}:authorize:1", paid().saga), &pi()));
    let granted = Event::Authorized(Done(Authorization::Granted));
    let authorized = Done(Authorization::Granted);
    let placed = Event::Placed { payment: pi(), authorized };
    assert_eq!(joined(prepares(Taking::Later), granted), placed);
    assert_eq!(follows(&paid(), &placed), None);
    assert_eq!(follows(&paid(), &prepares(Taking::AtOnce)), None);
    let finding = State::Finding { why: Failure::Cancelled, call: Call::first(NOW) };
    assert_eq!(follows(&at(finding), &prepares(Taking::Later)), None, "it is to be voided");
}

/// The key of the authorization may have been sent by a worker that died, at any time since the payment was prepared.
#[test]
fn the_key_of_an_authorization_is_as_old_as_that_of_its_payment() {
    let authorized = Outcome::Unknown(Doubt::NoReply);
    let checkout = follow(paid(), vec![Event::Placed { payment: pi(), authorized }]);
    let State::Authorizing { call, .. } = &checkout.state else { panic!("{checkout:?}") };
    assert_eq!((call.attempt, call.failures, call.since_ms), (1, 1, START));
}

#[test]
fn a_payment_of_unknown_id_is_found_and_voided_before_its_seats_are_freed() {
    let preparing = || State::Preparing { call: Call { attempt: 2, ..Call::first(START) } };
    let given_up = follow(at(preparing()), vec![Event::CancelRequested]);
    assert_eq!(does(&given_up, NOW), "prepare:2", "the key yields the payment");
    let found = Event::Prepared(Outcome::Done(prepared(Taking::Later)));
    let voiding = follow(given_up.clone(), vec![found]);
    assert_eq!(does(&voiding, NOW), "void:1");
    // A fault is stored under the key for ever, so nobody should have an id. The gateway is asked all the same.
    let faulted = Event::Prepared(Outcome::Unknown(Doubt::Faulted));
    let searching = follow(given_up, vec![faulted]);
    assert_eq!(does(&searching, NOW), "find");
    let silent = follow(searching.clone(), vec![Event::Found(PaymentSearch::NoReply)]);
    assert_eq!(does(&silent, NOW + BACKOFF_MAX_MS), "find", "it is not prepared once more");
    let nothing = follow(searching, vec![Event::Found(PaymentSearch::Nothing)]);
    assert_eq!(does(&nothing, NOW), "release_seats");
}

/// A worker that died may have had another answer under the key, and may have authorized the payment.
#[test]
fn a_payment_is_searched_for_before_a_fault_leads_to_a_new_key() {
    let faulted = Event::Prepared(Outcome::Unknown(Doubt::Faulted));
    let later = NOW + BACKOFF_MAX_MS;
    let at_once = follow(paid(), vec![faulted.clone()]);
    assert_eq!(does(&at_once, later), "prepare:2", "nobody else has made the call");
    let spent = follow(paid(), vec![Event::Woken, faulted]);
    assert_eq!(does(&spent, later), "find");
    let silent = follow(spent.clone(), vec![Event::Found(PaymentSearch::NoReply)]);
    assert_eq!(does(&silent, later + BACKOFF_MAX_MS), "find");
    let nothing = follow(spent.clone(), vec![Event::Found(PaymentSearch::Nothing)]);
    assert_eq!(does(&nothing, later), "prepare:2");
    // The buyer may try again: the seats stay held.
    let found = follow(spent.clone(), vec![Event::Found(PaymentSearch::Payment(pi()))]);
    let State::Voiding { why: Failure::Declined { code }, .. } = &found.state else {
        panic!("{found:?}")
    };
    assert_eq!(code, "processing_error");
    let given_up = follow(spent, vec![Event::CancelRequested]);
    assert_eq!(does(&given_up, NOW), "find", "the key says nothing any more");
}

#[test]
fn a_payment_that_cannot_be_found_calls_an_operator() {
    let call = || call(Knowledge::Open, MAX_FAILURES - 1);
    let finding = State::Finding { why: Failure::Cancelled, call: call() };
    let silent = Event::Prepared(Outcome::Unknown(Doubt::NoReply));
    let stuck = follow(at(finding.clone()), vec![silent]);
    assert_eq!(next(&stuck, NOW), Decision::NeedsOperator(StuckReason::FindFails));
    let retried = follow(stuck.clone(), vec![Event::Retried]);
    assert_eq!(does(&retried, NOW), "prepare:1");
    // The gateway has forgotten an old key, which would make another payment.
    let late = START + KEY_LIFE_MS + 1;
    for state in [finding, State::Preparing { call: call() }] {
        let finding = apply(at(state), Event::Woken, late).expect("legal");
        assert_eq!(does(&finding, late), "find");
        let found = apply(finding.clone(), Event::Found(PaymentSearch::Payment(pi())), late);
        assert_eq!(does(&found.expect("legal"), late), "void:1");
        let nothing = apply(finding, Event::Found(PaymentSearch::Nothing), late).expect("legal");
        assert_eq!(does(&nothing, late), "release_seats");
    }
}
