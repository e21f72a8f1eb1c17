//! The model gateway: payments, keys that it remembers, and a network that loses and delays.
//!
//! It is deliberately less kind than Stripe: a call that it takes for a new one acts again, so that a
//! second authorization reserves the amount twice and a second capture takes it twice.

use std::collections::BTreeMap;

use holdfast_domain::checkout::{
    Authorization, Decline, Doubt, Event, Outcome, PaymentId, PaymentSeen, PaymentStatus,
};

use crate::{Rules, prng::Prng};

/// What a request wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    Prepare { booking: usize, amount: i64 },
    Authorize(PaymentId),
    Capture(PaymentId),
    Void(PaymentId),
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) key: String,
    pub(crate) wish: Wish,
}

/// What the gateway answers, and repeats under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Prepared(PaymentId),
    Granted,
    ActionRequired(String),
    Processing,
    Declined,
    Captured,
    Voided,
    Refused,
    Fault,
}

#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) booking: usize,
    pub(crate) amount: i64,
    pub(crate) status: PaymentStatus,
    /// How often the amount was reserved on the card.
    pub(crate) reserved: u32,
    /// How much was taken.
    pub(crate) taken: i64,
    /// The bank has changed its mind: the reserved amount cannot be taken.
    pub(crate) withdrawn: bool,
    /// When the gateway will have decided, while it takes time.
    pub(crate) decides_ms: i64,
}

/// How unkind the world is, in events per mille.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    pub(crate) lost_request: u32,
    pub(crate) lost_reply: u32,
    pub(crate) delayed: u32,
    pub(crate) fault_without_effect: u32,
    pub(crate) fault_after_effect: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Gateway {
    pub(crate) payments: Vec<Payment>,
    answers: BTreeMap<String, Answer>,
    under_way: Vec<(i64, Request)>,
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
        weather: Weather,
        rules: Rules,
        rng: &mut Prng,
    ) -> Event {
        let wish = request.wish.clone();
        let answer = if rng.chance(weather.lost_request) {
            Err(Doubt::NoReply)
        } else if rng.chance(weather.delayed) {
            self.under_way.push((now_ms + rng.between(1, 20 * 60 * 1000), request));
            Err(Doubt::NoReply)
        } else {
            let answer = self.receive(&request, now_ms, weather, rules, rng);
            if rng.chance(weather.lost_reply) { Err(Doubt::NoReply) } else { Ok(answer) }
        };
        understand(&wish, answer, rules)
    }

    /// Fetches a payment.
    pub(crate) fn fetch(
        &self,
        payment: &PaymentId,
        weather: Weather,
        rng: &mut Prng,
    ) -> Option<PaymentSeen> {
        if rng.chance(weather.lost_request) || rng.chance(weather.lost_reply) {
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

    /// What arrives late or is decided late. Says for which bookings something changed.
    pub(crate) fn tick(&mut self, now_ms: i64, rules: Rules, rng: &mut Prng) -> Vec<usize> {
        let (due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.under_way).into_iter().partition(|(at, _)| *at <= now_ms);
        self.under_way = rest;
        for (_, request) in due {
            self.receive(&request, now_ms, Weather::default(), rules, rng);
        }
        let mut changed = Vec::new();
        for payment in &mut self.payments {
            if payment.status == PaymentStatus::Processing && payment.decides_ms <= now_ms {
                payment.status = if rng.chance(700) {
                    payment.reserved += 1;
                    PaymentStatus::Authorized
                } else {
                    PaymentStatus::Declined
                };
                changed.push(payment.booking);
            }
        }
        changed
    }

    /// The buyer acts with the secret in hand: the bank says yes or no; after a no another card may be tried.
    pub(crate) fn buyer_acts(&mut self, client_secret: &str, succeeds: bool) -> Option<usize> {
        let id = PaymentId(client_secret.strip_suffix("_secret")?.to_owned());
        let payment = &mut self.payments[index(&id)];
        match payment.status {
            PaymentStatus::ActionRequired | PaymentStatus::Declined => {}
            PaymentStatus::Prepared
            | PaymentStatus::Processing
            | PaymentStatus::Authorized
            | PaymentStatus::Captured
            | PaymentStatus::Voided => return None,
        }
        payment.status = if succeeds {
            payment.reserved += 1;
            PaymentStatus::Authorized
        } else {
            PaymentStatus::Declined
        };
        Some(payment.booking)
    }

    fn receive(
        &mut self,
        request: &Request,
        now_ms: i64,
        weather: Weather,
        rules: Rules,
        rng: &mut Prng,
    ) -> Answer {
        if rules.gateway_minds_keys
            && let Some(answer) = self.answers.get(&request.key)
        {
            return answer.clone();
        }
        let answer = if rng.chance(weather.fault_without_effect) {
            Answer::Fault
        } else {
            let answer = self.perform(&request.wish, now_ms, rng);
            if rng.chance(weather.fault_after_effect) { Answer::Fault } else { answer }
        };
        self.answers.insert(request.key.clone(), answer.clone());
        answer
    }

    fn perform(&mut self, wish: &Wish, now_ms: i64, rng: &mut Prng) -> Answer {
        match wish {
            Wish::Prepare { booking, amount } => {
                self.payments.push(Payment {
                    booking: *booking,
                    amount: *amount,
                    status: PaymentStatus::Prepared,
                    reserved: 0,
                    taken: 0,
                    withdrawn: false,
                    decides_ms: 0,
                });
                Answer::Prepared(payment_id(self.payments.len() - 1))
            }
            Wish::Authorize(id) => {
                let payment = &mut self.payments[index(id)];
                authorize(payment, id, now_ms, rng)
            }
            Wish::Capture(id) => {
                let payment = &mut self.payments[index(id)];
                match payment.status {
                    PaymentStatus::Authorized if payment.withdrawn => Answer::Refused,
                    PaymentStatus::Authorized | PaymentStatus::Captured => {
                        payment.status = PaymentStatus::Captured;
                        payment.taken += payment.amount;
                        Answer::Captured
                    }
                    PaymentStatus::Prepared
                    | PaymentStatus::Declined
                    | PaymentStatus::ActionRequired
                    | PaymentStatus::Processing
                    | PaymentStatus::Voided => Answer::Refused,
                }
            }
            Wish::Void(id) => {
                let payment = &mut self.payments[index(id)];
                if payment.status == PaymentStatus::Captured {
                    return Answer::Refused;
                }
                payment.status = PaymentStatus::Voided;
                Answer::Voided
            }
        }
    }
}

fn authorize(payment: &mut Payment, id: &PaymentId, now_ms: i64, rng: &mut Prng) -> Answer {
    match payment.status {
        PaymentStatus::Prepared | PaymentStatus::Authorized => {}
        PaymentStatus::Declined
        | PaymentStatus::ActionRequired
        | PaymentStatus::Processing
        | PaymentStatus::Captured
        | PaymentStatus::Voided => return Answer::Refused,
    }
    match rng.below(20) {
        0..=2 if payment.status == PaymentStatus::Prepared => {
            payment.status = PaymentStatus::Declined;
            Answer::Declined
        }
        3..=6 if payment.status == PaymentStatus::Prepared => {
            payment.status = PaymentStatus::ActionRequired;
            Answer::ActionRequired(format!("{id}_secret"))
        }
        7..=8 if payment.status == PaymentStatus::Prepared => {
            payment.status = PaymentStatus::Processing;
            payment.decides_ms = now_ms + rng.between(100, 20 * 60 * 1000);
            Answer::Processing
        }
        _ => {
            payment.status = PaymentStatus::Authorized;
            payment.reserved += 1;
            payment.withdrawn = rng.chance(80);
            Answer::Granted
        }
    }
}

fn understand(wish: &Wish, answer: Result<Answer, Doubt>, rules: Rules) -> Event {
    let doubt = match answer {
        Err(doubt) => Some(doubt),
        Ok(Answer::Fault) => Some(Doubt::Faulted),
        Ok(_) => None,
    };
    let decline = |code: &str| Decline { code: code.to_owned() };
    if let Some(doubt) = doubt {
        let known = rules.unknown_stays_unknown;
        return match wish {
            Wish::Prepare { .. } if known => Event::Prepared(Outcome::Unknown(doubt)),
            Wish::Prepare { .. } => Event::Prepared(Outcome::Refused(decline("timeout"))),
            Wish::Authorize(_) if known => Event::Authorized(Outcome::Unknown(doubt)),
            Wish::Authorize(_) => Event::Authorized(Outcome::Refused(decline("timeout"))),
            Wish::Capture(_) if known => Event::Captured(Outcome::Unknown(doubt)),
            Wish::Capture(_) => Event::Captured(Outcome::Refused(())),
            Wish::Void(_) => Event::Voided(Outcome::Unknown(doubt)),
        };
    }
    match answer.expect("not in doubt") {
        Answer::Prepared(id) => Event::Prepared(Outcome::Done(id)),
        Answer::Granted => Event::Authorized(Outcome::Done(Authorization::Granted)),
        Answer::ActionRequired(client_secret) => {
            Event::Authorized(Outcome::Done(Authorization::ActionRequired { client_secret }))
        }
        Answer::Processing => Event::Authorized(Outcome::Done(Authorization::Processing)),
        Answer::Declined => Event::Authorized(Outcome::Refused(decline("card_declined"))),
        Answer::Captured => Event::Captured(Outcome::Done(())),
        Answer::Voided => Event::Voided(Outcome::Done(())),
        Answer::Refused | Answer::Fault => match wish {
            Wish::Prepare { .. } => Event::Prepared(Outcome::Refused(decline("refused"))),
            Wish::Authorize(_) => Event::Authorized(Outcome::Refused(decline("refused"))),
            Wish::Capture(_) => Event::Captured(Outcome::Refused(())),
            Wish::Void(_) => Event::Voided(Outcome::Refused(())),
        },
    }
}
