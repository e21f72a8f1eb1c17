//! The data of the fake (intents, refunds, events) and the effect of each call on it.

use serde_json::{Map, Value, json};

use crate::{
    answer::StripeAnswer,
    intent::{Charge, Intent, Refund, Status},
    methods::{self, Behaviour},
};

/// The smallest amount of a charge, in minor units. Stripe refuses smaller charges
/// (<https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>).
const SMALLEST_AMOUNT: i64 = 50;

pub(crate) type Form = Map<String, Value>;

#[derive(Debug, Default)]
pub struct Books {
    pub intents: Vec<Intent>,
    pub refunds: Vec<Refund>,
    pub events: Vec<Value>,
    /// Events that have not been sent yet.
    pub fresh: Vec<Value>,
    /// The minimum age of an intent, in seconds, for a search to find it.
    pub search_lag_secs: i64,
    made: u64,
    born: i64,
}

pub(crate) fn text<'a>(form: &'a Form, name: &str) -> Option<&'a str> {
    form.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

pub(crate) fn number(form: &Form, name: &str) -> Result<Option<i64>, StripeAnswer> {
    let Some(text) = text(form, name) else { return Ok(None) };
    let message = format!("Invalid integer: {text}");
    text.parse()
        .map(Some)
        .map_err(|_| StripeAnswer::invalid(&message, Some("parameter_invalid_integer"), Some(name)))
}

pub(crate) fn metadata(form: &Form) -> Map<String, Value> {
    form.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Unknown parameters are errors, as at Stripe.
pub(crate) fn known(form: &Form, names: &[&str]) -> Result<(), StripeAnswer> {
    match form.keys().find(|name| !names.contains(&name.as_str()) && *name != "expand") {
        None => Ok(()),
        Some(name) => {
            let message = format!("Received unknown parameter: {name}");
            Err(StripeAnswer::invalid(&message, Some("parameter_unknown"), Some(name)))
        }
    }
}

fn expands_charge(form: &Form) -> bool {
    let wanted = form.get("expand").and_then(Value::as_array);
    wanted.is_some_and(|list| {
        list.iter().filter_map(Value::as_str).any(|path| path.ends_with("latest_charge"))
    })
}

impl Books {
    /// Empty books, created at `now_ms`. Ids contain this time, so that no two fakes use the same id.
    pub fn new(now_ms: i64) -> Self {
        Self { born: now_ms, ..Self::default() }
    }

    /// Makes an id that this fake has never used.
    pub fn id(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}_{:x}{:05x}", self.born, self.made)
    }

    pub(crate) fn event(&mut self, kind: &str, object: Value, now: i64) {
        let event = json!({
            "id": self.id("evt"),
            "object": "event",
            "api_version": "2026-09-30.endive",
            "created": now,
            "data": { "object": object },
            "livemode": false,
            "pending_webhooks": 1,
            "request": { "id": null, "idempotency_key": null },
            "type": kind,
        });
        self.events.push(event.clone());
        self.fresh.push(event);
    }

    fn intent_event(&mut self, kind: &str, at: usize, now: i64) {
        let object = self.intents[at].to_json(false);
        self.event(&format!("payment_intent.{kind}"), object, now);
    }

    /// The index of an intent in the books.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.intents.iter().position(|intent| intent.id == id)
    }

    pub(crate) fn at(&self, id: &str) -> Result<usize, StripeAnswer> {
        self.position(id).ok_or_else(|| StripeAnswer::missing("payment_intent", id, "intent"))
    }

    /// `POST /v1/payment_intents`: creates an intent in the books.
    pub fn create(&mut self, form: &Form, now: i64) -> Result<StripeAnswer, StripeAnswer> {
        known(
            form,
            &[
                "amount",
                "currency",
                "capture_method",
                "payment_method",
                "confirm",
                "metadata",
                "automatic_payment_methods",
                "payment_method_types",
                "description",
                "return_url",
                "statement_descriptor_suffix",
            ],
        )?;
        let missing = |name: &str| {
            let message = format!("Missing required param: {name}.");
            StripeAnswer::invalid(&message, Some("parameter_missing"), Some(name))
        };
        let amount = number(form, "amount")?.ok_or_else(|| missing("amount"))?;
        let currency = text(form, "currency").ok_or_else(|| missing("currency"))?.to_lowercase();
        if amount < SMALLEST_AMOUNT {
            let message = "Amount must be at least 50 cents";
            return Err(StripeAnswer::invalid(message, Some("amount_too_small"), Some("amount")));
        }
        let by_hand = text(form, "capture_method") == Some("manual");
        let method = match text(form, "payment_method") {
            None => None,
            Some(name) => Some(self.method(name, by_hand)?),
        };
        let automatic = form.get("automatic_payment_methods").and_then(|it| it.get("enabled"));
        let status = match method {
            Some(_) => Status::RequiresConfirmation,
            None => Status::RequiresPaymentMethod,
        };
        let id = self.id("pi");
        self.intents.push(Intent {
            id,
            amount,
            received: 0,
            currency,
            by_hand,
            automatic_methods: automatic.and_then(Value::as_str) == Some("true"),
            metadata: metadata(form),
            status,
            method,
            last_error: None,
            charge: None,
            created: now,
            canceled_at: None,
            cancellation_reason: None,
            return_url: text(form, "return_url").map(str::to_owned),
        });
        let at = self.intents.len() - 1;
        self.intent_event("created", at, now);
        if text(form, "confirm") == Some("true") {
            return self.confirmed(at, now);
        }
        let mut told = self.intents[at].to_json(expands_charge(form));
        let wanted = form.get("expand").and_then(Value::as_array);
        if wanted.is_some_and(|list| list.iter().any(|path| path == "payment_method")) {
            told["payment_method"] = self.intents[at].method_json();
        }
        Ok(StripeAnswer::ok(told))
    }

    /// Looks up a payment method. For a test name such as `pm_card_visa`, Stripe creates a new method for each use.
    fn method(
        &mut self,
        name: &str,
        by_hand: bool,
    ) -> Result<(String, methods::TestMethod), StripeAnswer> {
        let known = self.intents.iter().find_map(|intent| {
            intent.method.as_ref().filter(|(id, _)| id == name).map(|(_, method)| *method)
        });
        let method = known
            .or_else(|| methods::find_any(name))
            .ok_or_else(|| StripeAnswer::missing("PaymentMethod", name, "payment_method"))?;
        if by_hand && !method.captures_by_hand() {
            let message = format!(
                "The PaymentMethod provided ({}) is not allowed for this PaymentIntent. Please \
                 attach a PaymentMethod of one of the following types: card.",
                method.kind
            );
            let code = "payment_intent_incompatible_payment_method";
            return Err(StripeAnswer::invalid(&message, Some(code), Some("payment_method")));
        }
        let id = if known.is_some() { name.to_owned() } else { self.id("pm") };
        Ok((id, method))
    }

    /// `POST /v1/payment_intents/:id/confirm`: authorizes the amount, or takes it at once.
    pub fn confirm(
        &mut self,
        id: &str,
        form: &Form,
        now: i64,
    ) -> Result<StripeAnswer, StripeAnswer> {
        known(form, &["payment_method", "return_url", "off_session"])?;
        let at = self.at(id)?;
        if let Some(name) = text(form, "payment_method") {
            let by_hand = self.intents[at].by_hand;
            let method = self.method(name, by_hand)?;
            self.intents[at].method = Some(method);
            if self.intents[at].status == Status::RequiresPaymentMethod {
                self.intents[at].status = Status::RequiresConfirmation;
            }
        }
        if let Some(url) = text(form, "return_url") {
            self.intents[at].return_url = Some(url.to_owned());
        }
        let intent = &self.intents[at];
        if intent.automatic_methods && intent.return_url.is_none() {
            let message = "This PaymentIntent is configured to accept payment methods enabled in \
                your Dashboard. Because some of these payment methods might redirect your customer \
                off of your page, you must provide a `return_url`.";
            return Err(StripeAnswer::invalid(message, None, Some("return_url")));
        }
        self.confirmed(at, now)
    }

    fn confirmed(&mut self, at: usize, now: i64) -> Result<StripeAnswer, StripeAnswer> {
        let intent = &self.intents[at];
        let (status, method) = (intent.status, intent.method.clone());
        match (status, method) {
            (Status::RequiresConfirmation, Some((_, method))) => {
                self.act(at, method.behaviour, now)
            }
            (Status::RequiresPaymentMethod, _) => Err(StripeAnswer::refused(
                "You cannot confirm this PaymentIntent because it's missing a payment method.",
                Some("payment_intent_unexpected_state"),
                None,
            )),
            (status, _) => Err(unexpected("confirm", status)),
        }
    }

    fn act(
        &mut self,
        at: usize,
        behaviour: Behaviour,
        now: i64,
    ) -> Result<StripeAnswer, StripeAnswer> {
        match behaviour {
            Behaviour::Succeeds => {
                self.authorized(at, now);
                Ok(StripeAnswer::ok(self.intents[at].to_json(false)))
            }
            Behaviour::Declines(code, decline_code) => {
                let error = self.declined(at, code, decline_code, now);
                Err(StripeAnswer { status: 402, body: json!({ "error": error }), kept: true })
            }
            Behaviour::AsksBuyer | Behaviour::AsksBuyerThenDeclines(..) => {
                self.intents[at].status = Status::RequiresAction;
                self.intent_event("requires_action", at, now);
                Ok(StripeAnswer::ok(self.intents[at].to_json(false)))
            }
        }
    }

    fn authorized(&mut self, at: usize, now: i64) {
        let id = self.id("ch");
        let intent = &mut self.intents[at];
        intent.charge = Some(Charge { id, refunded: 0, created: now });
        intent.last_error = None;
        if intent.by_hand {
            intent.status = Status::RequiresCapture;
            self.intent_event("amount_capturable_updated", at, now);
        } else {
            intent.status = Status::Succeeded;
            intent.received = intent.amount;
            self.intent_event("succeeded", at, now);
        }
    }

    fn declined(&mut self, at: usize, code: &str, decline_code: Option<&str>, now: i64) -> Value {
        let intent = &mut self.intents[at];
        let mut error = json!({ "code": code, "type": "card_error", "message": "Your card was \
            declined.", "doc_url": format!("https://docs.stripe.com/error-codes/{code}") });
        if let Some(decline_code) = decline_code {
            error["decline_code"] = json!(decline_code);
        }
        intent.status = Status::RequiresPaymentMethod;
        intent.method = None;
        intent.last_error = Some(error.clone());
        self.intent_event("payment_failed", at, now);
        error["payment_intent"] = self.intents[at].to_json(false);
        error
    }

    /// The buyer takes the second step. Returns whether the payment had a second step.
    pub fn second_step(&mut self, id: &str, succeeds: bool, now: i64) -> bool {
        let Some(at) = self.position(id) else { return false };
        let intent = &self.intents[at];
        let (Status::RequiresAction, Some((_, method))) = (intent.status, &intent.method) else {
            return false;
        };
        match (succeeds, method.behaviour) {
            (false, _) => {
                let code = "payment_intent_authentication_failure";
                self.declined(at, code, None, now);
            }
            (true, Behaviour::AsksBuyerThenDeclines(code, decline_code)) => {
                self.declined(at, code, decline_code, now);
            }
            (true, Behaviour::Succeeds | Behaviour::Declines(..) | Behaviour::AsksBuyer) => {
                self.authorized(at, now);
            }
        }
        true
    }

    /// `POST /v1/payment_intents/:id/capture`: takes the reserved amount.
    pub fn capture(
        &mut self,
        id: &str,
        form: &Form,
        now: i64,
    ) -> Result<StripeAnswer, StripeAnswer> {
        known(form, &["amount_to_capture", "metadata"])?;
        let at = self.at(id)?;
        let intent = &mut self.intents[at];
        if intent.status != Status::RequiresCapture {
            return Err(unexpected("capture", intent.status));
        }
        let amount = number(form, "amount_to_capture")?.unwrap_or(intent.amount);
        if amount > intent.amount {
            return Err(StripeAnswer::refused(
                "The amount to capture is greater than the amount that is capturable.",
                Some("amount_too_large"),
                Some("amount_to_capture"),
            ));
        }
        intent.received = amount;
        intent.status = Status::Succeeded;
        self.intent_event("succeeded", at, now);
        Ok(StripeAnswer::ok(self.intents[at].to_json(false)))
    }

    /// `POST /v1/payment_intents/:id/cancel`: releases the reserved amount.
    pub fn cancel(
        &mut self,
        id: &str,
        form: &Form,
        now: i64,
    ) -> Result<StripeAnswer, StripeAnswer> {
        known(form, &["cancellation_reason"])?;
        let at = self.at(id)?;
        match self.intents[at].status {
            Status::RequiresPaymentMethod
            | Status::RequiresConfirmation
            | Status::RequiresAction
            | Status::RequiresCapture => {}
            status @ (Status::Processing | Status::Succeeded | Status::Canceled) => {
                return Err(unexpected("cancel", status));
            }
        }
        let reason = text(form, "cancellation_reason").map(str::to_owned);
        self.cancelled(at, reason, now);
        Ok(StripeAnswer::ok(self.intents[at].to_json(false)))
    }

    fn cancelled(&mut self, at: usize, reason: Option<String>, now: i64) {
        let intent = &mut self.intents[at];
        intent.status = Status::Canceled;
        intent.canceled_at = Some(now);
        intent.cancellation_reason = reason;
        self.intent_event("canceled", at, now);
    }

    /// The authorization expires, as at Stripe after seven days.
    pub fn expire(&mut self, id: &str, now: i64) -> bool {
        let Some(at) = self.position(id) else { return false };
        self.cancelled(at, Some("automatic".to_owned()), now);
        true
    }
}

fn unexpected(verb: &str, status: Status) -> StripeAnswer {
    let message = format!(
        "This PaymentIntent could not be {verb}ed because it has a status of {}.",
        status.as_str()
    );
    StripeAnswer::refused(&message, Some("payment_intent_unexpected_state"), None)
}
