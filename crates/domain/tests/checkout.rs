//! Tests of the checkout machine: the result of every pair of state and event, and the decision in every state.
//! `checkout.table` lists the results; a pair that the table does not list must be refused.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test names the cases that it is about")]

use holdfast_domain::{
    checkout::*,
    ids::{BookingId, SagaId},
    money::{Currency, Money},
};
use uuid::Uuid;

const START: i64 = 1_795_000_000_000;
const NOW: i64 = START + 60_000;

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").expect("a currency"))
}

fn start(order: Order) -> Checkout {
    Checkout::start(SagaId(Uuid::from_u128(1)), BookingId(Uuid::from_u128(2)), order, START)
}

fn paid() -> Checkout {
    start(Order::Paid { amount: euro(4500), method: "pm_card_visa".into() })
}

fn at(state: State) -> Checkout {
    Checkout { state, ..paid() }
}

/// A checkout in one of the [`states`]. A name with "at once" means a payment that takes the money at once.
fn named(name: &str, state: State) -> Checkout {
    let taking = if name.contains("at once") { Taking::AtOnce } else { Taking::Later };
    Checkout { taking, ..at(state) }
}

fn prepared(taking: Taking) -> Prepared {
    Prepared { payment: pi(), taking }
}

fn pi() -> PaymentId {
    PaymentId("pi_1".into())
}

fn call(known: Knowledge, failures: u32) -> Call {
    Call { attempt: 1, failures, since_ms: START, not_before_ms: START, known }
}

/// Every state, in each variant that makes a difference.
fn states() -> Vec<(String, State)> {
    use Knowledge::{Open, Spent, Unanswered};
    let last = MAX_FAILURES - 1;
    let tries = |failures| Tries { failures, not_before_ms: START };
    let why = || Failure::TimedOut;
    let mut all = Vec::new();
    let mut add = |name: &str, state: State| all.push((name.to_owned(), state));
    add("preparing", State::Preparing { call: call(Open, 0) });
    add("preparing last", State::Preparing { call: call(Open, last) });
    add("preparing taken over", State::Preparing { call: call(Unanswered, 0) });
    add("preparing spent", State::Preparing { call: call(Spent, 1) });
    add("preparing spent last", State::Preparing { call: call(Spent, last) });
    add("finding", State::Finding { why: why(), call: call(Open, 0) });
    add("finding last", State::Finding { why: why(), call: call(Open, last) });
    add("finding spent", State::Finding { why: why(), call: call(Spent, 1) });
    add("finding spent last", State::Finding { why: why(), call: call(Spent, last) });
    for (name, known, failures) in [
        ("", Open, 0),
        (" last", Open, last),
        (" unanswered", Unanswered, 1),
        (" spent", Spent, 1),
        (" unanswered last", Unanswered, last),
    ] {
        let call = || call(known, failures);
        add(&format!("authorizing{name}"), State::Authorizing { payment: pi(), call: call() });
        let at_once = State::Authorizing { payment: pi(), call: call() };
        add(&format!("authorizing at once{name}"), at_once);
        add(&format!("capturing{name}"), State::Capturing { payment: pi(), call: call() });
        for (stand, seats) in [("paying", SeatsStand::Paying), ("sold", SeatsStand::Sold)] {
            add(
                &format!("voiding {stand}{name}"),
                State::Voiding { payment: pi(), seats, why: why(), call: call() },
            );
        }
    }
    let awaiting = |client_secret| State::Awaiting {
        payment: pi(),
        client_secret,
        asks: 0,
        ask_at_ms: NOW + 1000,
    };
    add("awaiting buyer", awaiting(Some("secret".into())));
    add("awaiting gateway", awaiting(None));
    add("awaiting buyer at once", awaiting(Some("secret".into())));
    add("awaiting gateway at once", awaiting(None));
    for (name, failures) in [("", 0), (" last", last)] {
        for (money, payment) in [("paid", Some(pi())), ("free", None)] {
            let (tries, payment) = (tries(failures), payment.clone());
            add(
                &format!("confirming {money}{name}"),
                State::ConfirmingSeats { payment: payment.clone(), tries: tries.clone() },
            );
            if payment.is_some() {
                add(
                    &format!("confirming at once{name}"),
                    State::ConfirmingSeats { payment: payment.clone(), tries: tries.clone() },
                );
            }
            add(&format!("issuing {money}{name}"), State::Issuing { payment, tries });
        }
        let reclaiming = State::Reclaiming { payment: pi(), tries: tries(failures) };
        add(&format!("reclaiming{name}"), reclaiming);
        add(&format!("releasing{name}"), State::Releasing { why: why(), tries: tries(failures) });
    }
    add("confirmed", State::Rest { ending: Ending::Confirmed });
    add("failed", State::Rest { ending: Ending::Failed(why()) });
    let stuck = State::Capturing { payment: pi(), call: call(Open, 0) };
    add("stuck", State::Stuck { reason: StuckReason::KeyTooOld, from: Box::new(stuck) });
    all
}

/// Every event, in each variant that makes a difference.
fn events() -> Vec<(&'static str, Event)> {
    use Outcome::{Done, Refused, Unknown};
    let decline = || Decline { code: "card_declined".into() };
    let seen = |status| {
        let secret = (status == PaymentStatus::ActionRequired).then(|| "secret".to_owned());
        Event::Seen(Some(PaymentSeen { status, client_secret: secret, decline: None }))
    };
    let action = || Authorization::ActionRequired { client_secret: "secret".into() };
    let placed = |authorized| Event::Placed { payment: pi(), authorized };
    vec![
        ("prepare done", Event::Prepared(Done(prepared(Taking::Later)))),
        ("prepare at once", Event::Prepared(Done(prepared(Taking::AtOnce)))),
        ("prepare refused", Event::Prepared(Refused(decline()))),
        ("prepare no reply", Event::Prepared(Unknown(Doubt::NoReply))),
        ("prepare faulted", Event::Prepared(Unknown(Doubt::Faulted))),
        ("placed granted", placed(Done(Authorization::Granted))),
        ("placed action", placed(Done(action()))),
        ("placed processing", placed(Done(Authorization::Processing))),
        ("placed refused", placed(Refused(decline()))),
        ("placed no reply", placed(Unknown(Doubt::NoReply))),
        ("placed faulted", placed(Unknown(Doubt::Faulted))),
        ("authorize granted", Event::Authorized(Done(Authorization::Granted))),
        ("authorize action", Event::Authorized(Done(action()))),
        ("authorize processing", Event::Authorized(Done(Authorization::Processing))),
        ("authorize refused", Event::Authorized(Refused(decline()))),
        ("authorize no reply", Event::Authorized(Unknown(Doubt::NoReply))),
        ("authorize faulted", Event::Authorized(Unknown(Doubt::Faulted))),
        ("seats done", Event::SeatsConfirmed(Done(()))),
        ("seats refused", Event::SeatsConfirmed(Refused(()))),
        ("seats unknown", Event::SeatsConfirmed(Unknown(Doubt::NoReply))),
        ("capture done", Event::Captured(Done(()))),
        ("capture refused", Event::Captured(Refused(()))),
        ("capture no reply", Event::Captured(Unknown(Doubt::NoReply))),
        ("capture faulted", Event::Captured(Unknown(Doubt::Faulted))),
        ("issue done", Event::TicketsIssued(Done(()))),
        ("issue refused", Event::TicketsIssued(Refused(()))),
        ("issue unknown", Event::TicketsIssued(Unknown(Doubt::NoReply))),
        ("void done", Event::Voided(Done(()))),
        ("void refused", Event::Voided(Refused(()))),
        ("void no reply", Event::Voided(Unknown(Doubt::NoReply))),
        ("void faulted", Event::Voided(Unknown(Doubt::Faulted))),
        ("reclaim done", Event::SeatsReclaimed(Done(()))),
        ("reclaim refused", Event::SeatsReclaimed(Refused(()))),
        ("reclaim unknown", Event::SeatsReclaimed(Unknown(Doubt::NoReply))),
        ("release done", Event::SeatsReleased(Done(()))),
        ("release refused", Event::SeatsReleased(Refused(()))),
        ("release unknown", Event::SeatsReleased(Unknown(Doubt::NoReply))),
        ("seen nothing", Event::Seen(None)),
        ("seen prepared", seen(PaymentStatus::Prepared)),
        ("seen declined", seen(PaymentStatus::Declined)),
        ("seen action", seen(PaymentStatus::ActionRequired)),
        ("seen processing", seen(PaymentStatus::Processing)),
        ("seen authorized", seen(PaymentStatus::Authorized)),
        ("seen captured", seen(PaymentStatus::Captured)),
        ("seen voided", seen(PaymentStatus::Voided)),
        ("found", Event::Found(PaymentSearch::Payment(pi()))),
        ("found nothing", Event::Found(PaymentSearch::Nothing)),
        ("find no reply", Event::Found(PaymentSearch::NoReply)),
        ("woken", Event::Woken),
        ("cancel", Event::CancelRequested),
        ("retry", Event::Retried),
    ]
}

/// The state in the words of the table: only the parts that the table distinguishes.
fn words(state: &State) -> String {
    let of_call = |call: &Call| {
        let known = match call.known {
            Knowledge::Open => "",
            Knowledge::Unanswered => " unanswered",
            Knowledge::Spent => " spent",
        };
        let failures = if call.failures == 0 { "" } else { " after failure" };
        format!("#{}{known}{failures}", call.attempt)
    };
    let of_tries = |tries: &Tries| if tries.failures == 0 { "" } else { " after failure" };
    let money = |payment: &Option<PaymentId>| if payment.is_some() { "paid" } else { "free" };
    match state {
        State::Preparing { call } => format!("preparing {}", of_call(call)),
        State::Finding { why, call } => format!("finding {} {}", why.name(), of_call(call)),
        State::Authorizing { call, .. } => format!("authorizing {}", of_call(call)),
        State::Awaiting { client_secret, asks, ask_at_ms, .. } => {
            let whom = if client_secret.is_some() { "buyer" } else { "gateway" };
            let when = if *ask_at_ms <= NOW { " now" } else { "" };
            format!("awaiting {whom}, asked {asks}{when}")
        }
        State::ConfirmingSeats { payment, tries } => {
            format!("confirming {}{}", money(payment), of_tries(tries))
        }
        State::Capturing { call, .. } => format!("capturing {}", of_call(call)),
        State::Issuing { payment, tries } => {
            format!("issuing {}{}", money(payment), of_tries(tries))
        }
        State::Voiding { seats, why, call, .. } => {
            format!("voiding {seats:?} {} {}", why.name(), of_call(call))
        }
        State::Reclaiming { tries, .. } => format!("reclaiming{}", of_tries(tries)),
        State::Releasing { why, tries } => format!("releasing {}{}", why.name(), of_tries(tries)),
        State::Rest { ending: Ending::Confirmed } => "rest confirmed".into(),
        State::Rest { ending: Ending::Failed(why) } => format!("rest {}", why.name()),
        State::Stuck { reason, .. } => format!("stuck {}", reason.name()),
    }
}

/// The result of every pair of state and event, in the form of `checkout.table`. Pairs that are not listed must be
/// refused.
fn table() -> String {
    let mut lines = String::new();
    for (name, state) in states() {
        lines.push_str(&format!("{name}\n"));
        for (what, event) in events() {
            match apply(named(&name, state.clone()), event.clone(), NOW) {
                Ok(after) => {
                    let same = after.state == state;
                    let words = if same { "stays".to_owned() } else { words(&after.state) };
                    lines.push_str(&format!("    {what}: {words}\n"));
                }
                Err(refusal) => {
                    assert_eq!(refusal.state, state.name());
                    assert_eq!(refusal.event, event);
                }
            }
        }
    }
    lines
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

#[test]
fn every_pair_of_state_and_event_is_decided() {
    let expected = include_str!("checkout.table");
    let found = table();
    for (line, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {} of checkout.table", line + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

#[test]
fn a_checkout_survives_being_written_down() {
    for (name, state) in states() {
        let checkout = named(&name, state);
        let read = Checkout::decode(&checkout.encode()).expect("it is one of ours");
        assert_eq!(read, checkout, "{name}");
    }
    let free = start(Order::Free);
    assert_eq!(Checkout::decode(&free.encode()).expect("it is one of ours"), free);
}

#[test]
fn a_checkout_of_the_version_before_is_read_and_its_money_is_taken_later() {
    let text = paid().encode();
    let before = text.replacen("\"format\":3", "\"format\":1", 1);
    let before = before.replacen("\"taking\":\"later\",", "", 1);
    assert!(before.len() < text.len() && !before.contains("taking"), "{before}");
    assert_eq!(Checkout::decode(&before).expect("it is one of ours"), paid());
}

#[test]
fn a_checkout_of_a_newer_format_is_refused() {
    let text = paid().encode().replacen("\"format\":3", "\"format\":4", 1);
    assert!(matches!(Checkout::decode(&text), Err(UnreadableRecord::Format(4))));
    assert!(matches!(Checkout::decode("{}"), Err(UnreadableRecord::Syntax(_))));
}

/// Applies the events one after another, all at `NOW`.
fn follow(checkout: Checkout, events: Vec<Event>) -> Checkout {
    events
        .into_iter()
        .fold(checkout, |checkout, event| apply(checkout, event, NOW).expect("a legal event"))
}

#[test]
fn a_paid_order_goes_through_every_step() {
    use Outcome::Done;
    let mut checkout = paid();
    let authorized = Done(Authorization::Granted);
    for (decision, event) in [
        ("prepare:1", Event::Placed { payment: pi(), authorized }),
        ("confirm_seats", Event::SeatsConfirmed(Done(()))),
        ("capture:1", Event::Captured(Done(()))),
        ("issue_tickets", Event::TicketsIssued(Done(()))),
    ] {
        assert_eq!(does(&checkout, NOW), decision);
        checkout = apply(checkout, event, NOW).expect("a legal event");
    }
    assert_eq!(next(&checkout, NOW), Decision::Rest(Ending::Confirmed));
}

#[test]
fn money_that_is_taken_at_once_is_taken_for_seats_that_are_sold() {
    use Outcome::Done;
    let mut checkout = paid();
    for (decision, event) in [
        ("prepare:1", Event::Prepared(Done(prepared(Taking::AtOnce)))),
        ("confirm_seats", Event::SeatsConfirmed(Done(()))),
        ("authorize:1", Event::Authorized(Done(Authorization::Granted))),
        ("issue_tickets", Event::TicketsIssued(Done(()))),
    ] {
        assert_eq!(does(&checkout, NOW), decision);
        checkout = apply(checkout, event, NOW).expect("a legal event");
    }
    assert_eq!(next(&checkout, NOW), Decision::Rest(Ending::Confirmed));
}

#[test]
fn a_free_order_never_meets_the_gateway() {
    use Outcome::Done;
    let checkout = start(Order::Free);
    assert_eq!(does(&checkout, NOW), "confirm_seats");
    let checkout = follow(checkout, vec![Event::SeatsConfirmed(Done(()))]);
    assert_eq!(does(&checkout, NOW), "issue_tickets");
    let checkout = follow(checkout, vec![Event::TicketsIssued(Done(()))]);
    assert_eq!(checkout.ending(), Some(&Ending::Confirmed));
}

#[test]
fn nothing_is_repeated_before_its_wait_is_over() {
    let checkout = follow(paid(), vec![Event::Prepared(Outcome::Unknown(Doubt::NoReply))]);
    let until_ms = NOW + BACKOFF_FIRST_MS;
    let waits = Decision::Wait { until_ms, reason: WaitReason::Backoff };
    assert_eq!(next(&checkout, until_ms - 1), waits);
    assert_eq!(does(&checkout, until_ms), "prepare:1");
}

#[test]
fn a_fault_is_asked_about_and_then_takes_a_new_key() {
    let authorizing = State::Authorizing { payment: pi(), call: Call::first(NOW) };
    let checkout =
        follow(at(authorizing), vec![Event::Authorized(Outcome::Unknown(Doubt::Faulted))]);
    assert_eq!(does(&checkout, NOW + BACKOFF_FIRST_MS), "ask");
    let seen = PaymentSeen { status: PaymentStatus::Prepared, client_secret: None, decline: None };
    let checkout = follow(checkout, vec![Event::Seen(Some(seen))]);
    assert_eq!(does(&checkout, NOW + BACKOFF_FIRST_MS), "authorize:2");
}

#[test]
fn the_deadline_voids_first_and_frees_then() {
    let overdue = START + PAYMENT_DEADLINE_MS;
    let awaiting = State::Awaiting {
        payment: pi(),
        client_secret: Some("secret".into()),
        asks: 3,
        ask_at_ms: overdue + 10_000,
    };
    let waits = Decision::Wait { until_ms: overdue, reason: WaitReason::Buyer };
    assert_eq!(next(&at(awaiting.clone()), NOW), waits);
    let woken = apply(at(awaiting.clone()), Event::Woken, overdue - 1).expect("legal");
    assert_eq!(does(&woken, overdue - 1), "ask");
    let woken = apply(at(awaiting), Event::Woken, overdue).expect("legal");
    assert_eq!(does(&woken, overdue), "void:1");
    let voided = apply(woken, Event::Voided(Outcome::Done(())), overdue).expect("legal");
    assert_eq!(does(&voided, overdue), "release_seats");
    let freed = apply(voided, Event::SeatsReleased(Outcome::Done(())), overdue).expect("legal");
    assert_eq!(freed.ending(), Some(&Ending::Failed(Failure::TimedOut)));
}

#[test]
fn money_that_was_taken_late_buys_the_same_seats_or_goes_back() {
    let voiding = State::Voiding {
        payment: pi(),
        seats: SeatsStand::Paying,
        why: Failure::TimedOut,
        call: Call::first(NOW),
    };
    let captured = follow(at(voiding), vec![Event::Voided(Outcome::Refused(()))]);
    assert_eq!(does(&captured, NOW), "reclaim_seats");
    let free = follow(captured.clone(), vec![Event::SeatsReclaimed(Outcome::Done(()))]);
    assert_eq!(does(&free, NOW), "issue_tickets");
    let lost = follow(captured, vec![Event::SeatsReclaimed(Outcome::Refused(()))]);
    assert_eq!(does(&lost, NOW), "release_seats");
    let over = follow(lost, vec![Event::SeatsReleased(Outcome::Done(()))]);
    assert_eq!(over.ending(), Some(&Ending::Failed(Failure::SeatsLostRefunded)));
}

#[test]
fn the_deadline_does_not_touch_what_is_past_the_sale_of_the_seats() {
    for (name, state) in states() {
        let late = named(&name, state.clone());
        let late = apply(late, Event::Woken, START + PAYMENT_DEADLINE_MS);
        let late = late.expect("anything may be woken").state;
        let undone = matches!(
            state,
            State::Preparing { .. }
                | State::Authorizing { .. }
                | State::Awaiting { .. }
                | State::ConfirmingSeats { payment: Some(_), .. }
        );
        assert_eq!(late != state, undone, "{name}");
    }
}

#[test]
fn only_a_declined_buyer_keeps_the_seats() {
    for (why, release) in [
        (Failure::Declined { code: "card_declined".into() }, Release::BackToHeld),
        (Failure::SeatsLost, Release::Free),
        (Failure::SeatsLostRefunded, Release::Free),
        (Failure::TimedOut, Release::Free),
        (Failure::CaptureRefused, Release::Free),
        (Failure::Cancelled, Release::Free),
    ] {
        assert_eq!(why.release(), release, "{}", why.name());
    }
}

#[test]
fn where_it_stands_is_told_with_the_try_under_way() {
    let (tries, failures) = (Tries { failures: 2, not_before_ms: START }, 2);
    let call = || call(Knowledge::Open, failures);
    let (payment, tries) = (pi(), || tries.clone());
    let asking = State::Awaiting { payment: pi(), client_secret: None, asks: 2, ask_at_ms: NOW };
    let capturing = State::Capturing { payment: payment.clone(), call: call() };
    let stuck = |from| State::Stuck { reason: StuckReason::KeyTooOld, from: Box::new(from) };
    for (state, standing) in [
        (State::Preparing { call: call() }, ("preparing", 3)),
        (asking, ("awaiting", 3)),
        (State::ConfirmingSeats { payment: None, tries: tries() }, ("confirming_seats", 3)),
        (capturing.clone(), ("capturing", 3)),
        (stuck(capturing), ("capturing", 3)),
        (State::Issuing { payment: None, tries: tries() }, ("issuing", 3)),
        (State::Reclaiming { payment, tries: tries() }, ("reclaiming", 3)),
        (State::Rest { ending: Ending::Confirmed }, ("rest", 0)),
    ] {
        assert_eq!(state.standing(), standing, "{state:?}");
    }
}

#[test]
fn payments_and_refunds_are_told_by_the_gateways_names() {
    assert_eq!(PaymentId("pi_1".into()).to_string(), "pi_1");
    assert_eq!(RefundId("re_1".into()).to_string(), "re_1");
}

/// A key whose name changes in an upgrade is a new key to the gateway, which would then perform the call again.
#[test]
fn keys_never_change_their_names() {
    let call = || Call { attempt: 2, ..Call::first(NOW) };
    let (seats, why) = (SeatsStand::Paying, Failure::TimedOut);
    for (state, name) in [
        (State::Preparing { call: call() }, "prepare"),
        (State::Finding { why: why.clone(), call: call() }, "prepare"),
        (State::Authorizing { payment: pi(), call: call() }, "authorize"),
        (State::Capturing { payment: pi(), call: call() }, "capture"),
        (State::Voiding { payment: pi(), seats, why, call: call() }, "void"),
    ] {
        let checkout = at(state);
        let Decision::Call(call) = next(&checkout, NOW) else { panic!("{name} is a call") };
        assert_eq!(call.key(), Some(format!("{}:{name}:2", checkout.saga).as_str()));
    }
}

#[test]
fn a_record_that_contradicts_itself_is_refused() {
    let preparing = State::Preparing { call: Call::first(NOW) };
    let text = Checkout { order: Order::Free, ..at(preparing) }.encode();
    assert!(matches!(Checkout::decode(&text), Err(UnreadableRecord::Contradictory(_))));
}
