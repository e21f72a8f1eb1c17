//! What others do reaches the page: changes of the stream, lapsed holds, another plan.

use holdfast_contract::{
    catalogue::SeatStatus,
    live::{Change, SeatStates},
};
use leptos::prelude::*;

use super::{Floor, Notice, general_of};
use crate::pages::event::selection::Selection;
use map::{
    prices::{Prices, Sale},
    stage::Stage,
};
use ui::{api, browser};

impl Floor {
    /// Takes over one message of the stream.
    pub fn change(self, change: Change) {
        let (hall, live) = (self.hall.get_value(), self.live.get_value());
        let known = live.borrow().seq;
        if change.seq <= known {
            return;
        }
        if change.seq > known + 1 {
            self.reload();
            return;
        }
        let changed = {
            let mut live = live.borrow_mut();
            live.seq = change.seq;
            live.clock.set(change.now, browser::monotonic_ms());
            live.apply(&hall, &change.seats)
        };
        self.changed(&changed);
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
            self.refresh();
        }
    }

    /// Frees what is held past its time, and lets offers begin and end.
    pub fn lapse(self) {
        let (hall, live) = (self.hall.get_value(), self.live.get_value());
        let lapsed = live.borrow_mut().lapse(&hall, browser::monotonic_ms());
        self.changed(&lapsed);
        let now = self.now();
        if let Some(next) = self.prices.with_untracked(|prices| prices.moved_on(&now)) {
            self.sell_by(next);
        }
    }

    /// The server's clock, as the server writes times.
    fn now(self) -> String {
        let live = self.live.get_value();
        let seconds = live.borrow().clock.seconds(browser::monotonic_ms());
        browser::rfc3339(seconds)
    }

    /// Sells by these offers from now on. What was chosen under one that does not sell any more is given up, a seat
    /// only where no other offer sells it, and that is said.
    fn sell_by(self, next: Prices) {
        let (hall, live) = (self.hall.get_value(), self.live.get_value());
        let closed = next.closed(&hall);
        if live.borrow().closed != closed {
            live.borrow_mut().closed = closed;
            self.stage
                .with_untracked(|stage| stage.as_ref().map(|stage| stage.update(Stage::repaint)));
            self.revision.update(|revision| *revision += 1);
        }
        let sells = |id| next.offer(id).is_some_and(|it| next.sale(it) == Sale::Now);
        let other = |seat_id| {
            let seat = hall.index_of(seat_id)?;
            next.for_seat(&hall, seat).next().map(|offer| offer.id)
        };
        let mut chosen = self.chosen.get_untracked();
        let (offers, seats) = chosen.drop_ended(&sells, &other);
        // An offer that was withdrawn is known to those before alone.
        let names = self.prices.with_untracked(|before| {
            offers.iter().filter_map(|id| Some(before.offer(*id)?.name.clone())).collect()
        });
        self.prices.set(next);
        // What was said of a seat that did not sell may not be so any more.
        self.notice
            .maybe_update(|notice| notice.take_if(|it| matches!(it, Notice::Closed(_))).is_some());
        if !offers.is_empty() {
            self.chosen.set(chosen);
            self.notice.set(Some(Notice::Ended(names, seats)));
            self.rest();
        }
    }

    /// Reads the state of all seats again.
    pub fn reload(self) {
        let event = self.event.with_untracked(|event| event.id);
        leptos::task::spawn_local(async move {
            let Ok(states) = api::seat_states(event).await else { return };
            self.replace(&states);
            if let Ok(sections) = api::sections(event).await {
                let _ = self.general.try_set(general_of(sections.items));
            }
        });
    }

    fn replace(self, states: &SeatStates) {
        let (Some(hall), Some(live)) = (self.hall.try_get_value(), self.live.try_get_value())
        else {
            return;
        };
        if states.plan_version != hall.plan_version && !hall.is_empty() {
            self.reopen.run(());
            return;
        }
        let changed = live.borrow_mut().replace(&hall, states, browser::monotonic_ms());
        self.changed(&changed);
    }

    fn refresh(self) {
        let (id, plan) = self.event.with_untracked(|event| (event.id, event.plan_version));
        leptos::task::spawn_local(async move {
            let Ok(event) = api::event(&id.to_string()).await else { return };
            if event.plan_version != plan {
                self.reopen.run(());
                return;
            }
            let _ = self.event.try_set(event);
            if let Ok(offers) = api::offers(id).await
                && self.prices.try_with_untracked(|_| ()).is_some()
            {
                self.sell_by(Prices::new(offers.items, self.now()));
            }
            if let Ok(sections) = api::sections(id).await {
                let _ = self.general.try_set(general_of(sections.items));
            }
        });
    }

    fn changed(self, seats: &[usize]) {
        if seats.is_empty() {
            return;
        }
        self.stage.with_untracked(|stage| {
            stage.as_ref().map(|stage| stage.update(|stage| stage.spoil(seats)))
        });
        let _ = self.revision.try_update(|revision| *revision += 1);
        // While a hold is under way its own seats turn held here; the answer will say what is lost.
        if !self.holding.try_get_untracked().unwrap_or(true) {
            self.drop_lost();
        }
    }

    /// Gives up chosen seats that somebody else has now, and says so.
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
        let left = self.chosen.with_untracked(Selection::count);
        self.notice.set(Some(Notice::Taken(lost, left)));
        self.rest();
    }
}
