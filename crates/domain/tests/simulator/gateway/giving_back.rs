//! What the model gateway gives back, by call and by hand; what of it cannot be delivered; and its list of it.

use holdfast_domain::{
    checkout::{Outcome, PaymentId, RefundId},
    refund::{Books, Entry, Fate},
};

use super::{Answer, Gateway, Request, Wanted, index, reply};
use crate::{
    faults::{Chance, Fault},
    hooks::HookKind,
    rules::Rules,
};

/// How long it takes at the most until the gateway knows that a refund cannot be delivered.
const BOUNCE_MS: i64 = 60 * 60 * 1000;

/// How long it takes where the gateway knows it soon.
const SOON_MS: i64 = 1_000;

impl Gateway {
    /// Asks for money to be given back.
    pub(crate) fn give_back(
        &mut self,
        key: String,
        (payment, amount): (PaymentId, i64),
        now_ms: i64,
        rules: Rules,
        chance: &mut Chance,
    ) -> Outcome<RefundId, String> {
        let request = Request { key, wanted: Wanted::GiveBack(payment, amount) };
        reply::understand_refund(self.exchange(request, now_ms, rules, chance))
    }

    /// What the books say of a payment, where they can be read.
    pub(crate) fn books(&self, payment: &PaymentId, chance: &mut Chance) -> Option<Books> {
        if chance.strikes(Fault::FetchLost) {
            return None;
        }
        let number = index(payment);
        let refunds = self.given_back.iter().filter(|(of, _)| *of == number);
        let refunds = refunds.map(|(_, entry)| entry.clone()).collect();
        Some(Books { captured_minor: self.payments[number].taken, refunds })
    }

    /// A refund by its number, and the payment of which it is.
    pub(crate) fn given(&self, refund: usize) -> (usize, &Entry) {
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
    ) -> Answer {
        let payment = &self.payments[number];
        // Now and then the account cannot be paid from.
        if payment.taken - payment.given_back < amount || chance.rng.chance(30) {
            return Answer::Refused;
        }
        let refund = self.enter(number, amount, Some(key));
        if chance.strikes(Fault::Bounced) {
            let most = if chance.rng.chance(500) { SOON_MS } else { BOUNCE_MS };
            let at = now_ms + chance.rng.between(1, most);
            self.bouncing.push((at, self.given_back.len() - 1));
        }
        Answer::GaveBack(refund)
    }

    /// Somebody gives some money back in the gateway's own pages.
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
        self.given_back.push((number, Entry { id: id.clone(), key, minor, fate: Fate::Made }));
        id
    }

    /// Whether something that was given back will turn out not to be delivered.
    pub(crate) fn will_bounce(&self) -> bool {
        !self.bouncing.is_empty()
    }

    /// What could not be delivered turns out so.
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
