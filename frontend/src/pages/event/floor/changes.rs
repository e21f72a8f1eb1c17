//! What others do reaches the page: changes of the stream, lapsed holds, another plan.

use holdfast_contract::{
    catalogue::SeatStatus,
    live::{Change, SeatStates},
};
use leptos::prelude::*;

use super::{Floor, Notice, general_of};
use crate::{
    api, browser,
    map::prices::{Prices, Sale},
    pages::event::selection::Selection,
};

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
        let mut turned = false;
        self.prices.maybe_update(|prices| {
            turned = prices.moves_on(&now);
            turned
        });
        if turned {
            self.drop_ended();
        }
    }

    /// The server's clock, as the server writes times.
    fn now(self) -> String {
        let live = self.live.get_value();
        let seconds = live.borrow().clock.seconds(browser::monotonic_ms());
        browser::rfc3339(seconds)
    }

    /// Gives up the choice of offers that do not sell any more.
    fn drop_ended(self) {
        self.prices.with_untracked(|prices| {
            let sells = |id| prices.offer(id).is_some_and(|it| prices.sale(it) == Sale::Now);
            self.chosen.update(|chosen| {
                for (_, offer) in &mut chosen.seats {
                    *offer = offer.filter(|id| sells(*id));
                }
                chosen.places.retain(|places| sells(places.offer_id));
            });
        });
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
        if states.plan_version != hall.plan_version && hall.len() > 0 {
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
            if let Ok(offers) = api::offers(id).await {
                let _ = self.prices.try_set(Prices::new(offers.items, self.now()));
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
