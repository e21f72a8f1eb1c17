//! The refund machine: every pair of state and event (what is not listed is refused), and what is decided when.

use holdfast_domain::{
    checkout::{
        Call, Doubt, KEY_LIFE_MS, Knowledge, MAX_FAILURES, Outcome, PaymentId, RefundId, Tries,
    },
    ids::{BookingId, SagaId},
    money::{Currency, Money},
    refund::{Decision, Event, Refund, State, Step, StuckReason, apply, next},
};
use uuid::Uuid;

const START: i64 = 1_795_000_000_000;
const NOW: i64 = START + 60_000;
const LATE: i64 = START + KEY_LIFE_MS + 1;

fn start() -> Refund {
    let amount = Money::new(4500, Currency::parse("EUR").expect("a currency"));
    let (saga, booking) = (SagaId(Uuid::from_u128(1)), BookingId(Uuid::from_u128(2)));
    Refund::start(saga, booking, PaymentId("pi_1".into()), amount, START)
}

fn at(state: State) -> Refund {
    Refund { state, ..start() }
}

fn refunding(failures: u32) -> State {
    let call = Call { failures, ..Call::first(START) };
    State::Refunding { call }
}

fn posting(failures: u32) -> State {
    State::Posting { refund: id(), tries: Tries { failures, not_before_ms: START } }
}

fn id() -> RefundId {
    RefundId("re_1".into())
}

fn stuck(reason: StuckReason, from: State) -> State {
    State::Stuck { reason, from: Box::new(from) }
}

fn refused() -> StuckReason {
    StuckReason::Refused { code: "charge_not_refundable".into() }
}

fn states() -> Vec<(&'static str, State)> {
    let last = MAX_FAILURES - 1;
    vec![
        ("refunding", refunding(0)),
        ("refunding last", refunding(last)),
        ("posting", posting(0)),
        ("posting last", posting(last)),
        ("rest", State::Rest { refund: id() }),
        ("stuck refused", stuck(refused(), refunding(0))),
        ("stuck refund-fails", stuck(StuckReason::RefundFails, refunding(MAX_FAILURES))),
        ("stuck key-too-old", stuck(StuckReason::KeyTooOld, refunding(3))),
        ("stuck post-fails", stuck(StuckReason::PostFails, posting(last))),
    ]
}

fn events() -> Vec<(&'static str, Event)> {
    let unknown = Outcome::Unknown;
    vec![
        ("refunded", Event::Refunded(Outcome::Done(id()))),
        ("refund refused", Event::Refunded(Outcome::Refused("charge_not_refundable".into()))),
        ("refund unanswered", Event::Refunded(unknown(Doubt::NoReply))),
        ("refund faulted", Event::Refunded(unknown(Doubt::Faulted))),
        ("posted", Event::Posted(Outcome::Done(()))),
        ("post refused", Event::Posted(Outcome::Refused(()))),
        ("post unknown", Event::Posted(Outcome::Unknown(Doubt::NoReply))),
        ("woken", Event::Woken),
        ("retried", Event::Retried),
    ]
}

/// What each pair gives, by name and, where a call is under way, attempt and failures.
const TABLE: &[(&str, &str, &str)] = &[
    ("refunding", "refunded", "posting 0"),
    ("refunding", "refund refused", "stuck refund-refused"),
    ("refunding", "refund unanswered", "refunding 1 1"),
    ("refunding", "refund faulted", "refunding 1 1"),
    ("refunding", "woken", "refunding 1 0"),
    ("refunding last", "refunded", "posting 0"),
    ("refunding last", "refund refused", "stuck refund-refused"),
    ("refunding last", "refund unanswered", "stuck refund-fails"),
    ("refunding last", "refund faulted", "stuck refund-fails"),
    ("refunding last", "woken", "refunding 1 19"),
    ("posting", "posted", "rest"),
    ("posting", "post refused", "stuck post-fails"),
    ("posting", "post unknown", "posting 1"),
    ("posting", "woken", "posting 0"),
    ("posting last", "posted", "rest"),
    ("posting last", "post refused", "stuck post-fails"),
    ("posting last", "post unknown", "stuck post-fails"),
    ("posting last", "woken", "posting 19"),
    ("rest", "woken", "rest"),
    ("stuck refused", "woken", "stuck refund-refused"),
    ("stuck refused", "retried", "refunding 2 0"),
    ("stuck refund-fails", "woken", "stuck refund-fails"),
    ("stuck refund-fails", "retried", "refunding 1 0"),
    ("stuck key-too-old", "woken", "stuck key-too-old"),
    ("stuck key-too-old", "retried", "refunding 2 0"),
    ("stuck post-fails", "woken", "stuck post-fails"),
    ("stuck post-fails", "retried", "posting 0"),
];

fn shown(state: &State) -> String {
    match state {
        State::Refunding { call } => format!("refunding {} {}", call.attempt, call.failures),
        State::Posting { tries, .. } => format!("posting {}", tries.failures),
        State::Rest { .. } => "rest".to_owned(),
        State::Stuck { reason, .. } => format!("stuck {}", reason.name()),
    }
}

#[test]
fn every_pair_gives_what_the_table_says_or_is_refused() {
    let mut met = 0;
    for (state_name, state) in states() {
        for (event_name, event) in events() {
            let listed = TABLE.iter().find(|row| (row.0, row.1) == (state_name, event_name));
            met += usize::from(listed.is_some());
            let came = apply(at(state.clone()), event, NOW);
            let came = came.map(|refund| shown(&refund.state)).map_err(|illegal| illegal.state);
            let expected = listed.map(|row| row.2.to_owned()).ok_or(state.name());
            assert_eq!(came, expected, "{state_name}: {event_name}");
        }
    }
    assert_eq!(met, TABLE.len(), "every row of the table is met");
}

#[test]
fn an_unanswered_call_is_repeated_under_the_same_key_and_waits_longer_each_time() {
    let mut refund = start();
    let (key, mut now, mut waits) = (refund.key(), START, Vec::new());
    for _ in 1..MAX_FAILURES {
        assert_eq!(next(&refund, now), Decision::Run(Step::Refund));
        assert_eq!(refund.key(), key);
        let lost = Event::Refunded(Outcome::Unknown(Doubt::NoReply));
        refund = apply(refund, lost, now).expect("legal");
        let Decision::Wait(until) = next(&refund, now) else { panic!("it waits") };
        waits.push(until - now);
        now = until;
    }
    assert!(waits.is_sorted() && waits[0] < waits[waits.len() - 1], "{waits:?}");
    let lost = Event::Refunded(Outcome::Unknown(Doubt::NoReply));
    let refund = apply(refund, lost, now).expect("legal");
    assert_eq!(next(&refund, now), Decision::NeedsOperator(StuckReason::RefundFails));
    assert_eq!(refund.key(), None);
}

#[test]
fn a_key_older_than_the_gateways_memory_is_not_sent() {
    let refund = apply(start(), Event::Woken, LATE - 1).expect("legal");
    assert_eq!(next(&refund, LATE - 1), Decision::Run(Step::Refund));
    let refund = apply(start(), Event::Woken, LATE).expect("legal");
    assert_eq!(next(&refund, LATE), Decision::NeedsOperator(StuckReason::KeyTooOld));
    let retried = apply(refund, Event::Retried, LATE).expect("legal");
    assert_ne!(retried.key(), start().key());
    // The new key has its own time.
    let woken = apply(retried, Event::Woken, LATE + 1).expect("legal");
    assert_eq!(next(&woken, LATE + 1), Decision::Run(Step::Refund));
}

#[test]
fn an_operator_who_retries_soon_sends_the_same_key_and_late_a_new_one() {
    let stuck = at(stuck(StuckReason::RefundFails, refunding(MAX_FAILURES)));
    let soon = apply(stuck.clone(), Event::Retried, NOW).expect("legal");
    assert_eq!(soon.key(), start().key());
    let late = apply(stuck, Event::Retried, LATE).expect("legal");
    assert_ne!(late.key(), start().key());
}

#[test]
fn what_is_written_down_is_read_back() {
    for (name, state) in states() {
        let refund = at(state);
        let read =
            Refund::decode(&refund.encode()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read, refund, "{name}");
    }
    assert!(Refund::decode("{\"format\":2}").is_err());
    assert_eq!(Call::first(START).known, Knowledge::Open);
}
