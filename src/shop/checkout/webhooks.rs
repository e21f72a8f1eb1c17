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

use self::store::{Inbox, WebhookOutcome};
use super::Checkouts;
use crate::{
    kernel::{db::StoreError, saga::WakeRequest},
    money::refunds::failed::Looked,
    shop::bookings,
};

pub use self::signature::{BadSignature, HEADER, TOLERANCE_SECS};

/// The maximum number of events that one pass processes; the next pass follows soon.
const BATCH: i64 = 100;
/// How often an event is tried while the gateway cannot be asked. With the waits below, the tries take about a day.
const MAX_ATTEMPTS: i32 = 300;
/// How long an event waits after its first failed try. The wait doubles with each try, up to [`RETRY_MAX_MS`].
const RETRY_FIRST_MS: i64 = 2_000;
const RETRY_MAX_MS: i64 = 5 * 60 * 1000;
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
        let claimed = store::claim(&self.base.db, BATCH).await?;
        let mut worked_on = 0;
        for event in claimed {
            let payment = PaymentId(event.payment.clone());
            let (worked, why) = match self.work_on(&event.kind, &payment).await {
                Ok(worked) => (worked, "gateway-unreachable"),
                Err(error) if error.is_unavailable() => return Err(error),
                // The later events do not wait until a person has repaired this event.
                Err(error) => {
                    tracing::error!(event = event.id, %error, "an event fails and is tried again");
                    (None, "faulty")
                }
            };
            let outcome = match worked {
                Some(outcome) => outcome,
                None if event.attempts >= MAX_ATTEMPTS => {
                    tracing::error!(event = event.id, why, "an event could not be worked on");
                    WebhookOutcome::Failed(why)
                }
                None => {
                    let doublings = u32::try_from(event.attempts - 1).unwrap_or(0).min(10);
                    let wait_ms = (RETRY_FIRST_MS << doublings).min(RETRY_MAX_MS);
                    store::put_off(&self.base.db, &event, wait_ms).await?;
                    continue;
                }
            };
            store::settle(&self.base.db, &event, outcome).await?;
            worked_on += 1;
        }
        Ok(worked_on)
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
