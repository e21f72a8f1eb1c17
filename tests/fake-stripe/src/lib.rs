//! A replacement for Stripe in tests: PaymentIntents, refunds, events, idempotency keys, errors and signed webhooks as
//! Stripe documents them, over HTTP. Tests can read its books and request faults. It is not a part of the product and
//! takes no money.
//!
//! `books` contains the data and the effect of each call, `refunds` the refunds, `lists` the calls that only read,
//! `keys` the idempotency keys, `methods` the test cards, `webhooks` signs and sends events, `server` handles HTTP, and
//! `admin` is the additional path (`/_fake`) by which another process requests faults.

#![allow(missing_docs, reason = "the fields of Stripe's objects have Stripe's names")]
#![allow(clippy::disallowed_methods, reason = "an outside system reads its own clock")]

mod admin;
mod answer;
mod books;
mod calls;
mod fault;
mod form;
mod intent;
mod keys;
mod lists;
mod methods;
mod refunds;
mod server;
mod webhooks;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use self::{books::Books, fault::PlannedFaults, keys::Keys};
pub use self::{
    fault::CallFault,
    intent::{Intent, Refund, Status},
    webhooks::{Mode, Target, signature},
};

/// How long the receiver of a webhook may take to respond.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// A call that arrived at the fake, with the status of its response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenCall {
    /// The name of the call, such as `confirm`.
    pub call: &'static str,
    /// The idempotency key of the call.
    pub key: Option<String>,
    /// The status of the response. `None` if the response was lost.
    pub status: Option<u16>,
}

#[derive(Debug, Default)]
struct FakeState {
    books: Books,
    keys: Keys,
    faults: PlannedFaults,
    seen: Vec<SeenCall>,
    target: Option<Target>,
    mode: Mode,
    clock_offset_secs: i64,
    connections: std::collections::HashSet<String>,
}

/// A running fake. Clones share its state. It ends with the process.
#[derive(Debug, Clone)]
pub struct FakeStripe {
    world: Arc<Mutex<FakeState>>,
    client: reqwest::Client,
    address: SocketAddr,
}

impl FakeStripe {
    /// Starts to listen on this address; port 0 means a free port.
    ///
    /// # Errors
    /// If the address is not available.
    pub async fn start(address: SocketAddr) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(WEBHOOK_TIMEOUT).build()?;
        let millis = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let world = FakeState { books: Books::new(millis), ..FakeState::default() };
        let world = Arc::new(Mutex::new(world));
        server::start(world, client, address).await
    }

    fn world(&self) -> MutexGuard<'_, FakeState> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address of the fake, for the setting `STRIPE_API_BASE`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The fake's clock in seconds since 1970.
    pub fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX) + self.world().clock_offset_secs
    }

    /// Moves the fake's clock forward.
    pub fn advance(&self, by: Duration) {
        self.world().clock_offset_secs += i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
    }

    /// The next `times` calls with this name (`create`, `confirm`, `capture`, `cancel`, `retrieve`, `refund`, `list` …)
    /// fail with this fault.
    pub fn fail(&self, call: &str, fault: CallFault, times: u32) {
        self.world().faults.add(call, fault, times);
    }

    /// Removes the faults that have not happened yet.
    pub fn heal(&self) {
        self.world().faults.clear();
    }

    /// Forgets every idempotency key, as Stripe does after a day.
    pub fn forget_keys(&self) {
        self.world().keys.forget();
    }

    /// The number of connections over which calls arrived.
    pub fn connections(&self) -> usize {
        self.world().connections.len()
    }

    /// Whether a call with this idempotency key is in progress.
    pub fn is_busy(&self, key: &str) -> bool {
        self.world().keys.is_busy(key)
    }

    /// Sets the receiver of webhooks.
    pub fn send_webhooks_to(&self, target: Target) {
        self.world().target = Some(target);
    }

    /// Sets whether events are sent by themselves.
    pub fn set_mode(&self, mode: Mode) {
        self.world().mode = mode;
    }

    /// Searches do not find intents that are younger than this.
    pub fn set_search_lag(&self, lag: Duration) {
        self.world().books.search_lag_secs = i64::try_from(lag.as_secs()).unwrap_or(i64::MAX);
    }

    /// All intents in the books, oldest first.
    pub fn intents(&self) -> Vec<Intent> {
        self.world().books.intents.clone()
    }

    /// The refunded amount of an intent, in minor units.
    pub fn refunded(&self, intent: &str) -> i64 {
        let world = self.world();
        let of_intent = |refund: &&Refund| refund.intent == intent && refund.failure.is_none();
        let refunds = world.books.refunds.iter().filter(of_intent);
        refunds.map(|refund| refund.amount).sum()
    }

    /// All refunds, oldest first, including failed refunds.
    pub fn refunds(&self) -> Vec<Refund> {
        self.world().books.refunds.clone()
    }

    /// Somebody captures a payment in Stripe's dashboard. Returns whether the payment could be captured.
    pub fn capture_by_hand(&self, intent: &str) -> bool {
        let now = self.now();
        let done = self.world().books.capture(intent, &serde_json::Map::new(), now).is_ok();
        self.send_fresh();
        done
    }

    /// Somebody refunds an amount in Stripe's dashboard. Returns whether the amount could be refunded.
    pub fn refund_by_hand(&self, intent: &str, amount: i64) -> bool {
        let now = self.now();
        let done = self.world().books.refund_by_hand(intent, amount, now);
        self.send_fresh();
        done
    }

    /// The bank cannot deliver a refund. Returns false if the refund had already failed or does not exist.
    pub fn fail_refund(&self, refund: &str, reason: &str) -> bool {
        let now = self.now();
        let done = self.world().books.fail_refund(refund, reason, now);
        self.send_fresh();
        done
    }

    /// All events that happened so far, oldest first.
    pub fn events(&self) -> Vec<Value> {
        self.world().books.events.clone()
    }

    /// All calls that arrived so far, oldest first.
    pub fn seen(&self) -> Vec<SeenCall> {
        self.world().seen.clone()
    }

    /// The buyer takes the second step of a payment. Returns whether the payment had a second step.
    pub fn second_step(&self, intent: &str, succeeds: bool) -> bool {
        let now = self.now();
        let done = self.world().books.second_step(intent, succeeds, now);
        self.send_fresh();
        done
    }

    /// The authorization of a payment expires. Returns whether the payment exists.
    pub fn expire(&self, intent: &str) -> bool {
        let now = self.now();
        let done = self.world().books.expire(intent, now);
        self.send_fresh();
        done
    }

    /// Sets the status of an intent, whatever its current status. Returns whether the intent exists.
    pub fn force(&self, intent: &str, status: Status) -> bool {
        let mut world = self.world();
        let Some(at) = world.books.position(intent) else { return false };
        world.books.intents[at].status = status;
        true
    }

    /// Sends an event now with a new signature. Returns the receiver's status, or `None` without a response.
    pub async fn deliver(&self, event: &Value) -> Option<u16> {
        let target = self.world().target.clone()?;
        let body = event.to_string();
        let header = signature(&target.secret, self.now(), &body);
        webhooks::send(&self.client, &target.url, &header, body).await
    }

    /// Sends the events that happened since the last time, unless the mode keeps them.
    fn send_fresh(&self) {
        let now = self.now();
        let (target, fresh) = {
            let mut world = self.world();
            if world.mode == Mode::Hold {
                world.books.fresh.clear();
            }
            (world.target.clone(), std::mem::take(&mut world.books.fresh))
        };
        let Some(target) = target else { return };
        for event in fresh {
            tokio::spawn(webhooks::deliver(self.client.clone(), target.clone(), event, now));
        }
    }
}
