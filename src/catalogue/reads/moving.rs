//! The part of an event that changes with every hold: which seats are taken, and how many places are left.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};

use holdfast_contract::{
    catalogue::{Counts, SeatStatus},
    live::{SeatState as WireState, SeatStates},
};
use holdfast_domain::{
    ids::{SeatId, SectionId},
    inventory::SectionKind,
};
use holdfast_entity::sections;
use tokio::sync::Mutex;

use crate::{
    catalogue::{
        store::{
            self,
            events::EventSnapshot,
            inventory::{GeneralHold, OddSeat, SeatClass},
        },
        views,
    },
    http::{body, tagged::Packed},
    kernel::db::{Bug, StoreError, Tx},
    live::{changed, record},
};

/// The minimum size of a text that is compressed on another thread: a longer text would keep other requests waiting.
const LONG_BYTES: usize = 16 * 1024;

/// Counts the reads of a state's seats, by where they were found.
const READS: &str = "holdfast_state_reads_total";

/// The part of an event that changes with every hold.
#[derive(Debug)]
pub struct Moving {
    /// The version of the event when this was read.
    version: i32,
    /// The version of the seating plan that the seats belong to.
    pub plan_version: i32,
    /// The number of changes that were committed when this was read.
    pub total: i64,
    valid_until: i64,
    /// How many stored holds had lapsed. While `total` stays the same, this number only grows.
    pub lapsed: usize,
    /// The number of the last numbered change that this contains.
    pub seq: i64,
    /// The sections in their order, each with its counts.
    pub sections: Vec<(sections::Model, Counts)>,
    /// The seats that were not stored as available, by id.
    odd: Vec<OddSeat>,
    /// The number of taken seats of each class, once it is asked for.
    taken: OnceLock<HashMap<SeatClass, i64>>,
    /// The database's clock at the read, in milliseconds since 1970. A hold that had lapsed by then is no hold.
    read_at: i64,
    /// The response with the seats, by its second.
    states: PackedBy<i64>,
    /// The response with the counts, by the version of the event and the last time at which an offer began or ended.
    inventory: PackedBy<(i32, i64)>,
}

/// A response that is made and compressed once for all readers, as long as its key stays the same.
#[derive(Debug)]
struct PackedBy<K>(Mutex<Option<(K, Packed)>>);

impl<K> Default for PackedBy<K> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<K: PartialEq> PackedBy<K> {
    async fn get(&self, key: K, make: impl FnOnce() -> Vec<u8>) -> Result<Packed, StoreError> {
        let mut kept = self.0.lock().await;
        if let Some((of, packed)) = &*kept
            && *of == key
        {
            return Ok(packed.clone());
        }
        let json = make();
        let is_short = json.len() < LONG_BYTES;
        let pack = move || Packed::shared(json);
        let made = if is_short {
            pack()
        } else {
            let made = tokio::task::spawn_blocking(pack).await;
            made.map_err(|error| Bug::new(error.to_string()))?
        };
        *kept = Some((key, made.clone()));
        Ok(made)
    }
}

impl Moving {
    /// Reads the state as the transaction sees it. `moment` was read in the same transaction. A state that was read
    /// `before` saves the seats that have not changed since.
    pub(super) async fn read(
        tx: &Tx,
        moment: &EventSnapshot,
        before: Option<&Self>,
    ) -> Result<Self, StoreError> {
        let event = moment.row.id;
        let sections = store::sections::all(tx, event).await?;
        let has_general = sections.iter().any(|section| section.kind == SectionKind::General);
        let general = if has_general {
            store::inventory::general_holds(tx, event).await?
        } else {
            Vec::new()
        };
        let odd = odd_seats(tx, moment, before).await?;
        Ok(sum_up(moment, sections, odd, &general))
    }

    /// Whether nothing has changed or lapsed from the read until this moment.
    pub(super) fn is_current(&self, moment: &EventSnapshot) -> bool {
        self.total >= moment.total() && moment.now < self.valid_until && self.is_of(moment)
    }

    /// Whether this contains the plan and the terms of the event at this moment.
    pub(super) fn is_of(&self, moment: &EventSnapshot) -> bool {
        self.version >= moment.row.version
    }

    /// Whether somebody has asked for the response `SeatStates`.
    pub(super) fn is_read_by_pages(&self) -> bool {
        self.states.0.try_lock().map_or(true, |kept| kept.is_some())
    }

    /// The response `SeatStates` with the time of this moment.
    ///
    /// # Errors
    /// When the compression panics.
    pub async fn seat_states(&self, moment: &EventSnapshot) -> Result<Packed, StoreError> {
        let now = moment.now.div_euclid(1_000);
        let make = || {
            let states = SeatStates {
                seq: self.seq,
                plan_version: self.plan_version,
                now,
                seats: self.odd.iter().filter_map(|seat| shown(seat, self.read_at)).collect(),
            };
            body::bytes(&states)
        };
        self.states.get(now, make).await
    }

    /// The response with the counts. `make` makes it; its result depends on nothing but this state and `key`.
    ///
    /// # Errors
    /// When the compression panics.
    pub async fn inventory(
        &self,
        key: (i32, i64),
        make: impl FnOnce() -> Vec<u8>,
    ) -> Result<Packed, StoreError> {
        self.inventory.get(key, make).await
    }

    /// How many seats of each class are held, sold or blocked. A class that is absent has none.
    pub fn taken(&self) -> &HashMap<SeatClass, i64> {
        self.taken.get_or_init(|| {
            let mut taken = HashMap::new();
            let odd: Vec<&OddSeat> =
                self.odd.iter().filter(|seat| shown(seat, self.read_at).is_some()).collect();
            // Seats beside each other mostly share their class.
            for seats in odd.chunk_by(|a, b| Arc::ptr_eq(&a.class, &b.class)) {
                let class = seats[0].class.as_ref().clone();
                *taken.entry(class).or_insert(0) += i64::try_from(seats.len()).unwrap_or(i64::MAX);
            }
            taken
        })
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

/// The seats that are not stored as available. When the log names the seats that have changed since `before`, only they
/// are read.
async fn odd_seats(
    tx: &Tx,
    moment: &EventSnapshot,
    before: Option<&Moving>,
) -> Result<Vec<OddSeat>, StoreError> {
    let event = moment.row.id;
    if let Some(before) = before.filter(|before| before.version == moment.row.version)
        && let Some(changed) = changed::seats_since(tx, event, before.seq, moment.seq).await?
    {
        metrics::counter!(READS, "from" => "log").increment(1);
        let now = store::inventory::odd_seats_among(tx, event, &changed).await?;
        return Ok(patched(&before.odd, &changed, now));
    }
    metrics::counter!(READS, "from" => "seats").increment(1);
    store::inventory::odd_seats(tx, event).await
}

/// The seats `before`, with those that have `changed` as they are now.
fn patched(before: &[OddSeat], changed: &BTreeSet<SeatId>, now: Vec<OddSeat>) -> Vec<OddSeat> {
    let same = before.iter().filter(|seat| !changed.contains(&seat.id));
    let mut all: Vec<OddSeat> = same.cloned().chain(now).collect();
    all.sort_by_key(|seat| seat.id);
    all
}

/// The seat on the wire at this time. `None` when it is available.
fn shown(seat: &OddSeat, now: i64) -> Option<WireState> {
    if seat.expires_at.is_some_and(|at| at <= now) {
        return None;
    }
    match (views::seat_status(seat.status), seat.expires_at) {
        (SeatStatus::Available, _) => None,
        (_, Some(until)) => Some(record::held(seat.id, seat.version, until)),
        (status, None) => Some(record::settled(seat.id, status, seat.version)),
    }
}

fn sum_up(
    moment: &EventSnapshot,
    sections: Vec<sections::Model>,
    odd: Vec<OddSeat>,
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
    for seat in &odd {
        if let Some(at) = seat.expires_at {
            lapses.has_lapsed(at);
        }
        if let Some(WireState(_, status, ..)) = shown(seat, moment.now)
            && let Some(counts) = counts.get_mut(&seat.class.section)
        {
            match status {
                SeatStatus::Available => {}
                SeatStatus::Held => counts.held += 1,
                SeatStatus::Sold => counts.sold += 1,
                SeatStatus::Blocked => counts.blocked += 1,
            }
        }
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
        version: moment.row.version,
        plan_version: moment.row.plan_version,
        total: moment.total(),
        valid_until: lapses.valid_until,
        lapsed: lapses.lapsed,
        seq: moment.seq,
        sections,
        odd,
        taken: OnceLock::new(),
        read_at: moment.now,
        states: PackedBy::default(),
        inventory: PackedBy::default(),
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
