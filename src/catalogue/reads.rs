//! Reads the parts of an event that everybody looks at: events, inventory, seat states, maps.
//!
//! Each read asks the database one small question, the event's [`Moment`]: its row, the time, and the number of
//! changes committed so far, numbered or not. Data that was read under the same number, and in which no hold has
//! lapsed since, is still true and is not read again. Therefore a read sees every earlier commit of every node, and
//! an empty cache changes only the time that a read takes. No decision uses these reads.

use std::{collections::HashMap, sync::Arc};

use holdfast_contract::{
    catalogue::{Counts, SeatStatus},
    live::SeatState as WireState,
};
use holdfast_domain::{
    ids::{EventId, SectionId},
    inventory::SectionKind,
    plan::Plan,
    pricing::{Offer, Window},
};
use holdfast_entity::{offers, sections};
use moka::future::Cache;
use tokio::sync::Mutex;

use super::{
    latest::Latest,
    map,
    store::{
        self,
        events::Moment,
        inventory::{GeneralHold, OddSeat, SectionCategory},
    },
    views,
};
use crate::{
    http::tagged::Packed,
    kernel::db::{Bug, Db, Sql, StoreError, Tx},
    live::record,
};

/// The minimum size of a text that is compressed on another thread. A longer text would keep other requests waiting.
const LONG_BYTES: usize = 16 * 1024;
/// The maximum number of events in each cache.
const MAX_EVENTS: u64 = 1_000;
/// The maximum size of all cached maps, in bytes.
const MAX_MAP_BYTES: u64 = 32 * 1024 * 1024;

/// Reads events for lists and pages, through caches that are never outdated.
#[derive(Debug)]
pub struct Reads {
    db: Db,
    moments: Latest<EventId, Option<Arc<Moment>>>,
    fixed: Cache<EventId, Arc<Mutex<Option<Arc<Fixed>>>>>,
    moving: Cache<EventId, Arc<Mutex<Option<Arc<Moving>>>>>,
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
    /// The categories of each section.
    pub categories: Vec<SectionCategory>,
}

/// The part of an event that changes with every hold.
#[derive(Debug)]
pub struct Moving {
    /// The number of changes that were committed when this was read.
    pub total: i64,
    /// The version of the seating plan that the seats belong to.
    pub plan_version: i32,
    valid_until: i64,
    /// How many stored holds had lapsed. While `total` stays the same, this number only grows.
    pub lapsed: usize,
    /// The number of the last numbered change that this contains.
    pub seq: i64,
    /// The sections in their order, each with its counts.
    pub sections: Vec<(sections::Model, Counts)>,
    /// The seats that are not available, as JSON.
    seats: String,
    /// The response of the last second, so that it is compressed once for all readers.
    packed: Mutex<Option<(i64, Packed)>>,
}

/// An event in its present state.
#[derive(Debug, Clone)]
pub struct PresentEvent {
    pub moment: Arc<Moment>,
    pub fixed: Arc<Fixed>,
    pub moving: Arc<Moving>,
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

impl Moving {
    /// The response `SeatStates` with the time of this moment.
    ///
    /// # Errors
    /// When the compression panics.
    pub async fn seat_states(&self, moment: &Moment) -> Result<Packed, StoreError> {
        let now = moment.now.div_euclid(1_000);
        let mut packed = self.packed.lock().await;
        if let Some((at, packed)) = &*packed
            && *at == now
        {
            return Ok(packed.clone());
        }
        let (seq, plan) = (self.seq, self.plan_version);
        let json =
            format!(r#"{{"seq":{seq},"plan_version":{plan},"now":{now},"seats":{}}}"#, self.seats);
        let pack = move || Packed::shared(json.into_bytes());
        let made = if self.seats.len() < LONG_BYTES {
            pack()
        } else {
            let made = tokio::task::spawn_blocking(pack).await;
            made.map_err(|error| Bug::new(error.to_string()))?
        };
        *packed = Some((now, made.clone()));
        Ok(made)
    }

    /// The counts of the whole event.
    pub fn counts(&self) -> Counts {
        self.sections.iter().fold(Counts::default(), |sum, (_, counts)| Counts {
            capacity: sum.capacity + counts.capacity,
            available: sum.available + counts.available,
            held: sum.held + counts.held,
            sold: sum.sold + counts.sold,
            blocked: sum.blocked + counts.blocked,
        })
    }
}

impl Reads {
    pub fn new(db: Db) -> Self {
        let maps = Cache::builder()
            .max_capacity(MAX_MAP_BYTES)
            .weigher(|_, packed: &Packed| u32::try_from(packed.len()).unwrap_or(u32::MAX))
            .build();
        let (fixed, moving) = (Cache::new(MAX_EVENTS), Cache::new(MAX_EVENTS));
        Self { db, moments: Latest::new(), fixed, moving, maps }
    }

    /// The event's row, the time and the number of changes now. `None` when the event does not exist.
    pub async fn moment(&self, event: EventId) -> Result<Option<Arc<Moment>>, StoreError> {
        let question = async { Ok(store::events::at(&self.db, event).await?.map(Arc::new)) };
        self.moments.get(event, question).await
    }

    /// Everything that lists and pages show about an event.
    pub async fn seen(&self, moment: Arc<Moment>) -> Result<PresentEvent, StoreError> {
        let fixed = self.fixed(&moment).await?;
        let moving = self.moving(&moment).await?;
        Ok(PresentEvent { moment, fixed, moving })
    }

    /// The offers and categories, from the cache if the event's version is the same.
    pub async fn fixed(&self, moment: &Moment) -> Result<Arc<Fixed>, StoreError> {
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
                let fixed = Arc::new(read_fixed(&self.db, event, moment.row.version).await?);
                *slot = Some(Arc::clone(&fixed));
                Ok(fixed)
            }
        }
    }

    /// The inventory, from the cache if nothing changed or lapsed since it was read.
    pub async fn moving(&self, moment: &Moment) -> Result<Arc<Moving>, StoreError> {
        let event = moment.row.id;
        let slot = self.moving.get_with(event, async { Arc::default() }).await;
        let mut slot = slot.lock().await;
        match &*slot {
            Some(moving) if moving.total >= moment.total() && moment.now < moving.valid_until => {
                metrics::counter!("holdfast_cache_hits_total", "cache" => "inventory").increment(1);
                Ok(Arc::clone(moving))
            }
            Some(_) | None => {
                metrics::counter!("holdfast_cache_misses_total", "cache" => "inventory")
                    .increment(1);
                let tx = self.db.snapshot().await?;
                let moving = Arc::new(read_moving(&tx, moment).await?);
                tx.rollback().await?;
                *slot = Some(Arc::clone(&moving));
                Ok(moving)
            }
        }
    }

    /// The layout of the hall, packed for the wire. `None` when the event has no plan.
    pub async fn map(&self, moment: &Moment) -> Result<Option<Packed>, StoreError> {
        let event = moment.row.id;
        let version = moment.row.plan_version;
        if version == 0 {
            return Ok(None);
        }
        let made = self.maps.try_get_with((event, version), self.read_map(event, version)).await;
        made.map(Some).map_err(|error| (*error).clone())
    }

    async fn read_map(&self, event: EventId, version: i32) -> Result<Packed, StoreError> {
        let tx = self.db.snapshot().await?;
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
    let moving = Arc::new(read_moving(tx, &moment).await?);
    Ok(PresentEvent { moment, fixed, moving })
}

async fn read_fixed(db: &impl Sql, event: EventId, version: i32) -> Result<Fixed, StoreError> {
    let offers = store::offers::live(db, event).await?;
    let categories = store::inventory::categories(db, event).await?;
    let priced = offers.iter().map(priced).collect();
    Ok(Fixed { version, offers, priced, categories })
}

/// The offer as pricing needs it.
pub(super) fn priced(offer: &offers::Model) -> Offer {
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

async fn read_moving(tx: &Tx, moment: &Moment) -> Result<Moving, StoreError> {
    let event = moment.row.id;
    let sections = store::sections::all(tx, event).await?;
    let odd = store::inventory::odd_seats(tx, event).await?;
    let general = store::inventory::general_holds(tx, event).await?;
    Ok(sum_up(moment, sections, &odd, &general))
}

/// Counts the holds that have lapsed at `now`, and finds the time until which that number stays the same.
struct Lapses {
    now: i64,
    lapsed: usize,
    valid_until: i64,
}

impl Lapses {
    fn has_lapsed(&mut self, expires_at: i64) -> bool {
        let lapsed = expires_at <= self.now;
        if lapsed {
            self.lapsed += 1;
        } else {
            self.valid_until = self.valid_until.min(expires_at);
        }
        lapsed
    }
}

fn sum_up(
    moment: &Moment,
    sections: Vec<sections::Model>,
    odd: &[OddSeat],
    general: &[GeneralHold],
) -> Moving {
    let mut lapses = Lapses { now: moment.now, lapsed: 0, valid_until: i64::MAX };
    let mut counts: HashMap<SectionId, Counts> =
        sections.iter().map(|section| (section.id, counters(section))).collect();
    for hold in general {
        if lapses.has_lapsed(hold.expires_at)
            && let Some(counts) = counts.get_mut(&hold.section)
        {
            counts.held -= hold.persons;
        }
    }
    let mut seats: Vec<WireState> = Vec::with_capacity(odd.len());
    for seat in odd {
        if seat.expires_at.is_some_and(|at| lapses.has_lapsed(at)) {
            continue;
        }
        let status = views::seat_status(seat.status);
        if status == SeatStatus::Available {
            continue;
        }
        if let Some(counts) = counts.get_mut(&seat.section) {
            match status {
                SeatStatus::Available => {}
                SeatStatus::Held => counts.held += 1,
                SeatStatus::Sold => counts.sold += 1,
                SeatStatus::Blocked => counts.blocked += 1,
            }
        }
        seats.push(match seat.expires_at {
            Some(until) => record::held(seat.id, seat.version, until),
            None => record::settled(seat.id, status, seat.version),
        });
    }
    let sections = sections
        .into_iter()
        .map(|section| {
            let mut counts = counts.remove(&section.id).unwrap_or_default();
            let taken = counts.held + counts.sold + counts.blocked;
            counts.available = (counts.capacity - taken).max(0);
            (section, counts)
        })
        .collect();
    Moving {
        total: moment.total(),
        plan_version: moment.row.plan_version,
        valid_until: lapses.valid_until,
        lapsed: lapses.lapsed,
        seq: moment.seq,
        sections,
        seats: serde_json::to_string(&seats).expect("seat states serialize"),
        packed: Mutex::new(None),
    }
}

/// The counts that the section's row contains: all counts for general admission, only the capacity for seats.
fn counters(section: &sections::Model) -> Counts {
    let seated = section.kind == SectionKind::Seated;
    let of = |counter: i32| if seated { 0 } else { i64::from(counter) };
    Counts {
        capacity: section.capacity.into(),
        available: 0,
        held: of(section.held),
        sold: of(section.sold),
        blocked: of(section.blocked),
    }
}
