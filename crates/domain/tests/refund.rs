//! Tests of the refund machine: the result of every pair of state and event, and the decision in every state.
//! `refund.table` lists the results; a pair that the table does not list must be refused.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test names the cases that it is about")]

use holdfast_domain::{
    checkout::{
        Call, Doubt, KEY_LIFE_MS, Knowledge, MAX_FAILURES, Outcome, PaymentId, RefundId, Tries,
    },
    ids::{BookingId, SagaId},
    money::{Currency, Money},
    refund::{
        BookedRefund, Decision, Event, FAULTS_REPEATED, FORMAT, Fate, GatewayBooks, GatewayCall,
        LOOK_FIRST_MS, LOOK_LAST_MS, NextTry, Refund, SETTLES_MS, State, StuckReason, apply,
        look_again_ms, next,
    },
};
use uuid::Uuid;

const START: i64 = 1_795_000_000_000;
const NOW: i64 = START + 60_000;
const LATE: i64 = START + KEY_LIFE_MS + 1;
const AMOUNT: i64 = 4500;

fn start() -> Refund {
    let amount = Money::new(AMOUNT, Currency::parse("EUR").expect("a currency"));
    let (saga, booking) = (SagaId(Uuid::from_u128(1)), BookingId(Uuid::from_u128(2)));
    Refund::start(saga, booking, PaymentId("pi_1".into()), amount, START)
}

fn at(state: State) -> Refund {
    Refund { state, ..start() }
}

fn refunding(failures: u32) -> State {
    State::Refunding { call: call(failures) }
}

fn call(failures: u32) -> Call {
    Call { failures, ..Call::first(START) }
}

fn looking(failures: u32, then: NextTry) -> State {
    State::Looking { call: call(failures), then }
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

fn code() -> String {
    "charge_not_refundable".into()
}

/// The gateway's books of a payment of [`AMOUNT`] with these refunds: id, idempotency key and amount of each.
fn books(refunds: &[(&str, Option<String>, i64)]) -> GatewayBooks {
    let entry = |(name, key, minor): &(&str, Option<String>, i64)| BookedRefund {
        id: RefundId((*name).into()),
        key: key.clone(),
        minor: *minor,
        fate: Fate::Made,
    };
    GatewayBooks { captured_minor: 2 * AMOUNT, refunds: refunds.iter().map(entry).collect() }
}

fn own_key() -> Option<String> {
    key_of(&start())
}

fn states() -> Vec<(&'static str, State)> {
    let last = MAX_FAILURES - 1;
    let refused = || StuckReason::Refused { code: code() };
    let failed = || StuckReason::Failed { code: code() };
    vec![
        ("refunding", refunding(0)),
        ("refunding much", refunding(FAULTS_REPEATED - 1)),
        ("refunding last", refunding(last)),
        ("looking same", looking(0, NextTry::SameKey)),
        ("looking new", looking(0, NextTry::NewKey)),
        ("looking refused", looking(0, NextTry::Refused { code: code() })),
        ("looking last", looking(last, NextTry::Refused { code: code() })),
        ("posting", posting(0)),
        ("posting last", posting(last)),
        ("rest", State::Rest { refund: id() }),
        ("reversing", State::Reversing { code: code() }),
        ("stuck refused", stuck(refused(), refunding(0))),
        ("stuck refund-fails", stuck(StuckReason::RefundFails, refunding(MAX_FAILURES))),
        (
            "stuck look-fails",
            stuck(StuckReason::RefundFails, looking(MAX_FAILURES, NextTry::NewKey)),
        ),
        ("stuck key-too-old", stuck(StuckReason::KeyTooOld, refunding(3))),
        ("stuck post-fails", stuck(StuckReason::PostFails, posting(last))),
        ("stuck failed", stuck(failed(), looking(0, NextTry::NewKey))),
    ]
}

fn events() -> Vec<(&'static str, Event)> {
    let unknown = Outcome::Unknown;
    let failed = |name: &str| Event::Failed { refund: RefundId(name.into()), code: code() };
    let hand = |minor| Event::Looked(Some(books(&[("re_hand", None, minor)])));
    let theirs = Some(format!("{}:refund:1", Uuid::from_u128(9)));
    vec![
        ("refunded", Event::Refunded(Outcome::Done(id()))),
        ("refund refused", Event::Refunded(Outcome::Refused(code()))),
        ("refund unanswered", Event::Refunded(unknown(Doubt::NoReply))),
        ("refund faulted", Event::Refunded(unknown(Doubt::Faulted))),
        ("looked in vain", Event::Looked(None)),
        ("looked, made", Event::Looked(Some(books(&[("re_1", own_key(), AMOUNT)])))),
        ("looked, none", Event::Looked(Some(books(&[])))),
        ("looked, some by hand", hand(AMOUNT + 500)),
        ("looked, all by hand", hand(2 * AMOUNT)),
        ("looked, gone", Event::Looked(Some(books(&[("re_x", theirs, AMOUNT + 500)])))),
        ("posted", Event::Posted(Outcome::Done(()))),
        ("post refused", Event::Posted(Outcome::Refused(()))),
        ("post unknown", Event::Posted(Outcome::Unknown(Doubt::NoReply))),
        ("failed", failed("re_1")),
        ("failed other", failed("re_2")),
        ("reversed", Event::Reversed),
        ("woken", Event::Woken),
        ("retried", Event::Retried),
    ]
}

/// The result of each pair of state and event by name. A call that is under way is listed with its attempt and
/// failures, and a requested amount only if it is not the whole amount.
const TABLE: &str = include_str!("refund.table");

fn shown(refund: &Refund) -> String {
    let asked = match refund.asked().minor {
        AMOUNT => String::new(),
        minor => format!(", asks {minor}"),
    };
    let shown = match &refund.state {
        State::Refunding { call } => format!("refunding {} {}", call.attempt, call.failures),
        State::Looking { call, then } => {
            let wait = if call.not_before_ms == NOW + SETTLES_MS { " later" } else { "" };
            let then = match then {
                NextTry::SameKey => "same",
                NextTry::NewKey => "new",
                NextTry::Refused { .. } => "refused",
            };
            format!("looking {then} {} {}{wait}", call.attempt, call.failures)
        }
        State::Posting { refund, tries } => format!("posting {refund} {}", tries.failures),
        State::Rest { .. } => "rest".to_owned(),
        State::Reversing { .. } => "reversing".to_owned(),
        State::Stuck { reason, from } => format!("stuck {} at {}", reason.name(), from.name()),
    };
    format!("{shown}{asked}")
}

/// The next decision in words: a call or a local step by its name.
fn does(refund: &Refund, now_ms: i64) -> String {
    match next(refund, now_ms) {
        Decision::Call(call) => call.name().to_owned(),
        Decision::Local(step) => step.name().to_owned(),
        other => format!("{other:?}"),
    }
}

/// The idempotency key of the refund call that follows when every wait is over.
fn key_of(refund: &Refund) -> Option<String> {
    match next(refund, i64::MAX) {
        Decision::Call(GatewayCall::Refund { key, .. }) => Some(key),
        _ => None,
    }
}

#[test]
fn every_pair_gives_what_the_table_says_or_is_refused() {
    let mut table = String::new();
    for (state_name, state) in states() {
        table.push_str(&format!("{state_name}\n"));
        for (event_name, event) in events() {
            match apply(at(state.clone()), event, NOW) {
                Ok(refund) => table.push_str(&format!("    {event_name}: {}\n", shown(&refund))),
                Err(illegal) => {
                    assert_eq!(illegal.state, state.name(), "{state_name}: {event_name}")
                }
            }
        }
    }
    for (line, (expected, came)) in TABLE.lines().zip(table.lines()).enumerate() {
        assert_eq!(came, expected, "line {} of tests/refund.table", line + 1);
    }
    assert_eq!(table.lines().count(), TABLE.lines().count());
}

#[test]
fn an_unanswered_call_is_repeated_under_the_same_key_and_waits_longer_each_time() {
    let mut refund = start();
    let (key, mut now, mut waits) = (key_of(&refund), START, Vec::new());
    for _ in 1..MAX_FAILURES {
        assert_eq!(does(&refund, now), "refund");
        assert_eq!(key_of(&refund), key);
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
    assert_eq!(key_of(&refund), None);
}

/// Checks that a fault that the gateway repeats for the key leads to a look into the books. The caller then gives the
/// books: only a refund that they do not contain gets a new key.
fn check_faulted(found: &[(&str, Option<String>, i64)]) -> Refund {
    let (mut refund, mut now) = (start(), START);
    let key = key_of(&refund);
    for _ in 0..FAULTS_REPEATED {
        assert_eq!((does(&refund, now).as_str(), key_of(&refund)), ("refund", key.clone()));
        refund =
            apply(refund, Event::Refunded(Outcome::Unknown(Doubt::Faulted)), now).expect("legal");
        let Decision::Wait(until) = next(&refund, now) else { panic!("it waits") };
        now = until;
    }
    assert_eq!((does(&refund, now).as_str(), key_of(&refund)), ("look_for_refund", None));
    apply(refund, Event::Looked(Some(books(found))), now).expect("legal")
}

#[test]
fn a_fault_that_is_repeated_is_settled_by_the_books_and_only_then_by_a_new_key() {
    let found = check_faulted(&[("re_1", own_key(), AMOUNT)]);
    assert!(matches!(found.state, State::Posting { refund, .. } if refund == id()));
    let new = check_faulted(&[]);
    assert!(key_of(&new).is_some_and(|key| Some(key) != own_key()), "{new:?}");
}

#[test]
fn a_key_older_than_the_gateways_memory_is_not_sent_and_the_books_are_read_before_a_new_one() {
    let refund = apply(start(), Event::Woken, LATE - 1).expect("legal");
    assert_eq!(does(&refund, LATE - 1), "refund");
    let refund = apply(start(), Event::Woken, LATE).expect("legal");
    assert_eq!(next(&refund, LATE), Decision::Wait(LATE + SETTLES_MS));
    let now = LATE + SETTLES_MS;
    assert_eq!(does(&refund, now), "look_for_refund");
    let looked = |found| apply(refund.clone(), Event::Looked(Some(found)), now).expect("legal");
    let made = looked(books(&[("re_1", own_key(), AMOUNT)]));
    assert_eq!(does(&made, now), "post_refund");
    let none = looked(books(&[]));
    assert_ne!(key_of(&none), key_of(&start()));
    // The new key gets its own time limit.
    let woken = apply(none, Event::Woken, now + 1).expect("legal");
    assert_eq!(does(&woken, now + 1), "refund");
}

#[test]
fn an_operator_who_retries_never_pays_twice() {
    for now in [NOW, LATE] {
        for (name, state) in states() {
            let Ok(refund) = apply(at(state), Event::Retried, now) else { continue };
            // No call that refunds money comes before the look into the books.
            assert_eq!(key_of(&refund), None, "{name}");
            if let State::Looking { call, .. } = &refund.state {
                let then = call.not_before_ms;
                let made = books(&[("re_1", own_key(), AMOUNT)]);
                let made = apply(refund, Event::Looked(Some(made)), then).expect("legal");
                assert_eq!(does(&made, then), "post_refund", "{name}");
            }
        }
    }
}

#[test]
fn a_refund_that_fails_afterwards_is_made_again_under_a_key_that_was_never_used() {
    let failed = Event::Failed { refund: id(), code: code() };
    let rest = Refund { keys: 3, ..at(State::Rest { refund: id() }) };
    let reversing = apply(rest, failed, NOW).expect("legal");
    assert_eq!(does(&reversing, NOW), "reverse_refund");
    let stuck = apply(reversing, Event::Reversed, NOW).expect("legal");
    let reason = StuckReason::Failed { code: code() };
    assert_eq!(next(&stuck, NOW), Decision::NeedsOperator(reason));
    let retried = apply(stuck, Event::Retried, NOW).expect("legal");
    let mut seen = books(&[("re_1", Some(format!("{}:refund:5", start().saga)), AMOUNT)]);
    seen.refunds[0].fate = Fate::Failed { code: code() };
    let again = apply(retried, Event::Looked(Some(seen)), NOW).expect("legal");
    assert_eq!(key_of(&again), Some(format!("{}:refund:6", start().saga)));
}

/// A key whose name changes in an upgrade is a new key to the gateway, which would then perform the call again.
#[test]
fn keys_never_change_their_names() {
    assert_eq!(own_key(), Some(format!("{}:refund:1", start().saga)));
}

#[test]
fn an_operator_who_retries_does_not_wait_for_what_was_put_off() {
    let put_off = Call { not_before_ms: NOW + 60_000, ..call(MAX_FAILURES) };
    for from in [
        State::Looking { call: put_off.clone(), then: NextTry::SameKey },
        State::Refunding { call: put_off },
    ] {
        let retried = apply(at(stuck(StuckReason::RefundFails, from)), Event::Retried, NOW);
        assert_eq!(does(&retried.expect("legal"), NOW), "look_for_refund");
    }
}

#[test]
fn where_it_stands_is_told_with_the_try_under_way() {
    for (state, standing) in [
        (refunding(2), ("refunding", 3)),
        (looking(2, NextTry::NewKey), ("looking", 3)),
        (posting(2), ("posting", 3)),
        (State::Rest { refund: id() }, ("rest", 0)),
        (State::Reversing { code: code() }, ("reversing", 1)),
        (stuck(StuckReason::RefundFails, refunding(2)), ("refunding", 3)),
    ] {
        assert_eq!(state.standing(), standing, "{state:?}");
    }
}

#[test]
fn the_bounds_are_those_that_are_written_elsewhere() {
    const MINUTE: i64 = 60 * 1000;
    assert_eq!((FAULTS_REPEATED, SETTLES_MS), (5, 30 * MINUTE));
    assert_eq!((LOOK_FIRST_MS, LOOK_LAST_MS), (1_440 * MINUTE, 46_080 * MINUTE));
}

#[test]
fn one_that_failed_before_its_answer_came_is_made_again_under_a_new_key() {
    let stuck = at(stuck(StuckReason::RefundFails, refunding(MAX_FAILURES)));
    let retried = apply(stuck, Event::Retried, NOW).expect("legal");
    let same = apply(retried.clone(), Event::Looked(Some(books(&[]))), NOW).expect("legal");
    assert_eq!(key_of(&same), own_key());
    let mut seen = books(&[("re_1", own_key(), AMOUNT)]);
    seen.refunds[0].fate = Fate::Failed { code: code() };
    let again = apply(retried, Event::Looked(Some(seen)), NOW).expect("legal");
    assert_eq!(key_of(&again), Some(format!("{}:refund:2", start().saga)));
}

#[test]
fn what_is_written_down_is_read_back() {
    for (name, state) in states() {
        let refund = at(state);
        let read =
            Refund::decode(&refund.encode()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read, refund, "{name}");
    }
    assert!(Refund::decode("{\"format\":3}").is_err());
    assert_eq!(Call::first(START).known, Knowledge::Open);
}

#[test]
fn what_the_version_before_wrote_down_is_read() {
    let written = format!(
        r#"{{"format":1,"saga":"{}","booking":"{}","payment":"pi_1",
            "amount":{{"minor":4500,"currency":"EUR"}},
            "state":{{"at":"stuck","reason":"key_too_old","from":{{"at":"refunding","call":
                {{"attempt":2,"failures":3,"since_ms":1,"not_before_ms":1,"known":"open"}}}}}}}}"#,
        Uuid::from_u128(1),
        Uuid::from_u128(2)
    );
    let read = Refund::decode(&written).expect("it is read");
    assert_eq!((read.asked(), read.keys, read.format), (start().amount, 1, FORMAT));
    let retried = apply(read, Event::Retried, NOW).expect("legal");
    let looked = Event::Looked(Some(books(&[])));
    let again = apply(retried, looked, NOW + SETTLES_MS).expect("legal");
    assert_eq!(key_of(&again), Some(format!("{}:refund:3", start().saga)));
}

#[test]
fn one_that_was_given_back_is_looked_at_at_twice_the_age_until_it_is_too_old_to_fail() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let settled = 7;
    for (age, next) in [
        (0, Some(1)),
        (DAY - 1, Some(1)),
        (DAY, Some(2)),
        (3 * DAY, Some(4)),
        (16 * DAY - 1, Some(16)),
        (16 * DAY, Some(32)),
        (32 * DAY - 1, Some(32)),
        (32 * DAY, None),
        (1_000 * DAY, None),
    ] {
        let next = next.map(|days| settled + days * DAY);
        assert_eq!(look_again_ms(settled, settled + age), next, "at {age} ms");
    }
}
