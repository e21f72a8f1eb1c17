//! The refunds of the model gateway: refunds by call, manual refunds, refunds whose delivery fails, and the list of all
//! refunds.

use holdfast_domain::{
    checkout::{Outcome, PaymentId, RefundId},
    refund::{BookedRefund, Fate, GatewayBooks},
};

use super::{Gateway, GatewayAnswer, GatewayRequest, Request, index, reply};
use crate::{
    faults::{Chance, Fault},
    hooks::HookKind,
    rules::Rules,
};

/// The longest time until the gateway knows that it cannot deliver a refund, in milliseconds.
const BOUNCE_MS: i64 = 60 * 60 * 1000;

/// The longest time until the gateway knows that it cannot deliver a refund, in the cases in which it knows soon, in
/// milliseconds.
const SOON_MS: i64 = 1_000;

impl Gateway {
    /// Refunds an amount of a payment, as the call with this key asks.
    pub(crate) fn give_back(
        &mut self,
        key: String,
        (payment, amount): (PaymentId, i64),
        now_ms: i64,
        rules: Rules,
        chance: &mut Chance,
    ) -> Outcome<RefundId, String> {
        let request = Request { key, wanted: GatewayRequest::GiveBack(payment, amount) };
        reply::understand_refund(self.exchange(request, now_ms, rules, chance))
    }

    /// The gateway's books of the payment. Returns `None` if no response arrives.
    pub(crate) fn books(&self, payment: &PaymentId, chance: &mut Chance) -> Option<GatewayBooks> {
        if chance.strikes(Fault::FetchLost) {
            return None;
        }
        let number = index(payment);
        let refunds = self.given_back.iter().filter(|(of, _)| *of == number);
        let refunds = refunds.map(|(_, entry)| entry.clone()).collect();
        Some(GatewayBooks { captured_minor: self.payments[number].taken, refunds })
    }

    /// The refund with this index, and the index of its payment.
    pub(crate) fn given(&self, refund: usize) -> (usize, &BookedRefund) {
        let (payment, entry) = &self.given_back[refund];
        (*payment, entry)
    }

    pub(super) fn gives_back(
        &mut self,
        number: usize,
        amount: i64,
        key: &str,
        now_ms: i64,
        chance: &mut Chance,
    ) -> GatewayAnswer {
        let payment = &self.payments[number];
        // Sometimes the account has too little money for a refund.
        if payment.taken - payment.given_back < amount || chance.rng.chance(30) {
            return GatewayAnswer::Refused;
        }
        let refund = self.enter(number, amount, Some(key));
        if chance.strikes(Fault::Bounced) {
            let most = if chance.rng.chance(500) { SOON_MS } else { BOUNCE_MS };
            let at = now_ms + chance.rng.between(1, most);
            self.bouncing.push((at, self.given_back.len() - 1));
        }
        GatewayAnswer::GaveBack(refund)
    }

    /// Somebody makes a manual refund at the gateway. Returns whether enough money was left of the payment.
    pub(crate) fn refund_by_hand(&mut self, number: usize, amount: i64) -> bool {
        let payment = &self.payments[number];
        if payment.taken - payment.given_back < amount {
            return false;
        }
        self.enter(number, amount, None);
        self.send(number, HookKind::GivenBack(amount));
        true
    }

    fn enter(&mut self, number: usize, minor: i64, key: Option<&str>) -> RefundId {
        self.payments[number].given_back += minor;
        let id = RefundId(format!("re_{}", self.given_back.len()));
        let key = key.map(str::to_owned);
        self.given_back
            .push((number, BookedRefund { id: id.clone(), key, minor, fate: Fate::Made }));
        id
    }

    /// Whether the delivery of some refund will still fail.
    pub(crate) fn will_bounce(&self) -> bool {
        !self.bouncing.is_empty()
    }

    /// Marks the refunds whose delivery fails by now as failed.
    pub(super) fn some_bounce(&mut self, now_ms: i64) {
        let (due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.bouncing).into_iter().partition(|(at, _)| *at <= now_ms);
        self.bouncing = rest;
        for (_, refund) in due {
            let (number, entry) = &mut self.given_back[refund];
            entry.fate = Fate::Failed { code: "expired_or_canceled_card".to_owned() };
            let (number, minor) = (*number, entry.minor);
            self.payments[number].given_back -= minor;
            self.send(number, HookKind::Bounced(refund));
        }
    }
}
