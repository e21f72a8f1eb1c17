//! Refunds (<https://docs.stripe.com/refunds>): by a call, by hand in the dashboard, and refunds that the bank cannot
//! deliver.

use serde_json::Map;

use crate::{
    answer::StripeAnswer,
    books::{Books, Form, known, metadata, number, text},
    intent::{Refund, Status},
};

impl Books {
    /// `POST /v1/refunds`: refunds an amount of an intent's charge.
    pub fn refund(&mut self, form: &Form, now: i64) -> Result<StripeAnswer, StripeAnswer> {
        known(form, &["payment_intent", "amount", "metadata", "reason"])?;
        let id = text(form, "payment_intent").ok_or_else(|| {
            let message =
                "One of the following params should be provided: payment_intent or charge.";
            StripeAnswer::invalid(message, Some("parameter_missing"), Some("payment_intent"))
        })?;
        let at = self.at(id)?;
        let wanted = number(form, "amount")?;
        let intent = &mut self.intents[at];
        let (Status::Succeeded, Some(charge)) = (intent.status, &mut intent.charge) else {
            let message =
                format!("This PaymentIntent ({id}) does not have a successful charge to refund.");
            return Err(StripeAnswer::refused(&message, None, None));
        };
        let left = intent.received - charge.refunded;
        if left == 0 {
            let message = format!("Charge {} has already been refunded.", charge.id);
            return Err(StripeAnswer::refused(&message, Some("charge_already_refunded"), None));
        }
        let amount = wanted.unwrap_or(left);
        if amount > left || amount <= 0 {
            let message = format!(
                "Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            );
            return Err(StripeAnswer::refused(&message, Some("amount_too_large"), Some("amount")));
        }
        charge.refunded += amount;
        let (charge, currency) = (charge.id.clone(), intent.currency.clone());
        let refund = Refund {
            id: self.id("re"),
            intent: id.to_owned(),
            charge,
            amount,
            currency,
            metadata: metadata(form),
            reason: text(form, "reason").map(str::to_owned),
            failure: None,
            created: now,
        };
        let told = refund.to_json();
        self.refunds.push(refund);
        let charge = self.intents[at].charge_json();
        self.event("charge.refunded", charge, now);
        self.event("refund.created", told.clone(), now);
        Ok(StripeAnswer::ok(told))
    }

    /// Somebody refunds an amount in Stripe's dashboard. Returns whether the amount could be refunded.
    pub fn refund_by_hand(&mut self, intent: &str, amount: i64, now: i64) -> bool {
        let mut form = Map::new();
        form.insert("payment_intent".to_owned(), intent.into());
        form.insert("amount".to_owned(), amount.to_string().into());
        self.refund(&form, now).is_ok()
    }

    /// The bank cannot deliver a refund (<https://docs.stripe.com/refunds#failed-refunds>). Returns false if the refund
    /// does not exist or had already failed.
    pub fn fail_refund(&mut self, id: &str, reason: &str, now: i64) -> bool {
        let Some(at) = self.refunds.iter().position(|it| it.id == id && it.failure.is_none())
        else {
            return false;
        };
        let refund = &mut self.refunds[at];
        refund.failure = Some(reason.to_owned());
        let (intent, amount, told) = (refund.intent.clone(), refund.amount, refund.to_json());
        let intent = self.position(&intent).and_then(|at| self.intents.get_mut(at));
        if let Some(charge) = intent.and_then(|intent| intent.charge.as_mut()) {
            charge.refunded -= amount;
        }
        for kind in ["charge.refund.updated", "refund.updated", "refund.failed"] {
            self.event(kind, told.clone(), now);
        }
        true
    }
}
