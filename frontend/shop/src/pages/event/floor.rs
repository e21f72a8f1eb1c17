//! The state that the parts of the event page share: the hall, the state of its seats, and the visitor's choice.
//!
//! The large arrays are not signals. Instead, `revision` grows with every change of them, and the stage is told which
//! seats to draw again. `changes` processes the changes.

mod changes;
pub mod kept;

use std::{cell::RefCell, rc::Rc};

use holdfast_contract::{
    catalogue::{Event, Offer, SeatStatus, Section, SectionKind},
    money::Money,
};
use leptos::prelude::*;
use uuid::Uuid;

use super::{
    Opening,
    selection::{Room, Selection},
};
use map::{
    live::LiveSeats,
    model::Hall,
    prices::{EventSale, Prices},
    stage::Handle,
};
use ui::{
    api::CallFailure,
    browser,
    components::erased::{follow, known},
    i18n::{I18n, Locale, use_i18n},
    state::holds::Holds,
    td_string,
};

/// A message beside the summary.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// Other buyers took these seats.
    Taken(Vec<i32>),
    /// The choice is limited to this many persons. The visitor already holds places for `held` persons.
    Limit { persons: i32, held: i32 },
    /// The offers with these names have ended.
    Ended {
        offers: Vec<String>,
        /// The offers that took their place.
        instead: Vec<Offer>,
        /// The seats that were removed from the choice.
        seats: Vec<i32>,
    },
    /// The choice is without the seats and places with these names, which are no longer free.
    Lost(Vec<String>),
    /// The event has a new seating plan, and the choice is without the seats and places with these names.
    Replaced(Vec<String>),
    /// No offer sells the seat with this index now.
    Closed(usize),
    /// The server refused the request or did not respond.
    Failed(CallFailure),
}

impl Notice {
    /// Whether the message says how the choice changed without an act of the visitor.
    fn is_of_a_change(&self) -> bool {
        match self {
            Self::Taken(_) | Self::Ended { .. } | Self::Lost(_) | Self::Replaced(_) => true,
            Self::Limit { .. } | Self::Closed(_) | Self::Failed(_) => false,
        }
    }
}

/// How long the button ignores clicks after an unexpected change: longer than a hand needs to stop, and longer than a
/// double click.
const REST_MS: i32 = 800;

/// The state of the event stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamStatus {
    /// The page connects for the first time.
    Joining,
    /// The connection is open, and changes arrive as they happen.
    Live,
    /// The connection broke, and the page connects again.
    Rejoining,
}

/// The state of a seat for this visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The visitor can choose the seat.
    Free,
    /// The visitor has chosen the seat.
    Chosen,
    /// The visitor holds the seat.
    Mine,
    /// Another buyer holds the seat.
    Held,
    Sold,
    /// The organizer has blocked the seat.
    Blocked,
    /// The seat is free, but no offer sells it now.
    Closed,
}

#[derive(Clone, Copy)]
pub struct Floor {
    pub event: RwSignal<Event>,
    /// The layout of the seats.
    pub hall: StoredValue<Rc<Hall>, LocalStorage>,
    /// The current state of the seats.
    pub live: StoredValue<Rc<RefCell<LiveSeats>>, LocalStorage>,
    /// Grows with every change of `live`.
    pub revision: RwSignal<u32>,
    /// The offers and their prices.
    pub prices: RwSignal<Prices>,
    /// The general-admission sections, with their free places.
    pub general: RwSignal<Vec<Section>>,
    /// The seats and places that the visitor has chosen.
    pub chosen: RwSignal<Selection>,
    /// The ids of the seats that this visitor holds.
    pub mine: Memo<Vec<i32>>,
    /// The stage of the seat map. `None` until the canvas is on the page.
    pub stage: RwSignal<Option<Handle>, LocalStorage>,
    pub stream: RwSignal<StreamStatus>,
    /// The messages beside the summary. Empty if there is nothing to say.
    pub notice: RwSignal<Vec<Notice>>,
    /// Whether a hold request is under way.
    pub holding: RwSignal<bool>,
    /// The number of pauses of the button that have not ended. See [`Floor::rest`].
    rests: RwSignal<u32>,
    /// Whether the page reads the state because it lacks changes.
    filling: StoredValue<bool>,
    holds: Holds,
    i18n: I18n,
    /// Loads the whole page again.
    again: Callback<()>,
}

impl Floor {
    /// Creates the state from the fetched data.
    pub fn new(opening: Opening, again: Callback<()>) -> Self {
        let Opening { event, map, states, sections, offers } = opening;
        let hall = map.map_or_else(Hall::empty, Hall::new);
        let mut live = LiveSeats::new(&hall);
        live.replace(&hall, &states, browser::monotonic_ms());
        // The stream goes on from the older of both; what it repeats changes nothing.
        live.seq = live.seq.min(sections.seq);
        let prices = Prices::new(offers, EventSale::of(&event), browser::rfc3339(states.now));
        live.closed = prices.closed(&hall);
        let holds = Holds::expect();
        let event_id = event.id;
        let floor = Self {
            event: RwSignal::new(event),
            hall: StoredValue::new_local(Rc::new(hall)),
            live: StoredValue::new_local(Rc::new(RefCell::new(live))),
            revision: RwSignal::new(0),
            prices: RwSignal::new(prices),
            general: RwSignal::new(general_of(sections.items)),
            chosen: RwSignal::new(Selection::default()),
            mine: known(move || holds.seats(event_id)),
            stage: RwSignal::new_local(None),
            stream: RwSignal::new(StreamStatus::Joining),
            notice: RwSignal::new(Vec::new()),
            holding: RwSignal::new(false),
            rests: RwSignal::new(0),
            filling: StoredValue::new(false),
            holds,
            i18n: use_i18n(),
            again,
        };
        floor.take_back();
        follow(move || floor.chosen.with(|chosen| floor.keep(chosen)));
        floor
    }

    /// Reads the hall and the state of its seats; reactive.
    pub fn look<T>(self, look: impl FnOnce(&Hall, &LiveSeats) -> T) -> T {
        self.revision.track();
        self.look_untracked(look)
    }

    /// Reads the hall and the state of its seats, without tracking.
    pub fn look_untracked<T>(self, look: impl FnOnce(&Hall, &LiveSeats) -> T) -> T {
        let (hall, live) = (self.hall.get_value(), self.live.get_value());
        let live = live.borrow();
        look(&hall, &live)
    }

    /// The state of a seat for this visitor; reactive.
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

    /// The price of a seat under the first offer that sells it; reactive.
    pub fn price(self, seat: usize) -> Option<Money> {
        let hall = self.hall.get_value();
        self.prices.with(|prices| prices.for_seat(&hall, seat).next().map(|it| it.price.clone()))
    }

    /// The seat's name for people: section, row, seat.
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

    /// The names of the seats with these ids.
    pub fn names(self, locale: Locale, seat_ids: &[i32]) -> Vec<String> {
        let hall = self.hall.get_value();
        seat_ids
            .iter()
            .filter_map(|id| hall.index_of(*id))
            .map(|seat| self.name(locale, seat))
            .collect()
    }

    /// Chooses a seat if it can be chosen, or removes it from the choice.
    pub fn toggle(self, seat: usize) {
        if self.holding.get_untracked() {
            return;
        }
        match untrack(|| self.standing(seat)) {
            Standing::Free | Standing::Chosen => {}
            Standing::Closed => return self.notice.set(vec![Notice::Closed(seat)]),
            Standing::Mine | Standing::Held | Standing::Sold | Standing::Blocked => return,
        }
        let hall = self.hall.get_value();
        let seat_id = hall.ids[seat];
        let first = self
            .prices
            .with_untracked(|prices| prices.for_seat(&hall, seat).next().map(|offer| offer.id));
        let Some(offer) = first else { return };
        self.choose(&|chosen, room| chosen.toggle(seat_id, offer, room));
    }

    /// Applies a change to the choice, or tells the visitor the maximum number of persons.
    pub fn choose(self, change: &dyn Fn(&mut Selection, &Room<'_>) -> bool) {
        let (id, per_order, per_user) =
            self.event.with_untracked(|event| (event.id, event.max_per_order, event.max_per_user));
        let held = untrack(|| self.holds.persons(id));
        let admits = |offer| untrack(|| self.admits(offer));
        let room = Room { persons: per_order.min(per_user - held), admits: &admits };
        let fits = self.chosen.try_update(|chosen| change(chosen, &room));
        let limit = if per_order <= per_user - held {
            Notice::Limit { persons: per_order, held: 0 }
        } else {
            Notice::Limit { persons: per_user, held }
        };
        self.notice.set((fits == Some(false)).then_some(limit).into_iter().collect());
    }

    /// How many persons one unit of an offer admits; reactive.
    pub fn admits(self, offer: Uuid) -> i32 {
        self.prices.with(|prices| prices.offer(offer).map_or(1, |offer| offer.admits))
    }

    /// The number of persons in the choice; reactive.
    pub fn persons(self) -> i32 {
        self.chosen.with(|chosen| chosen.persons(&|offer| self.admits(offer)))
    }

    /// Whether the button ignores clicks for the moment; reactive.
    pub fn is_resting(self) -> bool {
        self.rests.get() > 0
    }

    /// Tells the visitor about a change of the choice that was not an act of the visitor.
    pub fn tell(self, notice: Notice) {
        self.say(notice);
        self.rest();
    }

    /// Shows a message. Messages about changes of the choice stay beside it until the visitor acts.
    pub fn say(self, notice: Notice) {
        self.notice.update(|told| {
            told.retain(Notice::is_of_a_change);
            let is_taken = |earlier: &&mut Notice| matches!(earlier, Notice::Taken(_));
            if let Notice::Taken(seats) = &notice
                && let Some(Notice::Taken(taken)) = told.iter_mut().find(is_taken)
            {
                taken.extend(seats);
            } else {
                told.push(notice);
            }
        });
    }

    /// Makes the button ignore clicks for a moment. The choice changed without an act of the buyer, and a click that
    /// is already on its way was meant for the previous choice.
    fn rest(self) {
        self.rests.update(|rests| *rests += 1);
        leptos::task::spawn_local(async move {
            browser::sleep(REST_MS).await;
            let _ = self.rests.try_update(|rests| *rests -= 1);
        });
    }
}

/// The general-admission sections among these.
fn general_of(sections: Vec<Section>) -> Vec<Section> {
    sections.into_iter().filter(|section| section.kind == SectionKind::General).collect()
}
