//! Reads the parts of an event that everybody looks at: events, inventory, seat states, maps.
//!
//! Each read asks the database one small question, the event's [`EventSnapshot`]: its row, the time, and the number of
//! changes committed so far, numbered or not. Data that was read under the same number, and in which no hold has
//! lapsed since, is still true and is not read again. During a busy sale, [`Pace`] says how old a moment and a state
//! may be that readers share; the first change after a quiet time that this node makes or passes to viewers ends the
//! sharing of a moment. Organizers share nothing. No decision uses these reads.
//!
//! A state that is read again takes from the seats only those that the log of changes names since the state before.

mod kept;
mod moving;
mod pace;

use std::sync::Arc;

use holdfast_domain::{
    access::Role,
    ids::EventId,
    plan::Plan,
    pricing::{Offer, Window},
};
use holdfast_entity::offers;
use moka::future::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};

use self::kept::{KeptState, ReaderAnswer, Renewal};
pub use self::{kept::NodeTime, moving::Moving, pace::Pace};
use super::{
    latest::{Latest, Sharing},
    map,
    store::{self, events::EventSnapshot, inventory::SeatsOfClass},
};
use crate::{
    http::tagged::Packed,
    kernel::{
        base::Base,
        db::{Bug, Db, Sql, StoreError, Tx},
    },
    live::{ChangeCounts, Relay},
};

/// The maximum number of events in each cache.
const MAX_EVENTS: u64 = 1_000;
/// The maximum number of events whose state is kept. A state of a large hall takes a megabyte.
const MAX_STATES: u64 = 300;
/// How many states are read at once for readers that do not wait. Holds use the same connections.
const MAX_RENEWALS: usize = 2;
/// The maximum size of all cached maps, in bytes.
const MAX_MAP_BYTES: u64 = 32 * 1024 * 1024;

/// Reads events for lists and pages, through caches.
#[derive(Debug)]
pub struct Reads {
    base: Base,
    relay: Relay,
    pace: Pace,
    renewals: Arc<Semaphore>,
    moments: Latest<EventId, Option<Arc<EventSnapshot>>>,
    fixed: Cache<EventId, Arc<Mutex<Option<Arc<Fixed>>>>>,
    moving: Cache<EventId, KeptState>,
    maps: Cache<(EventId, i32), Packed>,
}

/// The part of an event that changes only with the event's version.
#[derive(Debug)]
pub struct Fixed {
    version: i32,
    /// Offers that are not withdrawn, in their order.
    pub offers: Vec<offers::Model>,
    /// The same offers as pricing needs them.
    pub priced: Vec<Offer>,
    /// The classes of the seats.
    pub classes: Vec<SeatsOfClass>,
}

/// An event in its present state.
#[derive(Debug, Clone)]
pub struct PresentEvent {
    pub moment: Arc<EventSnapshot>,
    pub fixed: Arc<Fixed>,
    pub moving: Arc<Moving>,
}

impl Fixed {
    /// The version of the event when this was read.
    pub fn version(&self) -> i32 {
        self.version
    }
}

impl PresentEvent {
    /// The time at which the sale of an offer last began or ended; 0 if never. Within one version of the event, this
    /// time identifies the offers that are sold now.
    pub fn offers_turned_at(&self) -> i64 {
        let windows = self.fixed.priced.iter().map(|offer| offer.sale);
        let turns = windows.flat_map(|sale| [sale.from, sale.until]).flatten();
        turns.filter(|turn| *turn <= self.moment.now).max().unwrap_or(0)
    }
}

impl Reads {
    pub fn new(base: Base, relay: Relay, pace: Pace) -> Self {
        let maps = Cache::builder()
            .max_capacity(MAX_MAP_BYTES)
            .weigher(|_, packed: &Packed| u32::try_from(packed.len()).unwrap_or(u32::MAX))
            .build();
        let (fixed, moving) = (Cache::new(MAX_EVENTS), Cache::new(MAX_STATES));
        let renewals = Arc::new(Semaphore::new(MAX_RENEWALS));
        Self { base, relay, pace, renewals, moments: Latest::new(), fixed, moving, maps }
    }

    /// How old the reads of a caller with this role may be. Organizers see what they have just changed, on any node.
    pub fn pace_of(&self, role: Option<Role>) -> Pace {
        match role {
            Some(Role::Organizer | Role::Admin) => Pace::EXACT,
            Some(Role::Customer | Role::Controller) | None => self.pace,
        }
    }

    /// The time of a question about events that are not known yet. It counts no change of them, so that a state may be
    /// read once more than it need be.
    pub fn now_of_any(&self) -> NodeTime {
        NodeTime { at: self.base.clock.elapsed(), changes: ChangeCounts::default() }
    }

    /// The time of a question about this event that is sent now.
    fn now(&self, event: EventId) -> NodeTime {
        // In this order: a change that is counted now was committed before any later question.
        let changes = self.relay.changes(event);
        NodeTime { at: self.base.clock.elapsed(), changes }
    }

    /// The event's row, the time and the number of changes, as old as `pace` allows. `None` when there is no such event.
    pub async fn moment(
        &self,
        event: EventId,
        pace: Pace,
    ) -> Result<Option<Arc<EventSnapshot>>, StoreError> {
        let asked = self.now(event);
        let kept = self.moving.get(&event).await;
        let is_busy = kept.is_some_and(|kept| kept.is_busy(asked.at, pace));
        // In a busy sale, a newer moment would bring its readers no newer state.
        let of = if is_busy { ChangeCounts { places: 0, ..asked.changes } } else { asked.changes };
        let sharing = Sharing { now: asked.at, within: pace.question, of };
        let question = async {
            let found = store::events::at(&self.base.db, event).await?;
            Ok(found.map(|moment| Arc::new(moment.asked_at(asked))))
        };
        self.moments.get(event, sharing, question).await
    }

    /// Everything that lists and pages show about an event.
    pub async fn seen(
        &self,
        moment: Arc<EventSnapshot>,
        pace: Pace,
    ) -> Result<PresentEvent, StoreError> {
        let fixed = self.fixed(&moment).await?;
        let moving = self.moving(&moment, pace).await?;
        Ok(PresentEvent { moment, fixed, moving })
    }

    /// The offers and categories, from the cache if the event's version is the same.
    pub async fn fixed(&self, moment: &EventSnapshot) -> Result<Arc<Fixed>, StoreError> {
        let event = moment.row.id;
        let slot = self.fixed.get_with(event, async { Arc::default() }).await;
        let mut slot = slot.lock().await;
        match &*slot {
            Some(fixed) if fixed.version >= moment.row.version => {
                metrics::counter!("holdfast_cache_hits_total", "cache" => "offers").increment(1);
                Ok(Arc::clone(fixed))
            }
            Some(_) | None => {
                metrics::counter!("holdfast_cache_misses_total", "cache" => "offers").increment(1);
                let fixed = Arc::new(read_fixed(&self.base.db, event, moment.row.version).await?);
                *slot = Some(Arc::clone(&fixed));
                Ok(fixed)
            }
        }
    }

    /// The inventory, from the cache if nothing changed or lapsed since it was read, or as `pace` allows.
    async fn moving(&self, moment: &EventSnapshot, pace: Pace) -> Result<Arc<Moving>, StoreError> {
        let event = moment.row.id;
        let kept = self.moving.get_with(event, async { KeptState::default() }).await;
        let asked = self.now(event);
        let found = kept.find(moment, asked, pace, &self.renewals);
        if let ReaderAnswer::Taken(moving) | ReaderAnswer::ToRenew(moving, _) = &found {
            metrics::counter!("holdfast_cache_hits_total", "cache" => "inventory").increment(1);
            let moving = Arc::clone(moving);
            if let ReaderAnswer::ToRenew(_, renewal) = found {
                self.renew(moment.clone(), kept, renewal);
            }
            return Ok(moving);
        }
        let reading = kept.reading().await;
        // Another reader may have read it while this one waited.
        if let Some(moving) = kept.read_since(moment, asked.at) {
            return Ok(moving);
        }
        read_moving(&self.base.db, moment.clone(), &kept, self.now(event), reading).await
    }

    /// Reads the state again in the background.
    fn renew(&self, moment: EventSnapshot, kept: KeptState, renewal: Renewal) {
        let Renewal { reading, permit } = renewal;
        let (db, begun) = (self.base.db.clone(), self.now(moment.row.id));
        self.base.tasks.spawn(async move {
            if let Err(error) = read_moving(&db, moment, &kept, begun, reading).await {
                tracing::warn!(%error, "the state of an event could not be read again");
            }
            drop(permit);
        });
    }

    /// The layout of the hall, packed for the wire. `None` when the event has no plan.
    pub async fn map(&self, moment: &EventSnapshot) -> Result<Option<Packed>, StoreError> {
        let event = moment.row.id;
        let version = moment.row.plan_version;
        if version == 0 {
            return Ok(None);
        }
        let made = self.maps.try_get_with((event, version), self.read_map(event, version)).await;
        made.map(Some).map_err(|error| (*error).clone())
    }

    async fn read_map(&self, event: EventId, version: i32) -> Result<Packed, StoreError> {
        let tx = self.base.db.snapshot().await?;
        let document = store::plans::document(&tx, event, version).await?;
        let sections = store::sections::all(&tx, event).await?;
        let placed = store::seats::placed(&tx, event).await?;
        tx.rollback().await?;
        let document =
            document.ok_or_else(|| Bug::new(format!("event {event} has no plan {version}")))?;
        let work = move || {
            let plan = Plan::stored(&document)
                .map_err(|faults| Bug::new(format!("a stored plan: {faults}")))?;
            let map = map::build(event, version, &plan, &sections, &placed);
            Ok(Packed::small(&map))
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Bug::new(error.to_string()))?
    }
}

/// The event as a transaction sees it after its own changes. This read uses no cache.
///
/// # Errors
/// When the event does not exist, or the database fails.
pub(super) async fn inside(tx: &Tx, event: EventId) -> Result<PresentEvent, StoreError> {
    let moment = store::events::at(tx, event).await?;
    let moment = Arc::new(moment.ok_or_else(|| Bug::new(format!("event {event} is gone")))?);
    let fixed = Arc::new(read_fixed(tx, event, moment.row.version).await?);
    let moving = Arc::new(Moving::read(tx, &moment, None).await?);
    Ok(PresentEvent { moment, fixed, moving })
}

async fn read_fixed(db: &impl Sql, event: EventId, version: i32) -> Result<Fixed, StoreError> {
    let offers = store::offers::live(db, event).await?;
    let classes = store::inventory::classes(db, event).await?;
    let priced = offers.iter().map(for_pricing).collect();
    Ok(Fixed { version, offers, priced, classes })
}

/// The offer as pricing needs it.
pub(super) fn for_pricing(offer: &offers::Model) -> Offer {
    Offer {
        id: offer.id,
        section: offer.section_id,
        category: offer.category.clone(),
        name: offer.name.clone(),
        price_minor: offer.price_minor,
        admits: offer.admits,
        sale: Window { from: offer.sale_starts_at, until: offer.sale_ends_at },
    }
}

/// Reads the state of an event and keeps it. The caller that has `_reading` is the only reader.
async fn read_moving(
    db: &Db,
    moment: EventSnapshot,
    kept: &KeptState,
    begun: NodeTime,
    _reading: OwnedMutexGuard<()>,
) -> Result<Arc<Moving>, StoreError> {
    metrics::counter!("holdfast_cache_misses_total", "cache" => "inventory").increment(1);
    let tx = db.snapshot().await?;
    // The moment of the same snapshot, so that numbers, versions and seats belong together. An event that has just been
    // deleted has only the reader's.
    let moment = store::events::at(&tx, moment.row.id).await?.unwrap_or(moment);
    let before = kept.last();
    let moving = Moving::read(&tx, &moment, before.as_deref()).await?;
    tx.rollback().await?;
    if before.is_some_and(|before| before.is_read_by_pages()) {
        // Nobody waits for the response while it is made.
        moving.seat_states(&moment).await?;
    }
    Ok(kept.keep(moving, begun))
}
