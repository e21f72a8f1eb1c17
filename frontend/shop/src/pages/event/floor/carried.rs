//! The visitor's choice, which the page keeps when it is loaded again because the event has a new seating plan.

use leptos::prelude::*;

use super::{Floor, Notice, Standing};
use crate::pages::event::selection::Selection;

/// The choice, with the names that its seats had.
#[derive(Debug, Clone)]
pub struct Carried {
    chosen: Selection,
    names: Vec<(i32, String)>,
}

impl Floor {
    /// Loads the page again and keeps the choice.
    pub fn reopen(self) {
        let locale = self.i18n.get_locale_untracked();
        let Some(chosen) = self.chosen.try_get_untracked() else { return };
        let name = |id: i32| self.names(locale, &[id]).pop().unwrap_or_default();
        let names = chosen.seats.iter().map(|(id, _)| (*id, name(*id))).collect();
        self.carried.set_value((!chosen.is_empty()).then_some(Carried { chosen, names }));
        self.again.run(());
    }

    /// Chooses the kept seats and places again if they are still free, and tells the visitor which of them are not.
    pub(super) fn take_back(self) {
        let Some(Carried { mut chosen, names }) =
            self.carried.try_update_value(Option::take).flatten()
        else {
            return;
        };
        let hall = self.hall.get_value();
        self.prices.with_untracked(|prices| {
            chosen.seats.retain_mut(|(id, offer)| {
                let Some(seat) = hall.index_of(*id) else { return false };
                let fits = prices.for_seat(&hall, seat).any(|it| it.id == *offer);
                if !fits && let Some(other) = prices.for_seat(&hall, seat).next() {
                    *offer = other.id;
                }
                untrack(|| self.standing(seat)) == Standing::Free
            });
            chosen.places.retain(|places| {
                prices.for_general(places.section_id).any(|it| it.id == places.offer_id)
            });
        });
        let lost = names.into_iter().filter(|(id, _)| !chosen.has(*id)).map(|(_, name)| name);
        self.notice.set(Some(Notice::Replaced(lost.collect())));
        self.chosen.set(chosen);
        self.rest();
    }
}
