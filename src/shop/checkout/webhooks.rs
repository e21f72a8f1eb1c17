//! What Stripe tells us by itself: verified, written down once by its event's id, answered at once, worked on
//! afterwards.
//!
//! An event decides nothing and its contents are not looked at: it says that something about a payment may have
//! changed. The payment is fetched again, by the saga that waits for it or here when that is over; so the
//! order of events, their doubles and their delays make no difference. One that never comes makes none
//! either: a checkout that waits asks by itself.

pub mod api;
mod signature;
mod store;

use holdfast_domain::checkout::{PaymentId, PaymentStatus};
use sea_orm::DbErr;
use serde::Deserialize;

use self::store::{Inbox, Outcome};
use super::Checkouts;
use crate::{
    kernel::{db, saga::Wish},
    money::refunds::failed::Looked,
    shop::bookings,
};

pub use self::signature::{BadSignature, HEADER, TOLERANCE_SECS};

/// How many events one pass works on at the most; the next one follows soon.
const BATCH: i64 = 100;
/// How often an event is tried while the gateway cannot be asked: with the waits below about a day.
const MAX_ATTEMPTS: i32 = 300;
/// How long an event waits after a try that failed, at first; doubled up to the most.
const RETRY_FIRST_MS: i64 = 2_000;
const RETRY_MAX_MS: i64 = 5 * 60 * 1000;
/// How long events are kept: longer than Stripe's dashboard can send one again.
const KEPT_MS: i64 = 35 * 24 * 60 * 60 * 1000;
/// How many rows one retention pass deletes at the most.
const MAX_FORGOTTEN: u64 = 10_000;
/// The longest id or type of an event that is written down.
const MAX_CHARS: usize = 255;

/// The types that say that a payment may stand otherwise than before. Others than these and those of refunds
/// are written down and ignored.
const TELLING: [&str; 5] = [
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.succeeded",
];

/// The types that say that a refund may have failed (<https://docs.stripe.com/refunds#failed-refunds>).
const OF_REFUNDS: [&str; 3] = ["charge.refund.updated", "refund.failed", "refund.updated"];

/// What a receiver of webhooks has to know.
#[derive(Clone)]
pub struct WebhookSettings {
    /// Each may have signed; while one is replaced there are two.
    pub secrets: Vec<String>,
    /// Whether the account takes real money; events of the other mode are not ours.
    pub live: bool,
}

impl std::fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookSettings").field("live", &self.live).finish_non_exhaustive()
    }
}

/// An event as far as it is read (<https://docs.stripe.com/api/events/object>).
#[derive(Debug, Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    livemode: bool,
    /// The connected account that it comes from; none for our own.
    account: Option<String>,
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Data {
    object: Object,
}

#[derive(Debug, Deserialize)]
struct Object {
    id: Option<String>,
    object: Option<String>,
    payment_intent: Option<serde_json::Value>,
}

impl Object {
    /// The payment that it is or belongs to.
    fn payment(&self) -> Option<&str> {
        match self.object.as_deref() {
            Some("payment_intent") => self.id.as_deref(),
            _ => self.payment_intent.as_ref()?.as_str(),
        }
    }
}

/// Why a webhook is not taken. Nothing is written down.
#[derive(Debug, thiserror::Error)]
pub enum Rejected {
    /// No webhooks are expected here.
    #[error("no gateway of ours sends webhooks")]
    NotExpected,
    /// It is not Stripe's, or not of now.
    #[error(transparent)]
    Signature(#[from] BadSignature),
    /// It is signed, and no event.
    #[error("no event: {0}")]
    NotAnEvent(String),
    /// The database failed: it is sent again.
    #[error("the database failed")]
    Db(#[from] DbErr),
}

impl Checkouts {
    /// Takes a webhook in; whether it is a new one. What it says is worked on afterwards.
    ///
    /// # Errors
    /// See [`Rejected`].
    pub async fn receive(&self, header: Option<&str>, body: &[u8]) -> Result<bool, Rejected> {
        let settings = self.webhooks.as_ref().ok_or(Rejected::NotExpected)?;
        let now_ms = self.base.db.now().await?;
        signature::verify(header, body, &settings.secrets, now_ms / 1000)?;
        let event: Event = serde_json::from_slice(body)
            .map_err(|error| Rejected::NotAnEvent(error.to_string()))?;
        if [&event.id, &event.kind].into_iter().any(|it| it.is_empty() || it.len() > MAX_CHARS) {
            return Err(Rejected::NotAnEvent("its id or type has an odd length".to_owned()));
        }
        let outcome = self.at_once(settings, &event);
        let inbox = Inbox {
            provider: self.gateway.provider(),
            id: &event.id,
            kind: &event.kind,
            payment: event.data.object.payment(),
            account: event.account.as_deref(),
        };
        let new = store::insert(&self.base.db, &inbox, outcome).await?;
        metrics::counter!("holdfast_webhooks_total", "new" => if new { "yes" } else { "no" })
            .increment(1);
        Ok(new)
    }

    /// What can be said of an event without asking anybody.
    fn at_once(&self, settings: &WebhookSettings, event: &Event) -> Option<Outcome> {
        if event.account.is_some() {
            return Some(Outcome::Ignored("other-account"));
        }
        if event.livemode != settings.live {
            return Some(Outcome::Ignored("other-mode"));
        }
        let kind = event.kind.as_str();
        if !TELLING.contains(&kind) && !OF_REFUNDS.contains(&kind) {
            return Some(Outcome::Ignored("unknown-type"));
        }
        match event.data.object.payment() {
            Some(_) => None,
            None => Some(Outcome::Ignored("no-payment")),
        }
    }

    /// Works on what came in; answers how many events. Runs on every node: each event is claimed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn webhooks_pass(&self) -> Result<u64, DbErr> {
        if self.webhooks.is_none() {
            return Ok(0);
        }
        let claimed = store::claim(&self.base.db, BATCH).await?;
        let mut worked_on = 0;
        for event in claimed {
            let payment = PaymentId(event.payment.clone());
            let (worked, why) = match self.work_on(&event.kind, &payment).await {
                Ok(worked) => (worked, "gateway-unreachable"),
                Err(error) if db::is_unavailable(&error) => return Err(error),
                // Those after it do not wait until somebody has mended this one.
                Err(error) => {
                    tracing::error!(event = event.id, %error, "an event fails and is tried again");
                    (None, "faulty")
                }
            };
            let outcome = match worked {
                Some(outcome) => outcome,
                None if event.attempts >= MAX_ATTEMPTS => {
                    tracing::error!(event = event.id, why, "an event could not be worked on");
                    Outcome::Failed(why)
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

    /// Something about this payment may have changed; nothing when the gateway cannot be asked now, or somebody
    /// is still at it.
    async fn work_on(&self, kind: &str, payment: &PaymentId) -> Result<Option<Outcome>, DbErr> {
        let (db, provider) = (&self.base.db, self.gateway.provider());
        let Some(booking) = bookings::booking_of_intent(db, provider, &payment.0).await? else {
            return Ok(Some(Outcome::Ignored("unknown-payment")));
        };
        if OF_REFUNDS.contains(&kind) {
            return Ok(match self.refunds.look_for_failures(payment).await? {
                Looked::Agrees => Some(Outcome::Done("agrees")),
                Looked::Reversed => Some(Outcome::Done("refund-failed")),
                Looked::Later => None,
            });
        }
        if self.executor.wake(booking.0, Wish::Look).await? {
            return Ok(Some(Outcome::Done("woken")));
        }
        // The checkout is over. If its payment was captured, the gateway is not asked again: otherwise every sale
        // would cost one more call. Refunds since then are the business of `money::refunds`.
        if bookings::is_captured(db, booking).await? {
            return Ok(Some(Outcome::Done("captured-before")));
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
            return Ok(Some(Outcome::Failed("late-success")));
        }
        Ok(Some(Outcome::Done("agrees")))
    }

    /// Forgets old events; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn webhooks_retention_pass(&self) -> Result<u64, DbErr> {
        store::forget(&self.base.db, KEPT_MS, MAX_FORGOTTEN).await
    }
}
