//! The model gateway: payments, idempotency keys that it remembers for a day, webhooks, and a network that loses and
//! delays messages.
//!
//! It is deliberately harsher than Stripe. A call with a new key is performed again, even if the payment is already
//! authorized or captured: a second authorization reserves the amount twice, and a second capture takes it twice.
//!
//! `reply` interprets a response for the caller, `giving_back` contains the refunds.

mod giving_back;
mod reply;

use std::collections::BTreeMap;

use holdfast_domain::{
    checkout::{
        Doubt, Event, PaymentId, PaymentSearch, PaymentSeen, PaymentStatus, Prepared, RefundId,
        Taking,
    },
    refund,
};

use crate::{
    faults::{Chance, Fault},
    hooks::{Hook, HookKind},
    rules::{Rule, Rules},
};

/// How long the gateway remembers a key, in milliseconds: the minimum that Stripe promises.
const KEY_MEMORY_MS: i64 = 24 * 60 * 60 * 1000;
/// The longest time that the gateway takes for a delayed decision, and the longest delay of a late request, in
/// milliseconds.
const SLOW_MS: i64 = 20 * 60 * 1000;

/// The longest time that an intermediate system responds with errors while it holds a refund request back, in
/// milliseconds.
const JAM_MS: i64 = 2 * 60 * 1000;

/// The call that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GatewayRequest {
    Prepare { booking: usize, amount: i64 },
    Authorize(PaymentId),
    Capture(PaymentId),
    Void(PaymentId),
    GiveBack(PaymentId, i64),
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) key: String,
    pub(crate) wanted: GatewayRequest,
}

/// The gateway's response to a call. The gateway repeats it for the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum GatewayAnswer {
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
    /// How the payment takes its money.
    taking: Taking,
    /// How often the amount was reserved on the card. More than once is a breach.
    pub(crate) reserved: u32,
    /// The captured amount, in minor units.
    pub(crate) taken: i64,
    /// The refunded part of the captured amount, in minor units.
    pub(crate) given_back: i64,
    /// Whether the bank withdrew the authorization, so that the reserved amount cannot be captured.
    pub(crate) withdrawn: bool,
    /// Whether somebody captured the payment manually at the gateway.
    pub(crate) by_hand: bool,
    /// When the gateway decides, while the status is `Processing`, in milliseconds.
    decides_ms: i64,
}

impl Payment {
    /// Whether the payment can still be captured.
    pub(crate) fn is_open(&self) -> bool {
        self.is_alive() && self.status != PaymentStatus::Captured
    }

    /// Whether the payment is captured or can still be captured.
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
    /// The first response for each key, with its moment.
    answers: BTreeMap<String, (i64, GatewayAnswer)>,
    under_way: Vec<(i64, Request)>,
    /// The moment until which an intermediate system holds refund requests back and responds with errors.
    jammed_until_ms: i64,
    hooks: u64,
    outgoing: Vec<Hook>,
    /// All refunds with the index of their payment, including failed refunds. No refund is ever removed.
    given_back: Vec<(usize, refund::BookedRefund)>,
    /// The refunds whose delivery will fail, with the moment of the failure.
    bouncing: Vec<(i64, usize)>,
}

fn payment_id(index: usize) -> PaymentId {
    PaymentId(format!("pi_{index}"))
}

fn index(payment: &PaymentId) -> usize {
    payment.0.strip_prefix("pi_").and_then(|n| n.parse().ok()).expect("an id of this gateway")
}

impl Gateway {
    /// Sends a request over the unreliable network and returns what the caller learns.
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
    ) -> Result<GatewayAnswer, Doubt> {
        let gives_back = matches!(request.wanted, GatewayRequest::GiveBack(..));
        if gives_back && now_ms < self.jammed_until_ms {
            Ok(GatewayAnswer::Fault)
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

    /// Fetches a payment. Returns `None` if no response arrives.
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

    /// Searches for the payment of a booking: one that took or holds money comes before the others.
    pub(crate) fn find(&self, booking: usize, chance: &mut Chance) -> PaymentSearch {
        if chance.strikes(Fault::FetchLost) {
            return PaymentSearch::NoReply;
        }
        let of_booking = |n: &usize| self.payments[*n].booking == booking;
        let rank = |n: &usize| {
            let payment = &self.payments[*n];
            (payment.status == PaymentStatus::Captured, payment.is_alive())
        };
        let found = (0..self.payments.len()).filter(of_booking).max_by_key(rank);
        found.map_or(PaymentSearch::Nothing, |n| PaymentSearch::Payment(payment_id(n)))
    }

    /// Processes the requests that arrive late and the decisions that are due.
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

    /// The moment of the next late request or delayed decision.
    pub(crate) fn next_ms(&self) -> Option<i64> {
        let decides = self
            .payments
            .iter()
            .filter(|payment| payment.status == PaymentStatus::Processing)
            .map(|payment| payment.decides_ms);
        let bounces = self.bouncing.iter().map(|(at, _)| *at);
        self.under_way.iter().map(|(at, _)| *at).chain(decides).chain(bounces).min()
    }

    /// Whether webhooks are waiting to be sent.
    pub(crate) fn has_news(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Takes the webhooks that are waiting to be sent.
    pub(crate) fn take_hooks(&mut self) -> Vec<Hook> {
        std::mem::take(&mut self.outgoing)
    }

    /// The buyer acts with the secret in the browser. The bank accepts or declines, now or later. After a decline the
    /// buyer may try another card.
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

    /// Somebody voids a payment manually at the gateway.
    pub(crate) fn void_by_hand(&mut self, number: usize) {
        self.becomes(number, PaymentStatus::Voided);
    }

    /// Somebody captures a payment manually at the gateway.
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
    ) -> GatewayAnswer {
        if rules.keep(Rule::CallsCarryKeys)
            && let Some((since_ms, answer)) = self.answers.get(&request.key)
            && now_ms - since_ms < KEY_MEMORY_MS
        {
            // An intermediate system fails, and says so in the gateway's words.
            let prepares = matches!(request.wanted, GatewayRequest::Prepare { .. });
            let fails = prepares && chance.strikes(Fault::ServerErrorBefore);
            return if fails { GatewayAnswer::Fault } else { answer.clone() };
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

    /// Responds with an error. As at Stripe, an error of the gateway is stored and repeated for the same key. For
    /// refunds, every second error comes from an intermediate system, which stores nothing for the key.
    fn server_error(
        &mut self,
        request: &Request,
        now_ms: i64,
        did: Option<GatewayAnswer>,
        chance: &mut Chance,
    ) -> GatewayAnswer {
        let kept = match request.wanted {
            GatewayRequest::GiveBack(..) if chance.rng.chance(500) => did,
            GatewayRequest::GiveBack(..)
            | GatewayRequest::Prepare { .. }
            | GatewayRequest::Authorize(_)
            | GatewayRequest::Capture(_)
            | GatewayRequest::Void(_) => Some(GatewayAnswer::Fault),
        };
        if let Some(kept) = kept {
            self.answers.insert(request.key.clone(), (now_ms, kept));
        }
        GatewayAnswer::Fault
    }

    fn perform(&mut self, request: &Request, now_ms: i64, chance: &mut Chance) -> GatewayAnswer {
        match &request.wanted {
            GatewayRequest::Prepare { booking, amount } => {
                if chance.rng.chance(20) {
                    return GatewayAnswer::Refused;
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
                GatewayAnswer::Prepared(Prepared { payment, taking })
            }
            GatewayRequest::Authorize(id) => self.authorize(id, now_ms, chance),
            GatewayRequest::Capture(id) => self.capture(index(id)),
            GatewayRequest::GiveBack(id, amount) => {
                self.gives_back(index(id), *amount, &request.key, now_ms, chance)
            }
            GatewayRequest::Void(id) => {
                if self.payments[index(id)].status == PaymentStatus::Captured {
                    return GatewayAnswer::Refused;
                }
                self.becomes(index(id), PaymentStatus::Voided);
                GatewayAnswer::Voided
            }
        }
    }

    fn authorize(&mut self, id: &PaymentId, now_ms: i64, chance: &mut Chance) -> GatewayAnswer {
        let number = index(id);
        let payment = &mut self.payments[number];
        match payment.status {
            PaymentStatus::Prepared | PaymentStatus::Authorized => {}
            PaymentStatus::Captured if payment.taking == Taking::AtOnce => {}
            PaymentStatus::Declined
            | PaymentStatus::ActionRequired
            | PaymentStatus::Processing
            | PaymentStatus::Captured
            | PaymentStatus::Voided => return GatewayAnswer::Refused,
        }
        let prepared = payment.status == PaymentStatus::Prepared;
        let (status, answer) = match chance.rng.below(20) {
            0..=2 if prepared => (PaymentStatus::Declined, GatewayAnswer::Declined),
            3..=5 if prepared => (
                PaymentStatus::ActionRequired,
                GatewayAnswer::ActionRequired(format!("{id}_secret")),
            ),
            6..=8 if prepared => {
                payment.decides_ms = now_ms + chance.rng.between(100, SLOW_MS);
                (PaymentStatus::Processing, GatewayAnswer::Processing)
            }
            _ => {
                payment.withdrawn = chance.strikes(Fault::Withdrawn);
                (PaymentStatus::Authorized, GatewayAnswer::Granted)
            }
        };
        self.becomes(number, status);
        answer
    }

    fn capture(&mut self, number: usize) -> GatewayAnswer {
        let payment = &mut self.payments[number];
        match payment.status {
            PaymentStatus::Authorized if payment.withdrawn => GatewayAnswer::Refused,
            PaymentStatus::Captured if payment.by_hand => GatewayAnswer::Refused,
            PaymentStatus::Authorized | PaymentStatus::Captured => {
                payment.taken += payment.amount;
                self.becomes(number, PaymentStatus::Captured);
                GatewayAnswer::Captured
            }
            PaymentStatus::Prepared
            | PaymentStatus::Declined
            | PaymentStatus::ActionRequired
            | PaymentStatus::Processing
            | PaymentStatus::Voided => GatewayAnswer::Refused,
        }
    }
}
