//! Property tests: the promises that a checkout keeps under any sequence of events.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test names the cases that it is about")]

use holdfast_domain::{
    checkout::*,
    ids::{BookingId, SagaId},
    money::{Currency, Money},
};
use proptest::prelude::*;
use uuid::Uuid;

const START: i64 = 1_795_000_000_000;

fn start(is_free: bool) -> Checkout {
    let amount = Money::new(4500, Currency::parse("EUR").expect("a currency"));
    let paid = Order::Paid { amount, method: "pm_card_visa".into() };
    let order = if is_free { Order::Free } else { paid };
    let (saga, booking) = (SagaId(Uuid::from_u128(1)), BookingId(Uuid::from_u128(2)));
    Checkout::start(saga, booking, order, START)
}

fn doubt() -> impl Strategy<Value = Doubt> {
    prop_oneof![Just(Doubt::NoReply), Just(Doubt::Faulted)]
}

fn outcome() -> impl Strategy<Value = Outcome<(), ()>> {
    prop_oneof![
        3 => Just(Outcome::Done(())),
        1 => Just(Outcome::Refused(())),
        2 => doubt().prop_map(Outcome::Unknown),
    ]
}

fn decline() -> Decline {
    Decline { code: "card_declined".into() }
}

fn status() -> impl Strategy<Value = PaymentStatus> {
    prop_oneof![
        Just(PaymentStatus::Prepared),
        Just(PaymentStatus::Declined),
        Just(PaymentStatus::ActionRequired),
        Just(PaymentStatus::Processing),
        Just(PaymentStatus::Authorized),
        Just(PaymentStatus::Captured),
        Just(PaymentStatus::Voided),
    ]
}

fn seen() -> impl Strategy<Value = Event> {
    let seen = status().prop_map(|status| {
        let client_secret = (status == PaymentStatus::ActionRequired).then(|| "secret".to_owned());
        PaymentSeen { status, client_secret, decline: None }
    });
    proptest::option::weighted(0.8, seen).prop_map(Event::Seen)
}

/// A response to a decision, such as a gateway, database or operator might give.
fn answer() -> impl Strategy<Value = RandomAnswer> {
    let authorization = prop_oneof![
        3 => Just(Authorization::Granted),
        1 => Just(Authorization::ActionRequired { client_secret: "secret".into() }),
        1 => Just(Authorization::Processing),
    ];
    let taking = prop_oneof![Just(Taking::Later), Just(Taking::AtOnce)];
    (outcome(), authorization, seen(), taking, 0_u8..10, 0_i64..120_000).prop_map(
        |(outcome, authorization, seen, taking, whim, wait_ms)| RandomAnswer {
            outcome,
            authorization,
            seen,
            taking,
            whim,
            wait_ms,
        },
    )
}

#[derive(Debug, Clone)]
struct RandomAnswer {
    outcome: Outcome<(), ()>,
    authorization: Authorization,
    seen: Event,
    taking: Taking,
    whim: u8,
    wait_ms: i64,
}

impl RandomAnswer {
    fn with<T, R>(&self, done: T, refused: R) -> Outcome<T, R> {
        match self.outcome {
            Outcome::Done(()) => Outcome::Done(done),
            Outcome::Refused(()) => Outcome::Refused(refused),
            Outcome::Unknown(doubt) => Outcome::Unknown(doubt),
        }
    }

    /// The event that responds to the decision, joined with the one of the call that follows. Sometimes somebody cancels or wakes the checkout instead.
    fn to(&self, decision: &Decision) -> Event {
        match (self.whim, decision) {
            (0, _) => Event::CancelRequested,
            (1, _) => Event::Woken,
            (_, Decision::Call(call)) => match call {
                GatewayCall::Prepare { .. } => {
                    let payment = PaymentId("pi_1".into());
                    let prepared = Prepared { payment, taking: self.taking };
                    Event::Prepared(self.with(prepared, decline()))
                }
                GatewayCall::Authorize { .. } => {
                    Event::Authorized(self.with(self.authorization.clone(), decline()))
                }
                GatewayCall::Capture { .. } => Event::Captured(self.outcome.clone()),
                GatewayCall::Void { .. } => Event::Voided(self.outcome.clone()),
                GatewayCall::Ask { .. } => self.seen.clone(),
                GatewayCall::Find { .. } => Event::Found(match self.outcome {
                    Outcome::Done(()) => PaymentSearch::Payment(PaymentId("pi_1".into())),
                    Outcome::Refused(()) => PaymentSearch::Nothing,
                    Outcome::Unknown(_) => PaymentSearch::NoReply,
                }),
            },
            (_, Decision::Local(step)) => match step {
                LocalStep::ConfirmSeats => Event::SeatsConfirmed(self.outcome.clone()),
                LocalStep::IssueTickets => Event::TicketsIssued(self.outcome.clone()),
                LocalStep::ReclaimSeats => Event::SeatsReclaimed(self.outcome.clone()),
                LocalStep::ReleaseSeats { .. } => Event::SeatsReleased(self.outcome.clone()),
            },
            (_, Decision::NeedsOperator(_)) => Event::Retried,
            (_, _) => Event::Woken,
        }
    }
}

/// The name, the attempt and the knowledge of the call that is under way.
fn known(state: &State) -> Option<(&'static str, u32, Knowledge)> {
    match state {
        State::Preparing { call }
        | State::Finding { call, .. }
        | State::Authorizing { call, .. }
        | State::Capturing { call, .. }
        | State::Voiding { call, .. } => Some((state.name(), call.attempt, call.known)),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_path_leaves_the_rules(
        is_free in any::<bool>(),
        answers in proptest::collection::vec(answer(), 1..120),
    ) {
        let (mut checkout, mut now_ms) = (start(is_free), START);
        let (mut is_captured, mut is_authorized) = (is_free, is_free);
        let mut is_sold = false;
        for answer in answers {
            let decision = next(&checkout, now_ms);
            if let Decision::Wait { until_ms, .. } = decision {
                prop_assert!(until_ms > now_ms, "a wait that is over is none");
                now_ms = until_ms.max(now_ms + answer.wait_ms);
                continue;
            }
            let mut event = answer.to(&decision);
            if let Some(call) = follows(&checkout, &event) {
                event = joined(event, answer.to(&Decision::Call(call)));
            }
            let Ok(after) = apply(checkout.clone(), event.clone(), now_ms) else {
                let cancelled = event == Event::CancelRequested;
                prop_assert!(cancelled, "{:?} refuses {event:?}", checkout.state);
                continue;
            };
            // The stored checkout and the checkout that is read back are equal.
            let read = Checkout::decode(&after.encode()).expect("it is one of ours");
            prop_assert_eq!(&read, &after);
            is_authorized |= matches!(
                event,
                Event::Authorized(Outcome::Done(Authorization::Granted))
                    | Event::Placed { authorized: Outcome::Done(Authorization::Granted), .. }
            ) || matches!(
                &event,
                Event::Seen(Some(PaymentSeen {
                    status: PaymentStatus::Authorized | PaymentStatus::Captured,
                    ..
                }))
            );
            is_sold |= event == Event::SeatsConfirmed(Outcome::Done(()));
            let granted = Event::Authorized(Outcome::Done(Authorization::Granted));
            is_captured |= after.taking == Taking::AtOnce && event == granted;
            is_captured |= matches!(
                event,
                Event::Captured(Outcome::Done(())) | Event::Voided(Outcome::Refused(()))
            ) || matches!(
                &event,
                Event::Seen(Some(PaymentSeen { status: PaymentStatus::Captured, .. }))
            );
            let (from, to) = (checkout.state.name(), after.state.name());
            match (from, to) {
                ("rest", to) => prop_assert_eq!(to, "rest", "what is over stays over"),
                ("issuing", to) => {
                    prop_assert!(["issuing", "rest", "stuck"].contains(&to), "back from the pivot");
                }
                (from, "rest") => prop_assert_eq!(from, "releasing", "undone without a release"),
                ("preparing", "releasing") => {
                    let nobody_has_an_id = matches!(&event, Event::Prepared(Outcome::Refused(_)));
                    let declined = matches!(&event, Event::Placed { authorized: Outcome::Refused(_), .. });
                    prop_assert!(nobody_has_an_id || declined, "freed beside a payment: {event:?}");
                }
                (_, _) => {}
            }
            if to == "confirming_seats" && after.taking == Taking::Later {
                prop_assert!(is_authorized, "seats are sold for a payment that is authorized");
            }
            if ["authorizing", "awaiting"].contains(&to) && after.taking == Taking::AtOnce {
                prop_assert!(is_sold, "money is taken at once for seats that are sold");
            }
            if to == "issuing" {
                prop_assert!(is_captured, "tickets are issued for a payment that is captured");
            }
            // A key is abandoned only when its outcome is known, and an abandoned key is never used again.
            if let (Some((one, before, knew)), Some((two, attempt, _))) =
                (known(&checkout.state), known(&after.state))
                && one == two
            {
                prop_assert!(attempt == before || attempt == before + 1);
                let prepares = one == "preparing";
                prop_assert!(attempt == before || knew == Knowledge::Spent || prepares);
            }
            checkout = after;
        }
    }
}
