//! The payment gateway of Stripe. A payment is a PaymentIntent. It is captured by a separate call, or automatically
//! if its method cannot be captured later (<https://docs.stripe.com/api/payment_intents>).
//!
//! This module concludes from a response only what the response says for certain. The outcome of a call is unknown if
//! no response arrived or Stripe responded with a server fault; the saga then asks for the payment. If Stripe refuses
//! a call because the payment is in another state than expected, this module fetches the payment and reports its
//! state.
//!
//! This module never retries (the saga repeats calls, with its own keys), never handles webhooks
//! (`checkout/webhooks`), and never sees card numbers.

mod reading;
mod transport;

use std::collections::HashMap;

use async_trait::async_trait;
use holdfast_domain::{
    checkout::{
        Authorization, Decline, Doubt, Outcome, PaymentId, PaymentSeen, Prepared, RefundId, Taking,
    },
    ids::SagaId,
    money::Money,
    refund::GatewayBooks,
};
use stripe::{IdempotencyKey, RequestStrategy, StripeRequest};
use stripe_core::{
    PaymentIntent, PaymentIntentCaptureMethod, PaymentIntentStatus, Refund,
    payment_intent::{
        CancelPaymentIntent, CapturePaymentIntent, ConfirmPaymentIntent, CreatePaymentIntent,
        CreatePaymentIntentAutomaticPaymentMethods, ListPaymentIntent, RetrievePaymentIntent,
        SearchPaymentIntent,
    },
    refund::{CreateRefund, ListRefund},
};
use stripe_types::{Currency, RangeBoundsTs, RangeQueryTs};

use self::transport::{CallError, StripeRefusal, Transport};
use crate::kernel::ports::{
    PaymentGateway,
    payments::{GatewayPayment, NewPayment, RefundRefused, Unreachable},
};

pub use self::transport::UnusableKey;

/// The name of the metadata in which a payment carries the id of its saga.
const SAGA: &str = "saga";
/// Stripe's error code for a payment method that cannot be captured by hand.
const INCOMPATIBLE: &str = "payment_intent_incompatible_payment_method";
/// The page size of lists of payments and refunds: Stripe's maximum.
const PAGE: i64 = 100;
/// The maximum number of pages that one search reads.
const MAX_PAGES: usize = 20;
/// The search for a saga's payment reads only payments made around the creation of the saga. A saga makes its
/// payment within its deadline of 15 minutes; the rest is for clocks that differ. A payment that is made later, to be
/// voided, is never authorized.
const FIND_AFTER_SECS: i64 = 30 * 60;
const FIND_BEFORE_SECS: i64 = 5 * 60;

#[derive(Clone)]
pub struct StripeSettings {
    /// The secret key (`sk_…`), or a restricted key (`rk_…`).
    pub secret_key: String,
    /// The key that pages may know (`pk_…`).
    pub publishable_key: String,
    /// The address of Stripe's API.
    pub api_base: String,
    /// The address to which a payment method on another site sends the buyer back.
    pub return_url: String,
}

impl std::fmt::Debug for StripeSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StripeSettings").field("api_base", &self.api_base).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone)]
pub struct StripeGateway {
    transport: Transport,
    publishable_key: String,
    return_url: String,
}

/// Why a call did not succeed.
enum No {
    /// Nobody knows whether the call had an effect.
    Doubt(Doubt),
    /// The card's bank finally declines the payment.
    Card(String),
    /// Stripe cannot carry out the call, either in this state of the payment or in any state. The call had no effect.
    Invalid(String),
}

impl From<CallError> for No {
    fn from(error: CallError) -> Self {
        let refusal = match error {
            CallError::NoReply(_) => return Self::Doubt(Doubt::NoReply),
            CallError::Refused(refusal) => refusal,
        };
        match (refusal.status, refusal.kind.as_str()) {
            // Stripe stores the fault of a call under the idempotency key and repeats it forever
            // (https://docs.stripe.com/api/idempotent_requests).
            (500, "api_error") => Self::Doubt(Doubt::Faulted),
            // A system in front of Stripe's endpoint responded, and nothing is stored.
            (500.., _) | (_, "") => Self::Doubt(Doubt::NoReply),
            // Stripe does not store these responses under the key: too many calls, the same call under way, an
            // invalid secret key.
            (409 | 429, _) => Self::Doubt(Doubt::NoReply),
            (401 | 403, _) => {
                tracing::error!(refusal = %refusal, "Stripe does not take STRIPE_SECRET_KEY");
                Self::Doubt(Doubt::NoReply)
            }
            (_, "idempotency_error") => {
                tracing::error!(refusal = %refusal, "a key was sent with two requests");
                Self::Doubt(Doubt::Faulted)
            }
            (402, _) | (_, "card_error") => Self::Card(card_code(&refusal)),
            _ => {
                Self::Invalid(refusal.code.clone().unwrap_or_else(|| "invalid_request".to_owned()))
            }
        }
    }
}

impl No {
    /// Why a payment was not created. A key that came with another request may have created a payment before, in another
    /// version of this program: then no new key may be used, and the payment has to be found.
    fn of_create(error: CallError) -> Self {
        let is_taken = matches!(&error, CallError::Refused(it) if it.kind == "idempotency_error");
        let no = Self::from(error);
        if is_taken { Self::Doubt(Doubt::NoReply) } else { no }
    }
}

fn card_code(refusal: &StripeRefusal) -> String {
    reading::decline_code(refusal.code.as_deref(), refusal.decline_code.as_deref())
}

fn decline(code: String) -> Decline {
    Decline { code }
}

fn under(key: &str) -> RequestStrategy {
    let key = IdempotencyKey::new(key).expect("a key has 1 to 255 characters");
    RequestStrategy::Idempotent(key)
}

impl StripeGateway {
    /// # Errors
    /// When the secret key cannot be part of a header.
    pub fn new(settings: StripeSettings) -> Result<Self, UnusableKey> {
        let transport = Transport::new(&settings.api_base, &settings.secret_key)?;
        let StripeSettings { publishable_key, return_url, .. } = settings;
        Ok(Self { transport, publishable_key, return_url })
    }

    async fn create(
        &self,
        key: &str,
        new: &NewPayment<'_>,
        amount: i64,
        taking: Taking,
    ) -> Result<PaymentIntent, CallError> {
        let currency = new.amount.currency.as_str().to_lowercase();
        let currency = currency.parse::<Currency>().unwrap_or_else(|never| match never {});
        // Only one entry: several entries would be sent in another order each time, under the same key.
        let metadata = HashMap::from([(SAGA.to_owned(), new.saga.to_string())]);
        let request = CreatePaymentIntent::new(amount, currency)
            .payment_method(new.method)
            .automatic_payment_methods(CreatePaymentIntentAutomaticPaymentMethods::new(true))
            .confirm(false)
            .metadata(metadata);
        let request = match taking {
            Taking::Later => request.capture_method(PaymentIntentCaptureMethod::Manual),
            Taking::AtOnce => request
                .capture_method(PaymentIntentCaptureMethod::AutomaticAsync)
                .expand(vec!["payment_method".to_owned()]),
        };
        request.customize().request_strategy(under(key)).send(&self.transport).await
    }

    async fn retrieve(&self, payment: &PaymentId) -> Result<PaymentIntent, CallError> {
        RetrievePaymentIntent::new(payment.0.as_str()).customize().send(&self.transport).await
    }

    async fn cancel(&self, key: &str, payment: &PaymentId) -> Result<PaymentIntent, CallError> {
        CancelPaymentIntent::new(payment.0.as_str())
            .customize()
            .request_strategy(under(key))
            .send(&self.transport)
            .await
    }

    /// Stripe refused a confirmation as invalid. A payment that nobody confirmed is cancelled, so that a
    /// confirmation that is still under way cannot reserve money for a checkout that has ended.
    #[expect(clippy::wildcard_enum_match_arm, reason = "Stripe adds words to its own enums")]
    async fn refuse(
        &self,
        key: &str,
        payment: &PaymentId,
        code: String,
    ) -> Outcome<Authorization, Decline> {
        let Ok(intent) = self.retrieve(payment).await else {
            return Outcome::Unknown(Doubt::NoReply);
        };
        let untouched = match intent.status {
            PaymentIntentStatus::RequiresConfirmation => true,
            PaymentIntentStatus::RequiresPaymentMethod => intent.last_payment_error.is_none(),
            _ => false,
        };
        if !untouched {
            return authorization(&intent);
        }
        match self.cancel(&format!("{key}:cancel"), payment).await {
            Ok(_) => Outcome::Refused(decline(code)),
            Err(_) => Outcome::Unknown(Doubt::NoReply),
        }
    }

    /// The refund that was made under this key, if any.
    async fn refund_under(
        &self,
        key: &str,
        payment: &PaymentId,
    ) -> Result<Option<Refund>, Unreachable> {
        let refunds = self.every_refund(payment).await?;
        Ok(refunds.into_iter().find(|refund| reading::key(refund) == Some(key)))
    }

    /// Every refund of a payment, newest first.
    async fn every_refund(&self, payment: &PaymentId) -> Result<Vec<Refund>, Unreachable> {
        let mut refunds: Vec<Refund> = Vec::new();
        for _ in 0..MAX_PAGES {
            let mut request = ListRefund::new().payment_intent(payment.0.as_str()).limit(PAGE);
            if let Some(last) = refunds.last() {
                request = request.starting_after(last.id.as_str());
            }
            let page = request.customize().send(&self.transport).await.map_err(|_| Unreachable)?;
            refunds.extend(page.data);
            if !page.has_more {
                return Ok(refunds);
            }
        }
        tracing::error!(payment = payment.0, "too many refunds to look through");
        Err(Unreachable)
    }

    /// Finds the payment of a saga by Stripe's search index, which may lag a minute behind.
    async fn search(&self, saga: SagaId) -> Option<PaymentId> {
        let found = SearchPaymentIntent::new(format!("metadata['{SAGA}']:'{saga}'"))
            .limit(PAGE)
            .customize()
            .send(&self.transport)
            .await;
        reading::most_telling(&found.ok()?.data)
    }

    /// Finds the payment of a saga by reading every payment of the time in which the saga can have made it.
    async fn look_through(&self, saga: SagaId) -> Result<Option<PaymentId>, Unreachable> {
        let (from, until) = match saga.0.get_timestamp() {
            Some(made) => {
                let secs = i64::try_from(made.to_unix().0).unwrap_or(i64::MAX);
                (secs - FIND_BEFORE_SECS, Some(secs.saturating_add(FIND_AFTER_SECS)))
            }
            None => (0, None),
        };
        let bounds = RangeBoundsTs { gte: Some(from), lte: until, ..RangeBoundsTs::default() };
        let wanted = saga.to_string();
        let (mut found, mut after) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let page = self.page(RangeQueryTs::Bounds(bounds), after.as_ref()).await?;
            let Some(last) = page.last() else {
                return Ok(reading::most_telling(&found));
            };
            after = Some(PaymentId(last.id.to_string()));
            found.extend(page.into_iter().filter(|it| it.metadata.get(SAGA) == Some(&wanted)));
        }
        tracing::error!(saga = wanted, "too many payments to look through for one saga's");
        Err(Unreachable)
    }

    async fn page(
        &self,
        created: RangeQueryTs,
        after: Option<&PaymentId>,
    ) -> Result<Vec<PaymentIntent>, Unreachable> {
        let mut request = ListPaymentIntent::new()
            .created(created)
            .limit(PAGE)
            .expand(vec!["data.latest_charge".to_owned()]);
        if let Some(after) = after {
            request = request.starting_after(after.0.as_str());
        }
        let page = request.customize().send(&self.transport).await;
        page.map(|page| page.data).map_err(|_| Unreachable)
    }
}

fn prepared(intent: &PaymentIntent, taking: Taking) -> Outcome<Prepared, Decline> {
    Outcome::Done(Prepared { payment: PaymentId(intent.id.to_string()), taking })
}

/// The outcome of the authorization, read from a confirmed payment.
fn authorization(intent: &PaymentIntent) -> Outcome<Authorization, Decline> {
    match &intent.status {
        PaymentIntentStatus::RequiresCapture | PaymentIntentStatus::Succeeded => {
            Outcome::Done(Authorization::Granted)
        }
        PaymentIntentStatus::RequiresAction => match &intent.client_secret {
            Some(secret) => {
                Outcome::Done(Authorization::ActionRequired { client_secret: secret.clone() })
            }
            None => Outcome::Unknown(Doubt::NoReply),
        },
        PaymentIntentStatus::Processing => Outcome::Done(Authorization::Processing),
        PaymentIntentStatus::RequiresPaymentMethod => {
            Outcome::Refused(reading::last_decline(intent))
        }
        PaymentIntentStatus::Canceled => Outcome::Refused(decline("payment_voided".to_owned())),
        PaymentIntentStatus::RequiresConfirmation | PaymentIntentStatus::Unknown(_) | _ => {
            Outcome::Unknown(Doubt::NoReply)
        }
    }
}

#[async_trait]
impl PaymentGateway for StripeGateway {
    fn provider(&self) -> &'static str {
        "stripe"
    }

    fn publishable_key(&self) -> Option<&str> {
        Some(&self.publishable_key)
    }

    fn can_move(&self, amount: Money) -> bool {
        reading::to_stripe(amount).is_some()
    }

    /// Stripe refuses a method that cannot be captured later with a separate error code. If the method's type pays at
    /// once, the payment is prepared a second time, with automatic capture. For any other type the refusal stands,
    /// because seats cannot wait for money that takes days to arrive.
    async fn prepare(&self, key: &str, new: NewPayment<'_>) -> Outcome<Prepared, Decline> {
        let Some(amount) = reading::to_stripe(new.amount) else {
            return Outcome::Refused(decline("amount_not_payable".to_owned()));
        };
        match self.create(key, &new, amount, Taking::Later).await.map_err(No::of_create) {
            Ok(intent) => prepared(&intent, Taking::Later),
            Err(No::Doubt(doubt)) => Outcome::Unknown(doubt),
            Err(No::Invalid(code)) if code == INCOMPATIBLE => {
                let key = format!("{key}:at-once");
                match self.create(&key, &new, amount, Taking::AtOnce).await.map_err(No::of_create) {
                    Ok(intent) if reading::pays_at_once(&intent) => {
                        prepared(&intent, Taking::AtOnce)
                    }
                    Ok(intent) => {
                        // Nobody can confirm this payment. It is cancelled so that it does not remain open.
                        let payment = PaymentId(intent.id.to_string());
                        if self.cancel(&format!("{key}:cancel"), &payment).await.is_err() {
                            tracing::debug!(%payment, "a payment of no use stays prepared");
                        }
                        Outcome::Refused(decline(Decline::METHOD_UNSUPPORTED.to_owned()))
                    }
                    Err(No::Doubt(doubt)) => Outcome::Unknown(doubt),
                    Err(No::Card(code) | No::Invalid(code)) => Outcome::Refused(decline(code)),
                }
            }
            Err(No::Card(code) | No::Invalid(code)) => Outcome::Refused(decline(code)),
        }
    }

    async fn authorize(&self, key: &str, payment: &PaymentId) -> Outcome<Authorization, Decline> {
        let confirmed = ConfirmPaymentIntent::new(payment.0.as_str())
            .return_url(self.return_url.as_str())
            .customize()
            .request_strategy(under(key))
            .send(&self.transport)
            .await;
        match confirmed.map_err(No::from) {
            Ok(intent) => authorization(&intent),
            Err(No::Doubt(doubt)) => Outcome::Unknown(doubt),
            Err(No::Card(code)) => Outcome::Refused(decline(code)),
            Err(No::Invalid(code)) => self.refuse(key, payment, code).await,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "Stripe adds words to its own enums")]
    async fn capture(&self, key: &str, payment: &PaymentId) -> Outcome<(), ()> {
        let captured = CapturePaymentIntent::new(payment.0.as_str())
            .customize()
            .request_strategy(under(key))
            .send(&self.transport)
            .await;
        let (intent, refused) = match captured.map_err(No::from) {
            Ok(intent) => (intent, false),
            Err(No::Doubt(doubt)) => return Outcome::Unknown(doubt),
            Err(No::Card(_) | No::Invalid(_)) => match self.retrieve(payment).await {
                Ok(intent) => (intent, true),
                Err(_) => return Outcome::Unknown(Doubt::NoReply),
            },
        };
        match intent.status {
            PaymentIntentStatus::Succeeded => Outcome::Done(()),
            PaymentIntentStatus::Processing => Outcome::Unknown(Doubt::NoReply),
            _ if refused => Outcome::Refused(()),
            _ => Outcome::Unknown(Doubt::NoReply),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "Stripe adds words to its own enums")]
    async fn void(&self, key: &str, payment: &PaymentId) -> Outcome<(), ()> {
        let intent = match self.cancel(key, payment).await.map_err(No::from) {
            Ok(intent) => intent,
            Err(No::Doubt(doubt)) => return Outcome::Unknown(doubt),
            Err(No::Card(_) | No::Invalid(_)) => match self.retrieve(payment).await {
                Ok(intent) => intent,
                Err(_) => return Outcome::Unknown(Doubt::NoReply),
            },
        };
        match intent.status {
            PaymentIntentStatus::Canceled => Outcome::Done(()),
            PaymentIntentStatus::Succeeded => Outcome::Refused(()),
            // Stripe stores the refusal under the key, so the next try needs a new key.
            _ => Outcome::Unknown(Doubt::Faulted),
        }
    }

    async fn fetch(&self, payment: &PaymentId) -> Option<PaymentSeen> {
        reading::seen(&self.retrieve(payment).await.ok()?)
    }

    async fn refund(
        &self,
        key: &str,
        payment: &PaymentId,
        amount: Money,
    ) -> Outcome<RefundId, RefundRefused> {
        let Some(minor) = reading::to_stripe(amount) else {
            return Outcome::Refused(RefundRefused { code: "amount_not_payable".to_owned() });
        };
        let created = CreateRefund::new()
            .payment_intent(payment.0.as_str())
            .amount(minor)
            .metadata(HashMap::from([(reading::KEY.to_owned(), key.to_owned())]))
            .customize()
            .request_strategy(under(key))
            .send(&self.transport)
            .await;
        match created.map_err(No::from) {
            Ok(refund) => reading::refund(&refund),
            Err(No::Doubt(Doubt::NoReply)) => Outcome::Unknown(Doubt::NoReply),
            // The refund may exist nevertheless: it was made before the fault, or earlier than Stripe remembers keys.
            Err(no) => match (self.refund_under(key, payment).await, no) {
                (Ok(Some(refund)), _) => reading::refund(&refund),
                (Ok(None), No::Doubt(doubt)) => Outcome::Unknown(doubt),
                (Ok(None), No::Card(code) | No::Invalid(code)) => {
                    Outcome::Refused(RefundRefused { code })
                }
                (Err(_), _) => Outcome::Unknown(Doubt::NoReply),
            },
        }
    }

    async fn refunds_of(&self, payment: &PaymentId) -> Result<GatewayBooks, Unreachable> {
        let intent = match self.retrieve(payment).await {
            Ok(intent) => intent,
            Err(CallError::Refused(refusal)) if refusal.status == 404 => {
                return Ok(GatewayBooks::default());
            }
            Err(_) => return Err(Unreachable),
        };
        reading::books(&intent, &self.every_refund(payment).await?)
    }

    async fn find(&self, saga: SagaId) -> Result<Option<PaymentId>, Unreachable> {
        match self.search(saga).await {
            Some(payment) => Ok(Some(payment)),
            None => self.look_through(saga).await,
        }
    }

    async fn list(
        &self,
        since_ms: i64,
        after: Option<&PaymentId>,
    ) -> Result<Vec<GatewayPayment>, Unreachable> {
        let page = self.page(RangeQueryTs::gte(since_ms.div_euclid(1000)), after).await?;
        page.iter().map(|intent| reading::payment(intent, SAGA)).collect()
    }
}
