//! Stripe as far as a checkout sees it: PaymentIntents, refunds, events, idempotency keys, errors and signed webhooks
//! as Stripe documents them, over HTTP, with books that tests can look into and faults that tests can ask
//! for. It is no part of the product and takes no money.
//!
//! `books` holds what is known and what each call does to it, `refunds` what is given back, `lists` what is only read, `keys` the
//! idempotency keys, `methods` the test cards, `webhooks` the signing and sending, `server` the HTTP,
//! `admin` the path of its own (`/_fake`) by which another process asks for faults.

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

use self::{books::Books, fault::Faults, keys::Keys};
pub use self::{
    fault::Fault,
    intent::{Intent, Refund, Status},
    webhooks::{Mode, Target, signature},
};

/// How long the receiver of a webhook may take.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// A call that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its name, such as `confirm`.
    pub call: &'static str,
    /// The key that came along.
    pub key: Option<String>,
    /// The status that was answered; nothing where the answer was lost.
    pub status: Option<u16>,
}

#[derive(Debug, Default)]
struct World {
    books: Books,
    keys: Keys,
    faults: Faults,
    seen: Vec<Seen>,
    target: Option<Target>,
    mode: Mode,
    clock_offset_secs: i64,
    connections: std::collections::HashSet<String>,
}

/// A running fake. Cheap to clone; ends with the process.
#[derive(Debug, Clone)]
pub struct FakeStripe {
    world: Arc<Mutex<World>>,
    client: reqwest::Client,
    address: SocketAddr,
}

impl FakeStripe {
    /// Listens on this address; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn start(address: SocketAddr) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(WEBHOOK_TIMEOUT).build()?;
        let millis = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let world = World { books: Books::new(millis), ..World::default() };
        let world = Arc::new(Mutex::new(world));
        server::start(world, client, address).await
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it listens, as `STRIPE_API_BASE` has it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its clock in seconds since 1970.
    pub fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX) + self.world().clock_offset_secs
    }

    /// Moves its clock.
    pub fn advance(&self, by: Duration) {
        self.world().clock_offset_secs += i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
    }

    /// Lets the next `times` calls of this name (`create`, `confirm`, `capture`, `cancel`, `retrieve`, `refund`,
    /// `list` …) go wrong.
    pub fn fail(&self, call: &str, fault: Fault, times: u32) {
        self.world().faults.add(call, fault, times);
    }

    /// Forgets the faults that have not happened yet.
    pub fn heal(&self) {
        self.world().faults.clear();
    }

    /// Forgets every key, as Stripe does after a day.
    pub fn forget_keys(&self) {
        self.world().keys.forget();
    }

    /// How many connections calls came over.
    pub fn connections(&self) -> usize {
        self.world().connections.len()
    }

    /// Whether a call with this key is under way.
    pub fn is_busy(&self, key: &str) -> bool {
        self.world().keys.is_busy(key)
    }

    /// Sends webhooks there.
    pub fn send_webhooks_to(&self, target: Target) {
        self.world().target = Some(target);
    }

    /// Sends events by themselves, or keeps them.
    pub fn set_mode(&self, mode: Mode) {
        self.world().mode = mode;
    }

    /// Lets searches find nothing that is younger.
    pub fn set_search_lag(&self, lag: Duration) {
        self.world().books.search_lag_secs = i64::try_from(lag.as_secs()).unwrap_or(i64::MAX);
    }

    /// Every intent, oldest first.
    pub fn intents(&self) -> Vec<Intent> {
        self.world().books.intents.clone()
    }

    /// How much of an intent was given back.
    pub fn refunded(&self, intent: &str) -> i64 {
        let world = self.world();
        let of_intent = |refund: &&Refund| refund.intent == intent && refund.failure.is_none();
        let refunds = world.books.refunds.iter().filter(of_intent);
        refunds.map(|refund| refund.amount).sum()
    }

    /// Every refund, oldest first, failed ones too.
    pub fn refunds(&self) -> Vec<Refund> {
        self.world().books.refunds.clone()
    }

    /// Somebody captures a payment in the dashboard; whether that can be done.
    pub fn capture_by_hand(&self, intent: &str) -> bool {
        let now = self.now();
        let done = self.world().books.capture(intent, &serde_json::Map::new(), now).is_ok();
        self.send_fresh();
        done
    }

    /// Somebody gives an amount back in the dashboard; whether that can be done.
    pub fn refund_by_hand(&self, intent: &str, amount: i64) -> bool {
        let now = self.now();
        let done = self.world().books.refund_by_hand(intent, amount, now);
        self.send_fresh();
        done
    }

    /// The bank cannot deliver a refund; whether it had not failed yet.
    pub fn fail_refund(&self, refund: &str, reason: &str) -> bool {
        let now = self.now();
        let done = self.world().books.fail_refund(refund, reason, now);
        self.send_fresh();
        done
    }

    /// Every event, oldest first.
    pub fn events(&self) -> Vec<Value> {
        self.world().books.events.clone()
    }

    /// Every call, oldest first.
    pub fn seen(&self) -> Vec<Seen> {
        self.world().seen.clone()
    }

    /// The buyer takes the second step of a payment; whether there was one to take.
    pub fn second_step(&self, intent: &str, succeeds: bool) -> bool {
        let now = self.now();
        let done = self.world().books.second_step(intent, succeeds, now);
        self.send_fresh();
        done
    }

    /// Stripe lets the authorization go; whether there is such a payment.
    pub fn expire(&self, intent: &str) -> bool {
        let now = self.now();
        let done = self.world().books.expire(intent, now);
        self.send_fresh();
        done
    }

    /// Puts an intent into a status, whatever it was in; whether there is such a payment.
    pub fn force(&self, intent: &str, status: Status) -> bool {
        let mut world = self.world();
        let Some(at) = world.books.position(intent) else { return false };
        world.books.intents[at].status = status;
        true
    }

    /// Sends an event now, signed now; answers the receiver's status.
    pub async fn deliver(&self, event: &Value) -> Option<u16> {
        let target = self.world().target.clone()?;
        let body = event.to_string();
        let header = signature(&target.secret, self.now(), &body);
        webhooks::send(&self.client, &target.url, &header, body).await
    }

    /// Sends what happened since, unless events are kept.
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
