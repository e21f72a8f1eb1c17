//! The cases that the seeds have reached: pairs of state and event, points of death, faults, endings and scenes. A
//! simulator proves nothing about a case that it never reaches. Therefore a run over enough seeds fails when it did not
//! reach every entry of the lists in this module.

use std::collections::BTreeMap;

use holdfast_domain::{
    checkout::{
        Authorization, Call, Checkout, Doubt, Event, Knowledge, Outcome, PaymentSearch,
        PaymentStatus, SeatsStand, State, Taking,
    },
    refund,
};

use strum::VariantArray as _;

use crate::faults::Fault;

/// The table of the checkout machine. It lists every legal pair of state and event.
const TABLE: &str = include_str!("../checkout.table");

/// Pairs that this simulator cannot produce, with the reason.
const OUT_OF_REACH: &[(&str, &[&str], &str)] = &[
    (
        "capturing",
        &["seen prepared", "seen declined", "seen action", "seen processing"],
        "a payment that was authorized never goes back",
    ),
    (
        "voiding sold",
        &["seen prepared", "seen declined", "seen action", "seen processing"],
        "a payment that was authorized never goes back",
    ),
    ("awaiting", &["seen prepared"], "a payment that was decided on never goes back"),
    ("authorizing at once", &["seen authorized"], "what is taken at once is never reserved"),
    ("awaiting buyer at once", &["seen authorized"], "what is taken at once is never reserved"),
    ("awaiting gateway at once", &["seen authorized"], "what is taken at once is never reserved"),
    ("issuing", &["issue refused"], "the store issues, or fails"),
    ("releasing", &["release refused"], "the store releases, or fails"),
    ("confirmed", &["woken"], "what is over is not claimed"),
    ("failed", &["woken"], "what is over is not claimed"),
    ("stuck", &["woken"], "what is stuck is not claimed"),
];

/// The points of death around a call to the gateway. A local step has only the last two.
const MOMENTS: [&str; 4] = ["before_effect", "after_effect", "before_record", "after_record"];
const OUTSIDE: [&str; 8] =
    ["prepare", "authorize", "capture", "void", "ask", "find", "refund", "look_for_refund"];
const LOCAL: [&str; 7] = [
    "reclaim_seats",
    "begin",
    "confirm_seats",
    "issue_tickets",
    "release_seats",
    "cancel",
    "post_refund",
];
/// The pairs of a refund. Some pairs are missing: a posting is never refused, a refund that has ended or is stuck is
/// not claimed, and no world fails for so long that a call or a posting needs an operator.
const REFUND: [(&str, &str); 19] = [
    ("refunding", "refunded"),
    ("refunding", "refund refused"),
    ("refunding", "refund unanswered"),
    ("refunding", "refund faulted"),
    ("refunding", "woken"),
    ("looking new", "looked in vain"),
    ("looking new", "looked, made"),
    ("looking new", "looked, none of ours"),
    ("looking new", "woken"),
    ("looking refused", "looked in vain"),
    ("looking refused", "looked, none of ours"),
    ("looking refused", "looked, less is left"),
    ("posting", "posted"),
    ("posting", "post unknown"),
    ("posting", "woken"),
    ("posting", "failed"),
    ("rest", "failed"),
    ("reversing", "reversed"),
    ("stuck", "retried"),
];
const ENDINGS: [&str; 7] = [
    "seats-lost-refunded",
    "confirmed",
    "payment-declined",
    "seats-lost",
    "payment-timeout",
    "capture-refused",
    "cancelled",
];
const SCENES: [&str; 32] = [
    "checkouts begin together",
    "one of those who begin together is refused",
    "checkouts share a transaction",
    "one of those who share a transaction is refused",
    "a guest signs in while paying",
    "what exceeds the limit stays the guest's",
    "a request of a guest arrives after the sign-in",
    "a paid booking is cancelled",
    "a part is given back",
    "what was given back by hand is counted",
    "a called-off booking is cancelled",
    "an operator is called for a refund",
    "a lapsed hold is taken over",
    "a hold is refused by the look",
    "a hold is refused inside",
    "a lock is contended",
    "a transaction is run again",
    "a limit refuses",
    "places are short",
    "a hold clears lapsed places away",
    "expiry comes too late",
    "a reservation is given up",
    "two reservations in one booking",
    "a second tab is refused",
    "a new card after a decline",
    "an answer is replayed",
    "a client hears that it is not known yet",
    "a webhook comes again",
    "a webhook is taken up twice",
    "a stale worker is fenced off",
    "a worker takes over from one who sleeps",
    "an operator is called",
];

/// How often each case was reached. A case has a kind and two words that name it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Coverage {
    reached: BTreeMap<(&'static str, &'static str, &'static str), u64>,
}

impl Coverage {
    fn note(&mut self, kind: &'static str, one: &'static str, two: &'static str, times: u64) {
        *self.reached.entry((kind, one, two)).or_default() += times;
    }

    /// Counts that a checkout processed an event.
    pub(crate) fn pair(&mut self, checkout: &Checkout, event: &Event) {
        let state = match checkout.taking {
            Taking::Later => state_word(&checkout.state),
            Taking::AtOnce => at_once_word(&checkout.state),
        };
        self.note("pair", state, event_word(event), 1);
    }

    /// Counts that a refund processed an event.
    pub(crate) fn refund_pair(&mut self, before: &refund::Refund, event: &refund::Event) {
        let state = match &before.state {
            refund::State::Looking { then: refund::NextTry::SameKey, .. } => "looking same",
            refund::State::Looking { then: refund::NextTry::NewKey, .. } => "looking new",
            refund::State::Looking { then: refund::NextTry::Refused { .. }, .. } => {
                "looking refused"
            }
            other => other.name(),
        };
        let event = match event {
            refund::Event::Looked(None) => "looked in vain",
            refund::Event::Looked(Some(books)) if books.of(before.saga).is_some() => "looked, made",
            refund::Event::Looked(Some(books)) if books.left_minor() < before.amount.minor => {
                "looked, less is left"
            }
            refund::Event::Looked(Some(_)) => "looked, none of ours",
            refund::Event::Failed { .. } => "failed",
            refund::Event::Reversed => "reversed",
            refund::Event::Refunded(Outcome::Done(_)) => "refunded",
            refund::Event::Refunded(Outcome::Refused(_)) => "refund refused",
            refund::Event::Refunded(Outcome::Unknown(Doubt::NoReply)) => "refund unanswered",
            refund::Event::Refunded(Outcome::Unknown(Doubt::Faulted)) => "refund faulted",
            refund::Event::Posted(Outcome::Done(())) => "posted",
            refund::Event::Posted(Outcome::Refused(())) => "post refused",
            refund::Event::Posted(Outcome::Unknown(_)) => "post unknown",
            refund::Event::Woken => "woken",
            refund::Event::Retried => "retried",
        };
        self.note("refund", state, event, 1);
    }

    /// Counts that a node died at this moment of a step.
    pub(crate) fn death(&mut self, step: &'static str, moment: &'static str) {
        self.note("death", step, moment, 1);
    }

    /// Adds how often a fault struck.
    pub(crate) fn fault(&mut self, fault: Fault, times: u64) {
        self.note("fault", fault.name(), "", times);
    }

    /// Counts the ending of a checkout.
    pub(crate) fn ending(&mut self, name: &'static str) {
        self.note("ending", name, "", 1);
    }

    /// Counts a scene: a notable situation from the list of scenes.
    pub(crate) fn scene(&mut self, name: &'static str) {
        debug_assert!(SCENES.contains(&name), "{name} is on no list");
        self.note("scene", name, "", 1);
    }

    /// Adds the number of ticks.
    pub(crate) fn ticks(&mut self, times: u64) {
        self.note("ticks", "", "", times);
    }

    /// Adds the cases that other seeds reached.
    pub(crate) fn add(&mut self, other: &Self) {
        for (&(kind, one, two), &times) in &other.reached {
            self.note(kind, one, two, times);
        }
    }

    /// The cases on the lists that were not reached, and the number of all cases on the lists.
    pub(crate) fn missing(&self) -> (Vec<String>, usize) {
        let expected = expected();
        let missing = expected
            .iter()
            .filter(|(kind, one, two)| {
                let times =
                    self.reached.iter().find(|((k, o, t), _)| k == kind && o == one && t == two);
                times.is_none_or(|(_, times)| *times == 0)
            })
            .map(|(kind, one, two)| format!("{kind} {one} {two}").trim_end().to_owned())
            .collect();
        (missing, expected.len())
    }

    /// The counts of all cases as text, for the end of a run.
    pub(crate) fn summary(&self) -> String {
        let mut lines = String::new();
        for kind in ["ending", "fault", "scene"] {
            let of_kind: Vec<String> = self
                .reached
                .iter()
                .filter(|((k, _, _), _)| *k == kind)
                .map(|((_, one, _), times)| format!("{one} {times}"))
                .collect();
            lines.push_str(&format!("  {kind}s: {}\n", of_kind.join(", ")));
        }
        let sum = |kind| {
            let of_kind = self.reached.iter().filter(|((k, _, _), _)| *k == kind);
            of_kind.map(|(_, times)| times).sum::<u64>()
        };
        let mut goals: Vec<_> = self.reached.iter().filter(|((k, ..), _)| *k != "ticks").collect();
        goals.sort_by_key(|(_, times)| **times);
        let rarest: Vec<String> = goals
            .iter()
            .take(6)
            .map(|((kind, one, two), times)| format!("{kind} {one} {two} {times}"))
            .collect();
        lines.push_str(&format!("  rarest: {}\n", rarest.join(", ")));
        let (missing, all) = self.missing();
        lines.push_str(&format!(
            "  {} steps, {} events applied, {} deaths; {} of {all} goals reached",
            sum("ticks"),
            sum("pair"),
            sum("death"),
            all - missing.len(),
        ));
        lines
    }
}

/// The cases that enough seeds must reach.
fn expected() -> Vec<(&'static str, String, String)> {
    let mut all = Vec::new();
    let mut state = String::new();
    for line in TABLE.lines() {
        match line.strip_prefix("    ") {
            None => state = line.trim_end_matches(" last").to_owned(),
            Some(line) => {
                let event = line.split(':').next().unwrap_or_default();
                let out_of_reach = OUT_OF_REACH
                    .iter()
                    .any(|(from, events, _)| state.starts_with(from) && events.contains(&event));
                if !out_of_reach {
                    all.push(("pair", state.clone(), event.to_owned()));
                }
            }
        }
    }
    for step in OUTSIDE {
        all.extend(MOMENTS.map(|moment| ("death", step.to_owned(), moment.to_owned())));
    }
    for step in LOCAL {
        all.extend(
            MOMENTS[2..].iter().map(|moment| ("death", step.to_owned(), (*moment).to_owned())),
        );
    }
    all.extend(REFUND.map(|(state, event)| ("refund", state.to_owned(), event.to_owned())));
    let single = |kind, name: &str| (kind, name.to_owned(), String::new());
    all.extend(Fault::VARIANTS.iter().map(|fault| single("fault", fault.name())));
    all.extend(ENDINGS.map(|ending| single("ending", ending)));
    all.extend(SCENES.map(|scene| single("scene", scene)));
    all.sort();
    all.dedup();
    all
}

/// The state of a checkout whose payment takes the money at once, in the words of the table.
fn at_once_word(state: &State) -> &'static str {
    match (state, state_word(state)) {
        (State::ConfirmingSeats { .. }, _) => "confirming at once",
        (_, "authorizing") => "authorizing at once",
        (_, "authorizing unanswered") => "authorizing at once unanswered",
        (_, "authorizing spent") => "authorizing at once spent",
        (_, "awaiting buyer") => "awaiting buyer at once",
        (_, "awaiting gateway") => "awaiting gateway at once",
        (_, word) => word,
    }
}

/// The state in the words of the table.
fn state_word(state: &State) -> &'static str {
    let of_call = |call: &Call, words: [&'static str; 3]| match call.known {
        Knowledge::Open => words[0],
        Knowledge::Unanswered => words[1],
        Knowledge::Spent => words[2],
    };
    match state {
        State::Preparing { call } => {
            of_call(call, ["preparing", "preparing taken over", "preparing spent"])
        }
        State::Finding { call, .. } => of_call(call, ["finding", "finding", "finding spent"]),
        State::Authorizing { call, .. } => {
            of_call(call, ["authorizing", "authorizing unanswered", "authorizing spent"])
        }
        State::Awaiting { client_secret: Some(_), .. } => "awaiting buyer",
        State::Awaiting { client_secret: None, .. } => "awaiting gateway",
        State::ConfirmingSeats { payment: Some(_), .. } => "confirming paid",
        State::ConfirmingSeats { payment: None, .. } => "confirming free",
        State::Capturing { call, .. } => {
            of_call(call, ["capturing", "capturing unanswered", "capturing spent"])
        }
        State::Issuing { payment: Some(_), .. } => "issuing paid",
        State::Issuing { payment: None, .. } => "issuing free",
        State::Voiding { seats: SeatsStand::Paying, call, .. } => {
            of_call(call, ["voiding paying", "voiding paying unanswered", "voiding paying spent"])
        }
        State::Voiding { seats: SeatsStand::Sold, call, .. } => {
            of_call(call, ["voiding sold", "voiding sold unanswered", "voiding sold spent"])
        }
        State::Reclaiming { .. } => "reclaiming",
        State::Releasing { .. } => "releasing",
        State::Rest { ending: holdfast_domain::checkout::Ending::Confirmed } => "confirmed",
        State::Rest { ending: holdfast_domain::checkout::Ending::Failed(_) } => "failed",
        State::Stuck { .. } => "stuck",
    }
}

/// The event in the words of the table.
fn event_word(event: &Event) -> &'static str {
    fn of<T, R>(outcome: &Outcome<T, R>, words: [&'static str; 4]) -> &'static str {
        match outcome {
            Outcome::Done(_) => words[0],
            Outcome::Refused(_) => words[1],
            Outcome::Unknown(Doubt::NoReply) => words[2],
            Outcome::Unknown(Doubt::Faulted) => words[3],
        }
    }
    match event {
        Event::Prepared(Outcome::Done(prepared)) if prepared.taking == Taking::AtOnce => {
            "prepare at once"
        }
        Event::Prepared(outcome) => {
            of(outcome, ["prepare done", "prepare refused", "prepare no reply", "prepare faulted"])
        }
        Event::Placed { authorized, .. } => match authorized {
            Outcome::Done(Authorization::ActionRequired { .. }) => "placed action",
            Outcome::Done(Authorization::Processing) => "placed processing",
            outcome => of(
                outcome,
                ["placed granted", "placed refused", "placed no reply", "placed faulted"],
            ),
        },
        Event::Authorized(Outcome::Done(Authorization::ActionRequired { .. })) => {
            "authorize action"
        }
        Event::Authorized(Outcome::Done(Authorization::Processing)) => "authorize processing",
        Event::Authorized(outcome) => of(
            outcome,
            ["authorize granted", "authorize refused", "authorize no reply", "authorize faulted"],
        ),
        Event::SeatsConfirmed(outcome) => {
            of(outcome, ["seats done", "seats refused", "seats unknown", "seats unknown"])
        }
        Event::Captured(outcome) => {
            of(outcome, ["capture done", "capture refused", "capture no reply", "capture faulted"])
        }
        Event::TicketsIssued(outcome) => {
            of(outcome, ["issue done", "issue refused", "issue unknown", "issue unknown"])
        }
        Event::Voided(outcome) => {
            of(outcome, ["void done", "void refused", "void no reply", "void faulted"])
        }
        Event::SeatsReclaimed(outcome) => {
            of(outcome, ["reclaim done", "reclaim refused", "reclaim unknown", "reclaim unknown"])
        }
        Event::SeatsReleased(outcome) => {
            of(outcome, ["release done", "release refused", "release unknown", "release unknown"])
        }
        Event::Seen(None) => "seen nothing",
        Event::Seen(Some(seen)) => match seen.status {
            PaymentStatus::Prepared => "seen prepared",
            PaymentStatus::Declined => "seen declined",
            PaymentStatus::ActionRequired => "seen action",
            PaymentStatus::Processing => "seen processing",
            PaymentStatus::Authorized => "seen authorized",
            PaymentStatus::Captured => "seen captured",
            PaymentStatus::Voided => "seen voided",
        },
        Event::Found(PaymentSearch::Payment(_)) => "found",
        Event::Found(PaymentSearch::Nothing) => "found nothing",
        Event::Found(PaymentSearch::NoReply) => "find no reply",
        Event::Woken => "woken",
        Event::CancelRequested => "cancel",
        Event::Retried => "retry",
    }
}
