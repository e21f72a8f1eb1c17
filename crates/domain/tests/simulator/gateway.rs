//! The model gateway: payments, keys that it remembers for a day, webhooks, and a network that loses and delays.
//!
//! It is deliberately less kind than Stripe: a call that it takes for a new one acts again, so that a
//! second authorization reserves the amount twice and a second capture takes it twice.
//!
//! `reply` says what the caller makes of an answer, `giving_back` holds what is given back.

mod giving_back;
mod reply;

use std::collections::BTreeMap;

use holdfast_domain::{
    checkout::{Doubt, Event, PaymentId, PaymentSeen, PaymentStatus, Prepared, RefundId, Taking},
    refund,
};

use crate::{
    faults::{Chance, Fault},
    hooks::{Hook, HookKind},
    rules::{Rule, Rules},
};

/// How long the gateway remembers a key, as Stripe does at least.
const KEY_MEMORY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long the gateway takes at the most where it cannot decide at once, and how late a request may arrive.
const SLOW_MS: i64 = 20 * 60 * 1000;

/// How long something in between answers with faults at the most, while it keeps a refund back.
const JAM_MS: i64 = 2 * 60 * 1000;

/// What a request wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    Prepare { booking: usize, amount: i64 },
    Authorize(PaymentId),
    Capture(PaymentId),
    Void(PaymentId),
    GiveBack(PaymentId, i64),
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) key: String,
    pub(crate) wanted: Wanted,
}

/// What the gateway answers, and repeats under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Prepared(Prepared),
    Granted,
    ActionRequired(String),
    Processing,
    Declined,
    Captured,
    Voided,
    GaveBack(RefundId),
    Refused,
    Fault,
}

#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) booking: usize,
    pub(crate) amount: i64,
    pub(crate) status: PaymentStatus,
    /// How its money is taken.
    taking: Taking,
    /// How often the amount was reserved on the card.
    pub(crate) reserved: u32,
    /// How much was taken.
    pub(crate) taken: i64,
    /// How much of it was given back.
    pub(crate) given_back: i64,
    /// The bank has changed its mind: the reserved amount cannot be taken.
    pub(crate) withdrawn: bool,
    /// It was captured in the gateway's own pages.
    pub(crate) by_hand: bool,
    /// When the gateway will have decided, while it takes time.
    decides_ms: i64,
}

impl Payment {
    /// Whether money can still be taken.
    pub(crate) fn is_open(&self) -> bool {
        self.is_alive() && self.status != PaymentStatus::Captured
    }

    /// Whether money is taken or still can be.
    pub(crate) fn is_alive(&self) -> bool {
        match self.status {
            PaymentStatus::ActionRequired
            | PaymentStatus::Processing
            | PaymentStatus::Authorized
            | PaymentStatus::Captured => true,
            PaymentStatus::Prepared | PaymentStatus::Declined | PaymentStatus::Voided => false,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Gateway {
    pub(crate) payments: Vec<Payment>,
    /// Answers by key, with the moment of the first.
    answers: BTreeMap<String, (i64, Answer)>,
    under_way: Vec<(i64, Request)>,
    /// Until then something in between keeps refunds back and answers with faults.
    jammed_until_ms: i64,
    hooks: u64,
    outgoing: Vec<Hook>,
    /// What was given back of which payment; nothing is ever taken out.
    given_back: Vec<(usize, refund::Entry)>,
    /// Refunds that will turn out not to be delivered, and when.
    bouncing: Vec<(i64, usize)>,
}

fn payment_id(index: usize) -> PaymentId {
    PaymentId(format!("pi_{index}"))
}

fn index(payment: &PaymentId) -> usize {
    payment.0.strip_prefix("pi_").and_then(|n| n.parse().ok()).expect("an id of this gateway")
}

impl Gateway {
    /// Sends a request over the unkind network and says what the caller learns.
    pub(crate) fn call(
        &mut self,
        request: Request,
        now_ms: i64,
        rules: Rules,
        chance: &mut Chance,
    ) -> Event {
        let wanted = request.wanted.clone();
        let answer = self.exchange(request, now_ms, rules, chance);
        reply::understand(&wanted, answer, rules)
    }

    fn exchange(
        &mut self,
        request: Request,
        now_ms: i64,
        rules: Rules,
        chance: &mut Chance,
    ) -> Result<Answer, Doubt> {
        let gives_back = matches!(request.wanted, Wanted::GiveBack(..));
        if gives_back && now_ms < self.jammed_until_ms {
            Ok(Answer::Fault)
        } else if chance.strikes(Fault::LostRequest) {
            Err(Doubt::NoReply)
        } else if chance.strikes(Fault::LateRequest) {
            if gives_back {
                self.jammed_until_ms = now_ms + chance.rng.between(1, JAM_MS);
            }
            self.under_way.push((now_ms + chance.rng.between(1, SLOW_MS), request));
            Err(Doubt::NoReply)
        } else {
            let answer = self.receive(&request, now_ms, rules, chance);
            if chance.strikes(Fault::LostReply) { Err(Doubt::NoReply) } else { Ok(answer) }
        }
    }

    /// Fetches a payment.
    pub(crate) fn fetch(&self, payment: &PaymentId, chance: &mut Chance) -> Option<PaymentSeen> {
        if chance.strikes(Fault::FetchLost) {
            return None;
        }
        let status = self.payments[index(payment)].status;
        let secret = status == PaymentStatus::ActionRequired;
        Some(PaymentSeen {
            status,
            client_secret: secret.then(|| format!("{payment}_secret")),
            decline: None,
        })
    }

    /// What arrives late or is decided late.
    pub(crate) fn tick(&mut self, now_ms: i64, rules: Rules, chance: &mut Chance) {
        let (due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.under_way).into_iter().partition(|(at, _)| *at <= now_ms);
        self.under_way = rest;
        for (at_ms, request) in due {
            self.receive(&request, at_ms, rules, chance);
        }
        self.some_bounce(now_ms);
        for number in 0..self.payments.len() {
            let payment = &self.payments[number];
            if payment.status == PaymentStatus::Processing && payment.decides_ms <= now_ms {
                let status = match chance.rng.below(20) {
                    0..=4 => PaymentStatus::Declined,
                    5..=7 => PaymentStatus::ActionRequired,
                    _ => PaymentStatus::Authorized,
                };
                self.becomes(number, status);
            }
        }
    }

    /// When something that is under way here will have happened.
    pub(crate) fn next_ms(&self) -> Option<i64> {
        let decides = self
            .payments
            .iter()
            .filter(|payment| payment.status == PaymentStatus::Processing)
            .map(|payment| payment.decides_ms);
        let bounces = self.bouncing.iter().map(|(at, _)| *at);
        self.under_way.iter().map(|(at, _)| *at).chain(decides).chain(bounces).min()
    }

    /// Whether webhooks are to be sent.
    pub(crate) fn has_news(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// The webhooks that are to be sent.
    pub(crate) fn take_hooks(&mut self) -> Vec<Hook> {
        std::mem::take(&mut self.outgoing)
    }

    /// The buyer acts with the secret in hand: the bank says yes or no, now or later; after a no another card
    /// may be tried.
    pub(crate) fn buyer_acts(
        &mut self,
        client_secret: &str,
        now_ms: i64,
        chance: &mut Chance,
    ) -> Option<usize> {
        let number = index(&PaymentId(client_secret.strip_suffix("_secret")?.to_owned()));
        let payment = &mut self.payments[number];
        match payment.status {
            PaymentStatus::ActionRequired | PaymentStatus::Declined => {}
            PaymentStatus::Prepared
            | PaymentStatus::Processing
            | PaymentStatus::Authorized
            | PaymentStatus::Captured
            | PaymentStatus::Voided => return None,
        }
        let status = match chance.rng.below(10) {
            0..=2 => PaymentStatus::Declined,
            3..=4 => PaymentStatus::Processing,
            _ => PaymentStatus::Authorized,
        };
        payment.decides_ms = now_ms + chance.rng.between(100, SLOW_MS);
        self.becomes(number, status);
        Some(self.payments[number].booking)
    }

    /// Somebody voids a payment in the gateway's own pages.
    pub(crate) fn void_by_hand(&mut self, number: usize) {
        self.becomes(number, PaymentStatus::Voided);
    }

    /// Somebody captures a payment in the gateway's own pages.
    pub(crate) fn capture_by_hand(&mut self, number: usize) {
        let payment = &mut self.payments[number];
        payment.taken += payment.amount;
        payment.by_hand = true;
        self.becomes(number, PaymentStatus::Captured);
    }

    fn becomes(&mut self, number: usize, status: PaymentStatus) {
        let payment = &mut self.payments[number];
        payment.reserved += u32::from(status == PaymentStatus::Authorized);
        payment.status = match (status, payment.taking) {
            (PaymentStatus::Authorized, Taking::AtOnce) => {
                payment.taken += payment.amount;
                PaymentStatus::Captured
            }
            (status, _) => status,
        };
        self.send(number, HookKind::Changed);
    }

    fn send(&mut self, number: usize, kind: HookKind) {
        self.hooks += 1;
        let booking = self.payments[number].booking;
        self.outgoing.push(Hook { id: self.hooks, booking, kind });
    }

    fn receive(
        &mut self,
        request: &Request,
        now_ms: i64,
        rules: Rules,
        chance: &mut Chance,
    ) -> Answer {
        if rules.keep(Rule::CallsCarryKeys)
            && let Some((since_ms, answer)) = self.answers.get(&request.key)
            && now_ms - since_ms < KEY_MEMORY_MS
        {
            return answer.clone();
        }
        if chance.strikes(Fault::ServerErrorBefore) {
            return self.server_error(request, now_ms, None, chance);
        }
        let answer = self.perform(request, now_ms, chance);
        if chance.strikes(Fault::ServerErrorAfter) {
            return self.server_error(request, now_ms, Some(answer), chance);
        }
        self.answers.insert(request.key.clone(), (now_ms, answer.clone()));
        answer
    }

    /// A server error is repeated under the same key, as Stripe's are. Every other one to a refund comes from
    /// something in between, which keeps nothing.
    fn server_error(
        &mut self,
        request: &Request,
        now_ms: i64,
        did: Option<Answer>,
        chance: &mut Chance,
    ) -> Answer {
        let kept = match request.wanted {
            Wanted::GiveBack(..) if chance.rng.chance(500) => did,
            Wanted::GiveBack(..)
            | Wanted::Prepare { .. }
            | Wanted::Authorize(_)
            | Wanted::Capture(_)
            | Wanted::Void(_) => Some(Answer::Fault),
        };
        if let Some(kept) = kept {
            self.answers.insert(request.key.clone(), (now_ms, kept));
        }
        Answer::Fault
    }

    fn perform(&mut self, request: &Request, now_ms: i64, chance: &mut Chance) -> Answer {
        match &request.wanted {
            Wanted::Prepare { booking, amount } => {
                if chance.rng.chance(20) {
                    return Answer::Refused;
                }
                let at_once = chance.rng.chance(200);
                let taking = if at_once { Taking::AtOnce } else { Taking::Later };
                self.payments.push(Payment {
                    booking: *booking,
                    amount: *amount,
                    status: PaymentStatus::Prepared,
                    taking,
                    reserved: 0,
                    taken: 0,
                    given_back: 0,
                    withdrawn: false,
                    by_hand: false,
                    decides_ms: 0,
                });
                let payment = payment_id(self.payments.len() - 1);
                Answer::Prepared(Prepared { payment, taking })
            }
            Wanted::Authorize(id) => self.authorize(id, now_ms, chance),
            Wanted::Capture(id) => self.capture(index(id)),
            Wanted::GiveBack(id, amount) => {
                self.gives_back(index(id), *amount, &request.key, now_ms, chance)
            }
            Wanted::Void(id) => {
                if self.payments[index(id)].status == PaymentStatus::Captured {
                    return Answer::Refused;
                }
                self.becomes(index(id), PaymentStatus::Voided);
                Answer::Voided
            }
        }
    }

    fn authorize(&mut self, id: &PaymentId, now_ms: i64, chance: &mut Chance) -> Answer {
        let number = index(id);
        let payment = &mut self.payments[number];
        match payment.status {
            PaymentStatus::Prepared | PaymentStatus::Authorized => {}
            PaymentStatus::Captured if payment.taking == Taking::AtOnce => {}
            PaymentStatus::Declined
            | PaymentStatus::ActionRequired
            | PaymentStatus::Processing
            | PaymentStatus::Captured
            | PaymentStatus::Voided => return Answer::Refused,
        }
        let prepared = payment.status == PaymentStatus::Prepared;
        let (status, answer) = match chance.rng.below(20) {
            0..=2 if prepared => (PaymentStatus::Declined, Answer::Declined),
            3..=5 if prepared => {
                (PaymentStatus::ActionRequired, Answer::ActionRequired(format!("{id}_secret")))
            }
            6..=8 if prepared => {
                payment.decides_ms = now_ms + chance.rng.between(100, SLOW_MS);
                (PaymentStatus::Processing, Answer::Processing)
            }
            _ => {
                payment.withdrawn = chance.strikes(Fault::Withdrawn);
                (PaymentStatus::Authorized, Answer::Granted)
            }
        };
        self.becomes(number, status);
        answer
    }

    fn capture(&mut self, number: usize) -> Answer {
        let payment = &mut self.payments[number];
        match payment.status {
            PaymentStatus::Authorized if payment.withdrawn => Answer::Refused,
            PaymentStatus::Captured if payment.by_hand => Answer::Refused,
            PaymentStatus::Authorized | PaymentStatus::Captured => {
                payment.taken += payment.amount;
                self.becomes(number, PaymentStatus::Captured);
                Answer::Captured
            }
            PaymentStatus::Prepared
            | PaymentStatus::Declined
            | PaymentStatus::ActionRequired
            | PaymentStatus::Processing
            | PaymentStatus::Voided => Answer::Refused,
        }
    }
}
