//! What the parts of the event page share: the hall, its state, what is chosen.
//!
//! The large arrays are not signals; `revision` grows with them, and the stage is told which seats to
//! paint again. How changes arrive is in `changes`.

mod changes;

use std::{cell::RefCell, rc::Rc};

use holdfast_contract::{
    catalogue::{Event, SeatStatus, Section, SectionKind},
    money::Money,
};
use leptos::prelude::*;

use super::{Opening, selection::Selection};
use map::{live::Live, model::Hall, prices::Prices, stage::Handle};
use ui::{
    api::Failure, browser, components::erased::known, i18n::Locale, state::holds::Holds, td_string,
};

/// Something to tell beside the summary.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// Others were quicker with these seats; so many chosen ones are left.
    Taken(Vec<i32>, i32),
    /// So many persons at most.
    Limit(i32),
    /// Offers of these names do not sell any more, so these seats were given up.
    Ended(Vec<String>, Vec<i32>),
    /// This seat, by its index, does not sell now.
    Closed(usize),
    /// The server refused, or did not answer.
    Failed(Failure),
}

/// How long the button rests: longer than a hand needs to stop, and than a double click.
const REST_MS: i32 = 800;

/// Whether changes arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamStatus {
    /// For the first time.
    Joining,
    /// Changes arrive.
    Live,
    /// The line broke and is being joined again.
    Rejoining,
}

/// How a seat stands for this visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Can be chosen.
    Free,
    /// Chosen here.
    Chosen,
    /// Held here.
    Mine,
    /// Held by somebody else.
    Held,
    /// Sold.
    Sold,
    /// Kept back.
    Blocked,
    /// Free, but under no offer that sells now.
    Closed,
}

/// The shared state of the event page.
#[derive(Clone, Copy)]
pub struct Floor {
    /// The event.
    pub event: RwSignal<Event>,
    /// The seats.
    pub hall: StoredValue<Rc<Hall>, LocalStorage>,
    /// Their states.
    pub live: StoredValue<Rc<RefCell<Live>>, LocalStorage>,
    /// Grows with every change of `live`.
    pub revision: RwSignal<u32>,
    /// What things cost.
    pub prices: RwSignal<Prices>,
    /// General-admission sections.
    pub general: RwSignal<Vec<Section>>,
    /// What is chosen.
    pub chosen: RwSignal<Selection>,
    /// Seats held here.
    pub mine: Memo<Vec<i32>>,
    /// The map, once it stands.
    pub stage: RwSignal<Option<Handle>, LocalStorage>,
    /// Whether changes arrive.
    pub stream: RwSignal<StreamStatus>,
    /// What to tell.
    pub notice: RwSignal<Option<Notice>>,
    /// A hold is under way.
    pub holding: RwSignal<bool>,
    /// How many rests of the button have not ended.
    rests: RwSignal<u32>,
    /// Reads the whole page again: there is another plan.
    pub reopen: Callback<()>,
}

impl Floor {
    /// Sets the page up from what was fetched.
    pub fn new(opening: Opening, reopen: Callback<()>) -> Self {
        let Opening { event, map, states, sections, offers } = opening;
        let hall = map.map_or_else(Hall::empty, Hall::new);
        let mut live = Live::new(&hall);
        live.replace(&hall, &states, browser::monotonic_ms());
        let prices = Prices::new(offers, browser::rfc3339(states.now));
        live.closed = prices.closed(&hall);
        let holds = Holds::expect();
        let event_id = event.id;
        Self {
            event: RwSignal::new(event),
            hall: StoredValue::new_local(Rc::new(hall)),
            live: StoredValue::new_local(Rc::new(RefCell::new(live))),
            revision: RwSignal::new(0),
            prices: RwSignal::new(prices),
            general: RwSignal::new(general_of(sections)),
            chosen: RwSignal::new(Selection::default()),
            mine: known(move || holds.seats(event_id)),
            stage: RwSignal::new_local(None),
            stream: RwSignal::new(StreamStatus::Joining),
            notice: RwSignal::new(None),
            holding: RwSignal::new(false),
            rests: RwSignal::new(0),
            reopen,
        }
    }

    /// Looks at hall and states, and follows their changes.
    pub fn look<T>(self, look: impl FnOnce(&Hall, &Live) -> T) -> T {
        self.revision.track();
        self.look_untracked(look)
    }

    /// Looks without following.
    pub fn look_untracked<T>(self, look: impl FnOnce(&Hall, &Live) -> T) -> T {
        let (hall, live) = (self.hall.get_value(), self.live.get_value());
        let live = live.borrow();
        look(&hall, &live)
    }

    /// How a seat stands, followed.
    pub fn standing(self, seat: usize) -> Standing {
        let (seat_id, status, closed) =
            self.look(|hall, live| (hall.ids[seat], live.status[seat], live.is_closed(hall, seat)));
        if self.mine.with(|mine| mine.contains(&seat_id)) {
            return Standing::Mine;
        }
        match status {
            SeatStatus::Available if self.chosen.with(|chosen| chosen.has(seat_id)) => {
                Standing::Chosen
            }
            SeatStatus::Available if closed => Standing::Closed,
            SeatStatus::Available => Standing::Free,
            SeatStatus::Held => Standing::Held,
            SeatStatus::Sold => Standing::Sold,
            SeatStatus::Blocked => Standing::Blocked,
        }
    }

    /// What a seat costs now at its first offer, followed.
    pub fn price(self, seat: usize) -> Option<Money> {
        let hall = self.hall.get_value();
        self.prices.with(|prices| prices.for_seat(&hall, seat).next().map(|it| it.price.clone()))
    }

    /// A seat as people call it: section, row, seat.
    pub fn name(self, locale: Locale, seat: usize) -> String {
        self.look_untracked(|hall, _| {
            td_string!(
                locale,
                seat.name,
                section = hall.section_of(seat).name.as_str(),
                row = hall.row_of(seat).label.as_str(),
                seat = hall.labels[seat].as_str()
            )
        })
    }

    /// Seats' names by their ids.
    pub fn names(self, locale: Locale, seat_ids: &[i32]) -> Vec<String> {
        let hall = self.hall.get_value();
        seat_ids
            .iter()
            .filter_map(|id| hall.index_of(*id))
            .map(|seat| self.name(locale, seat))
            .collect()
    }

    /// Chooses a seat or gives it up, if it can be had.
    pub fn toggle(self, seat: usize) {
        if self.holding.get_untracked() {
            return;
        }
        match untrack(|| self.standing(seat)) {
            Standing::Free | Standing::Chosen => {}
            Standing::Closed => return self.notice.set(Some(Notice::Closed(seat))),
            Standing::Mine | Standing::Held | Standing::Sold | Standing::Blocked => return,
        }
        let hall = self.hall.get_value();
        let (seat_id, limit) =
            (hall.ids[seat], self.event.with_untracked(|event| event.max_per_order));
        let first = self
            .prices
            .with_untracked(|prices| prices.for_seat(&hall, seat).next().map(|offer| offer.id));
        let Some(offer) = first else { return };
        let within = self.chosen.try_update(|chosen| chosen.toggle(seat_id, offer, limit));
        self.notice.set(if within == Some(false) { Some(Notice::Limit(limit)) } else { None });
    }

    /// Whether the button rests, followed.
    pub fn is_resting(self) -> bool {
        self.rests.get() > 0
    }

    /// Lets the button rest a moment: something else is chosen now, through no act of the buyer's, and a press on
    /// its way was meant for what was there before.
    pub fn rest(self) {
        self.rests.update(|rests| *rests += 1);
        leptos::task::spawn_local(async move {
            browser::sleep(REST_MS).await;
            let _ = self.rests.try_update(|rests| *rests -= 1);
        });
    }
}

/// The sections that are sold by quantity.
fn general_of(sections: Vec<Section>) -> Vec<Section> {
    sections.into_iter().filter(|section| section.kind == SectionKind::General).collect()
}
