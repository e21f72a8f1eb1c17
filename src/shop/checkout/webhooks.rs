//! Webhooks of Stripe. The server verifies each webhook, stores it once under the id of its event, responds at once,
//! and processes it afterwards.
//!
//! An event decides nothing, and its contents are not trusted: it only says that a payment may have changed. The saga
//! that waits for the payment fetches it again, or this module does so when the saga is over. Therefore the order of
//! events, their repetitions and their delays make no difference. A lost event makes no difference either, because a
//! waiting checkout asks by itself.

pub mod api;
mod signature;
mod store;

use holdfast_domain::checkout::{PaymentId, PaymentStatus};
use serde::Deserialize;

use self::store::{Claimed, Inbox, WebhookOutcome};
use super::Checkouts;
use crate::{
    kernel::{
        db::StoreError,
        saga::WakeRequest,
        worklist::{self, Attempted, FAULTY, Retry, Worklist},
    },
    money::refunds::failed::Looked,
    shop::bookings,
};

pub use self::signature::{BadSignature, HEADER, TOLERANCE_SECS};

/// How long events are kept: longer than Stripe's dashboard can send an event again.
const KEPT_MS: i64 = 35 * 24 * 60 * 60 * 1000;
/// The maximum length of the id and the type of an event.
const MAX_CHARS: usize = 255;

/// The types of events that say that the state of a payment may have changed. Types that are neither here nor in
/// [`OF_REFUNDS`] are stored and ignored.
const TELLING: [&str; 5] = [
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.succeeded",
];

/// The types of events that say that a refund may have failed (<https://docs.stripe.com/refunds#failed-refunds>).
const OF_REFUNDS: [&str; 3] = ["charge.refund.updated", "refund.failed", "refund.updated"];

/// The settings that verify webhooks.
#[derive(Clone)]
pub struct WebhookSettings {
    /// The secrets that may have signed a webhook; two secrets while one replaces the other.
    pub secrets: Vec<String>,
    /// Whether the account takes real money. Events of the other mode are ignored.
    pub live: bool,
}

impl std::fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookSettings").field("live", &self.live).finish_non_exhaustive()
    }
}

/// The fields of an event that this program reads. A snapshot event contains the object
/// (<https://docs.stripe.com/api/events/object>); a thin event only names it
/// (<https://docs.stripe.com/event-destinations#thin-events>).
#[derive(Debug, Deserialize)]
struct WebhookEvent {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    livemode: bool,
    /// The connected account that the event concerns; `None` for our own account.
    account: Option<String>,
    /// The connected account, in the form of a thin event.
    context: Option<String>,
    object: Option<String>,
    data: Option<WebhookData>,
    related_object: Option<Related>,
}

/// The object that a thin event names without containing it.
#[derive(Debug, Deserialize)]
struct Related {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

/// The `object` of thin events.
const THIN: &str = "v2.core.event";

impl WebhookEvent {
    /// Whether the event has the parts of its form: a snapshot contains its object; a thin event may name no object.
    fn is_whole(&self) -> bool {
        self.data.is_some() || self.object.as_deref() == Some(THIN)
    }

    /// The type in the form of snapshot events. Thin events of the same resources add the prefix `v1.`.
    fn kind(&self) -> &str {
        self.kind.strip_prefix("v1.").unwrap_or(&self.kind)
    }

    /// The connected account that the event concerns; `None` for our own account.
    fn account(&self) -> Option<&str> {
        self.account.as_deref().or(self.context.as_deref())
    }

    /// The id of the payment that the event is about.
    fn payment(&self) -> Option<&str> {
        match (&self.data, &self.related_object) {
            (Some(data), _) => data.object.payment(),
            (None, Some(related)) if related.kind == "payment_intent" => Some(&related.id),
            (None, _) => None,
        }
    }
}

#[derive(Debug, Deserialize)]
struct WebhookData {
    object: WebhookObject,
}

#[derive(Debug, Deserialize)]
struct WebhookObject {
    id: Option<String>,
    object: Option<String>,
    payment_intent: Option<serde_json::Value>,
}

impl WebhookObject {
    /// The id of the payment that the object is, or belongs to.
    fn payment(&self) -> Option<&str> {
        match self.object.as_deref() {
            Some("payment_intent") => self.id.as_deref(),
            _ => self.payment_intent.as_ref()?.as_str(),
        }
    }
}

/// Why a webhook was rejected. Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum Rejected {
    /// No gateway that sends webhooks is configured.
    #[error("no gateway of ours sends webhooks")]
    NotExpected,
    /// The signature is not Stripe's, or it is not recent.
    #[error(transparent)]
    Signature(#[from] BadSignature),
    /// The body has a valid signature, but it is not an event.
    #[error("no event: {0}")]
    NotAnEvent(String),
    /// The database failed, so Stripe sends the webhook again.
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl Checkouts {
    /// Stores a webhook; returns whether it is new. The event is processed afterwards.
    ///
    /// # Errors
    /// See [`Rejected`].
    pub async fn receive(&self, header: Option<&str>, body: &[u8]) -> Result<bool, Rejected> {
        let settings = self.webhooks.as_ref().ok_or(Rejected::NotExpected)?;
        let now_ms = self.base.db.now().await?;
        signature::verify(header, body, &settings.secrets, now_ms / 1000)?;
        let event: WebhookEvent = serde_json::from_slice(body)
            .map_err(|error| Rejected::NotAnEvent(error.to_string()))?;
        if [&event.id, &event.kind].into_iter().any(|it| it.is_empty() || it.len() > MAX_CHARS) {
            return Err(Rejected::NotAnEvent("its id or type has an odd length".to_owned()));
        }
        if !event.is_whole() {
            return Err(Rejected::NotAnEvent("missing field `data`".to_owned()));
        }
        let outcome = self.at_once(settings, &event);
        let inbox = Inbox {
            provider: self.gateway.provider(),
            id: &event.id,
            kind: event.kind(),
            payment: event.payment(),
            account: event.account(),
        };
        let new = store::insert(&self.base.db, &inbox, outcome).await?;
        metrics::counter!("holdfast_webhooks_total", "new" => if new { "yes" } else { "no" })
            .increment(1);
        Ok(new)
    }

    /// The outcome of an event that is known without a question to the gateway.
    fn at_once(&self, settings: &WebhookSettings, event: &WebhookEvent) -> Option<WebhookOutcome> {
        if event.account().is_some() {
            return Some(WebhookOutcome::Ignored("other-account"));
        }
        if event.livemode != settings.live {
            return Some(WebhookOutcome::Ignored("other-mode"));
        }
        let kind = event.kind();
        if !TELLING.contains(&kind) && !OF_REFUNDS.contains(&kind) {
            return Some(WebhookOutcome::Ignored("unknown-type"));
        }
        match event.payment() {
            Some(_) => None,
            None => Some(WebhookOutcome::Ignored("no-payment")),
        }
    }

    /// Processes stored events; returns how many. Runs on every node, because each event is claimed.
    pub async fn webhooks_pass(&self) -> Result<u64, StoreError> {
        if self.webhooks.is_none() {
            return Ok(0);
        }
        worklist::work_off(&StoredEvents(self), &self.base.tasks).await
    }

    /// Processes an event about a payment that may have changed. `None` when the gateway cannot be asked now, or
    /// a worker still has the refund.
    async fn work_on(
        &self,
        kind: &str,
        payment: &PaymentId,
    ) -> Result<Option<WebhookOutcome>, StoreError> {
        let (db, provider) = (&self.base.db, self.gateway.provider());
        let Some(booking) = bookings::booking_of_intent(db, provider, &payment.0).await? else {
            return Ok(Some(WebhookOutcome::Ignored("unknown-payment")));
        };
        if OF_REFUNDS.contains(&kind) {
            return Ok(match self.refunds.look_for_failures(payment).await? {
                Looked::Agrees => Some(WebhookOutcome::Done("agrees")),
                Looked::Reversed => Some(WebhookOutcome::Done("refund-failed")),
                Looked::Later => None,
            });
        }
        if self.executor.wake(booking.0, WakeRequest::Look).await? {
            return Ok(Some(WebhookOutcome::Done("woken")));
        }
        // The checkout is over. If its payment was captured, the gateway is not asked again; otherwise every sale
        // would cost one more call. `money::refunds` handles later refunds.
        if bookings::is_captured(db, booking).await? {
            return Ok(Some(WebhookOutcome::Done("captured-before")));
        }
        let Some(seen) = self.gateway.fetch(payment).await else { return Ok(None) };
        let takes = match seen.status {
            PaymentStatus::Authorized | PaymentStatus::Captured => true,
            PaymentStatus::Prepared
            | PaymentStatus::Declined
            | PaymentStatus::ActionRequired
            | PaymentStatus::Processing
            | PaymentStatus::Voided => false,
        };
        if takes {
            tracing::error!(payment = payment.0, %booking, "money for a booking that has failed");
            return Ok(Some(WebhookOutcome::Failed("late-success")));
        }
        Ok(Some(WebhookOutcome::Done("agrees")))
    }

    /// Deletes old events; returns how many.
    pub async fn webhooks_retention_pass(&self) -> Result<u64, StoreError> {
        store::forget(&self.base.db, KEPT_MS).await
    }
}

/// The stored events that wait to be processed.
struct StoredEvents<'a>(&'a Checkouts);

impl Worklist for StoredEvents<'_> {
    type Job = Claimed;
    type Outcome = WebhookOutcome;

    const AT_ONCE: usize = 8;
    // The attempts take about a day.
    const RETRY: Retry = Retry { max_attempts: 300, first_ms: 2_000, max_ms: 5 * 60 * 1000 };

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, StoreError> {
        store::claim(&self.0.base.db, limit).await
    }

    fn attempts(event: &Claimed) -> i32 {
        event.attempts
    }

    async fn work(&self, event: &Claimed) -> Result<Attempted<WebhookOutcome>, StoreError> {
        let payment = PaymentId(event.payment.clone());
        let worked = self.0.work_on(&event.kind, &payment).await?;
        Ok(worked
            .map_or_else(|| Attempted::Later("gateway-unreachable".to_owned()), Attempted::Settled))
    }

    fn given_up(&self, event: &Claimed, why: String) -> WebhookOutcome {
        tracing::error!(event = event.id, why, "an event could not be worked on");
        WebhookOutcome::Failed(if why == FAULTY { FAULTY } else { "gateway-unreachable" })
    }

    async fn put_off(&self, event: &Claimed, _why: &str, wait_ms: i64) -> Result<(), StoreError> {
        store::put_off(&self.0.base.db, event, wait_ms).await
    }

    async fn settle(&self, event: &Claimed, outcome: WebhookOutcome) -> Result<(), StoreError> {
        store::settle(&self.0.base.db, event, outcome).await
    }
}
