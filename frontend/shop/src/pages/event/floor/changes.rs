//! The changes that reach the page from outside: messages of the stream, lapsed holds, and a new seating plan.

use holdfast_contract::{
    catalogue::{Offer, SeatStatus},
    live::{Change, SeatStates},
};
use leptos::prelude::*;
use uuid::Uuid;

use super::{Floor, Notice, general_of};
use crate::pages::event::selection::EndedOffers;
use map::{
    prices::{EventSale, Prices, Sale},
    stage::MapStage,
};
use ui::{api, browser};

/// Longer than a node shows an event as it was.
const MOMENT_MS: i32 = 400;
/// How often the page reads counts that are older than the seats. In a busy sale, the stream brings them.
const MAX_COUNTS: usize = 3;
/// How often the page looks whether the state contains a change; the next message begins anew.
const MAX_LOOKS: usize = 10;

impl Floor {
    /// Processes one message of the stream.
    pub fn change(self, change: Change) {
        let (hall, live) = (self.hall.get_value(), self.live.get_value());
        if change.seq <= live.borrow().seq {
            return;
        }
        let changed = {
            let mut live = live.borrow_mut();
            live.clock.set(change.now, browser::monotonic_ms());
            live.hear(&hall, &change)
        };
        self.changed(&changed);
        self.fill_gap();
        if !change.sections.is_empty() {
            self.general.update(|sections| {
                for state in &change.sections {
                    for section in sections.iter_mut().filter(|it| it.id == state.section_id) {
                        section.counts.available = state.available;
                    }
                }
            });
        }
        if change.event {
            leptos::task::spawn_local(async move { self.read_event().await });
        }
    }

    /// Frees the seats whose hold has lapsed, and begins and ends offers.
    pub fn lapse(self) {
        let (hall, live) = (self.hall.get_value(), self.live.get_value());
        let lapsed = live.borrow_mut().lapse(&hall, browser::monotonic_ms());
        self.changed(&lapsed);
        let now = self.now();
        if let Some(next) = self.prices.with_untracked(|prices| prices.moved_on(&now)) {
            self.sell_by(next);
        }
    }

    /// The server's time, in the form in which the server writes times.
    fn now(self) -> String {
        let live = self.live.get_value();
        let seconds = live.borrow().clock.seconds(browser::monotonic_ms());
        browser::rfc3339(seconds)
    }

    /// Uses these offers from now on. A choice whose offer no longer sells its place moves to another offer that does, or
    /// is removed. A message tells the visitor.
    pub(super) fn sell_by(self, next: Prices) {
        let (hall, live) = (self.hall.get_value(), self.live.get_value());
        let closed = next.closed(&hall);
        let is_other = live.borrow().closed != closed;
        if is_other {
            live.borrow_mut().closed = closed;
            self.stage.with_untracked(|stage| {
                stage.as_ref().map(|stage| stage.update(MapStage::repaint))
            });
            self.revision.update(|revision| *revision += 1);
        }
        // Only the previous list contains an offer that was withdrawn.
        let before = self.prices.get_untracked();
        // The number of persons in the choice counts as before the change.
        let admits = |id| before.offer(id).map_or(1, |offer| offer.admits);
        let of = |selling: Vec<&Offer>, chosen| {
            let like = |it: &&&Offer| it.admits == admits(chosen);
            let same = selling.iter().find(|it| it.id == chosen);
            same.or_else(|| selling.iter().find(like)).map(|it| it.id)
        };
        let for_seat = |seat_id, chosen| {
            let seat = hall.index_of(seat_id)?;
            of(next.for_seat(&hall, seat).collect(), chosen)
        };
        let for_places = |section, chosen| {
            let selling = next.for_general(section).filter(|it| next.sale(it) == Sale::Now);
            of(selling.collect(), chosen)
        };
        let mut chosen = self.chosen.get_untracked();
        let EndedOffers { offers, instead, seats } = chosen.drop_ended(&for_seat, &for_places);
        let names = offers.iter().filter_map(|id| Some(before.offer(*id)?.name.clone())).collect();
        let instead = instead.iter().filter_map(|id| next.offer(*id).cloned()).collect();
        let is_other = is_other || !next.are_those_of(&before);
        self.prices.set(next);
        // A message about a seat that was not on sale may no longer be true.
        self.notice.maybe_update(|notice| {
            let before = notice.len();
            notice.retain(|it| !(is_other && matches!(it, Notice::Closed(_))));
            notice.len() != before
        });
        if !offers.is_empty() {
            self.chosen.set(chosen);
            self.tell(Notice::Ended { offers: names, instead, seats });
        }
    }

    /// Reads the state of all seats again.
    pub fn reload(self) {
        leptos::task::spawn_local(async move { self.read_states().await });
    }

    /// The log has reached this number.
    pub fn hear_of(self, seq: i64) {
        if let Some(live) = self.live.try_get_value() {
            live.borrow_mut().hear_of(seq);
            self.fill_gap();
        }
    }

    /// Reads the state until the page lacks no change. A state can be a moment old.
    fn fill_gap(self) {
        let has_gap = move || self.live.try_get_value().is_some_and(|live| live.borrow().has_gap());
        if !has_gap() || self.filling.try_get_value() != Some(false) {
            return;
        }
        self.filling.set_value(true);
        leptos::task::spawn_local(async move {
            for _ in 0..MAX_LOOKS {
                self.read_states().await;
                if !has_gap() {
                    break;
                }
                browser::sleep(MOMENT_MS).await;
            }
            let _ = self.filling.try_set_value(false);
        });
    }

    /// Reads the state of all seats again, and takes it whatever its number.
    pub fn begin_anew(self) {
        if let Some(live) = self.live.try_get_value() {
            live.borrow_mut().forget_number();
        }
        self.reload();
    }

    /// Reads everything again that can change while the page is open.
    pub fn reload_all(self) {
        leptos::task::spawn_local(async move { self.read_all().await });
    }

    async fn read_all(self) {
        self.read_states().await;
        self.read_event().await;
    }

    pub async fn read_states(self) {
        let Some(event) = self.event.try_with_untracked(|event| event.id) else { return };
        let Ok(states) = api::seat_states(event).await else { return };
        self.replace(&states);
        self.read_sections(event).await;
    }

    /// Reads how many places are left in the sections, again if the stream has brought newer counts meanwhile.
    async fn read_sections(self, event: Uuid) {
        for _ in 0..MAX_COUNTS {
            let Ok(sections) = api::sections(event).await else { return };
            let Some(live) = self.live.try_get_value() else { return };
            if sections.seq >= live.borrow().seq {
                let _ = self.general.try_set(general_of(sections.items));
                return;
            }
            browser::sleep(MOMENT_MS).await;
        }
    }

    fn replace(self, states: &SeatStates) {
        let (Some(hall), Some(live)) = (self.hall.try_get_value(), self.live.try_get_value())
        else {
            return;
        };
        if states.plan_version != hall.plan_version && !hall.is_empty() {
            self.again.try_run(());
            return;
        }
        let changed = live.borrow_mut().replace(&hall, states, browser::monotonic_ms());
        self.changed(&changed);
    }

    pub async fn read_event(self) {
        let known =
            self.event.try_with_untracked(|event| (event.id, event.plan_version, event.version));
        let Some((id, plan, version)) = known else { return };
        let mut read = api::event(&id.to_string()).await;
        if read.as_ref().is_ok_and(|event| event.version <= version) {
            // Another node answered, which shows the event as it was a moment ago.
            browser::sleep(MOMENT_MS).await;
            read = api::event(&id.to_string()).await;
        }
        let Ok(event) = read else { return };
        if event.plan_version != plan {
            self.again.try_run(());
            return;
        }
        let sale = EventSale::of(&event);
        let _ = self.event.try_set(event);
        if let Ok(offers) = api::offers(id).await
            && self.prices.try_with_untracked(|_| ()).is_some()
        {
            self.sell_by(Prices::new(offers.items, sale, self.now()));
        }
        self.read_sections(id).await;
    }

    fn changed(self, seats: &[usize]) {
        if seats.is_empty() {
            return;
        }
        self.stage.with_untracked(|stage| {
            stage.as_ref().map(|stage| stage.update(|stage| stage.spoil(seats)))
        });
        let _ = self.revision.try_update(|revision| *revision += 1);
        // While a hold request is under way, its own seats appear as held. The response will say which seats are lost.
        if !self.holding.try_get_untracked().unwrap_or(true) {
            self.drop_lost();
        }
    }

    /// Removes chosen seats that another buyer has now, and shows a message.
    pub fn drop_lost(self) {
        let lost: Vec<i32> = self.look_untracked(|hall, live| {
            self.chosen.with_untracked(|chosen| {
                let is_lost = |seat_id: &i32| {
                    hall.index_of(*seat_id)
                        .is_none_or(|seat| live.status[seat] != SeatStatus::Available)
                };
                chosen.seats.iter().map(|(id, _)| *id).filter(is_lost).collect()
            })
        });
        if lost.is_empty() {
            return;
        }
        self.chosen.update(|chosen| chosen.seats.retain(|(seat, _)| !lost.contains(seat)));
        self.tell(Notice::Taken(lost));
    }
}
