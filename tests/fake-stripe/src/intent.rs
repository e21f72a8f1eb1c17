//! A PaymentIntent (<https://docs.stripe.com/api/payment_intents/object>) and its charge.

use serde_json::{Map, Value, json};

use crate::methods::TestMethod;

/// The status of an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Succeeded,
    Canceled,
}

impl Status {
    /// Stripe's word for the status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }

    /// Reads Stripe's word for a status.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::RequiresPaymentMethod,
            Self::RequiresConfirmation,
            Self::RequiresAction,
            Self::Processing,
            Self::RequiresCapture,
            Self::Succeeded,
            Self::Canceled,
        ]
        .into_iter()
        .find(|status| status.as_str() == word)
    }
}

/// The charge of an intent: it holds the reserved or captured money.
#[derive(Debug, Clone)]
pub struct Charge {
    pub id: String,
    pub refunded: i64,
    pub created: i64,
}

/// A PaymentIntent. Amounts are in minor units, times in seconds since 1970.
#[derive(Debug, Clone)]
pub struct Intent {
    pub id: String,
    pub amount: i64,
    pub received: i64,
    pub currency: String,
    pub by_hand: bool,
    pub automatic_methods: bool,
    pub metadata: Map<String, Value>,
    pub status: Status,
    pub method: Option<(String, TestMethod)>,
    pub last_error: Option<Value>,
    pub charge: Option<Charge>,
    pub created: i64,
    pub canceled_at: Option<i64>,
    pub cancellation_reason: Option<String>,
    pub return_url: Option<String>,
}

impl Intent {
    /// The secret with which the buyer's browser continues the payment.
    pub fn client_secret(&self) -> String {
        format!("{}_secret_{}", self.id, self.created)
    }

    /// The amount that is reserved and not captured.
    pub fn capturable(&self) -> i64 {
        if self.status == Status::RequiresCapture { self.amount } else { 0 }
    }

    /// The intent as JSON in Stripe's form, with the whole charge instead of its id if `with_charge` is true.
    pub fn to_json(&self, with_charge: bool) -> Value {
        let charge = match &self.charge {
            Some(_) if with_charge => self.charge_json(),
            Some(charge) => json!(charge.id),
            None => Value::Null,
        };
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": self.capturable(),
            "amount_details": { "tip": {} },
            "amount_received": self.received,
            "application": null,
            "application_fee_amount": null,
            "automatic_payment_methods": self.automatic_methods.then(
                || json!({ "allow_redirects": "always", "enabled": true })),
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": if self.by_hand { "manual" } else { "automatic_async" },
            "client_secret": self.client_secret(),
            "confirmation_method": "automatic",
            "created": self.created,
            "currency": self.currency,
            "customer": null,
            "description": null,
            "last_payment_error": self.last_error,
            "latest_charge": charge,
            "livemode": false,
            "metadata": self.metadata,
            "next_action": self.next_action(),
            "on_behalf_of": null,
            "payment_method": self.method.as_ref().map(|(id, _)| id),
            "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
            "payment_method_types": ["card"],
            "processing": null,
            "receipt_email": null,
            "review": null,
            "setup_future_usage": null,
            "shipping": null,
            "source": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": self.status.as_str(),
            "transfer_data": null,
            "transfer_group": null,
        })
    }

    /// The whole payment method (<https://docs.stripe.com/api/payment_methods/object>).
    pub fn method_json(&self) -> Value {
        let Some((id, method)) = &self.method else { return Value::Null };
        let mut told = json!({
            "id": id,
            "object": "payment_method",
            "billing_details": { "address": null, "email": null, "name": null, "phone": null,
                                 "tax_id": null },
            "created": self.created,
            "customer": null,
            "livemode": false,
            "metadata": {},
            "type": method.kind,
        });
        told[method.kind] = match method.kind {
            "boleto" => json!({ "tax_id": "000.000.000-00" }),
            _ => json!({}),
        };
        told
    }

    fn next_action(&self) -> Value {
        if self.status != Status::RequiresAction {
            return Value::Null;
        }
        match &self.return_url {
            Some(back) => json!({
                "type": "redirect_to_url",
                "redirect_to_url": {
                    "return_url": back,
                    "url": format!("https://hooks.stripe.com/3d_secure_2/{}", self.id),
                },
            }),
            None => json!({ "type": "use_stripe_sdk", "use_stripe_sdk": {} }),
        }
    }

    /// The charge as JSON in Stripe's form (<https://docs.stripe.com/api/charges/object>).
    pub fn charge_json(&self) -> Value {
        let Some(charge) = &self.charge else { return Value::Null };
        let captured = self.status == Status::Succeeded;
        json!({
            "id": charge.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.received,
            "amount_refunded": charge.refunded,
            "balance_transaction": null,
            "billing_details": { "address": null, "email": null, "name": null, "phone": null,
                                 "tax_id": null },
            "captured": captured,
            "created": charge.created,
            "currency": self.currency,
            "disputed": false,
            "failure_code": null,
            "failure_message": null,
            "fraud_details": {},
            "livemode": false,
            "metadata": self.metadata,
            "paid": true,
            "payment_intent": self.id,
            "payment_method": self.method.as_ref().map(|(id, _)| id),
            "refunded": charge.refunded == self.amount,
            "status": "succeeded",
        })
    }
}

/// A refund in the fake's books (<https://docs.stripe.com/api/refunds/object>).
#[derive(Debug, Clone)]
pub struct Refund {
    pub id: String,
    pub intent: String,
    pub charge: String,
    pub amount: i64,
    pub currency: String,
    pub metadata: Map<String, Value>,
    pub reason: Option<String>,
    /// Why the bank could not deliver the refund.
    pub failure: Option<String>,
    pub created: i64,
}

impl Refund {
    /// The refund as JSON in Stripe's form.
    pub fn to_json(&self) -> Value {
        let mut told = json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": null,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "metadata": self.metadata,
            "payment_intent": self.intent,
            "reason": self.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": "succeeded",
            "transfer_reversal": null,
        });
        if let Some(failure) = &self.failure {
            told["status"] = json!("failed");
            told["failure_reason"] = json!(failure);
        }
        told
    }
}
