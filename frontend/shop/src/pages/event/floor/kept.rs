//! The visitor's choice, which the tab keeps over a reload, the way back, a sign-in and a new seating plan.
//!
//! Each event has a stored text: first the version of its plan, then a line for each seat and each entry of places, with
//! the name that it had. The name tells the visitor what is gone, even if the new plan does not contain it.

use std::fmt::Write as _;

use holdfast_contract::catalogue::Section;
use leptos::prelude::*;
use map::prices::Prices;
use uuid::Uuid;

use super::{Floor, Notice, Standing};
use crate::pages::event::{
    selection::{PlacesChoice, Selection},
    summary,
};
use ui::browser::{self, Keep};

fn storage_name(event: Uuid) -> String {
    format!("holdfast.selection.{event}")
}

/// Forgets the choice of an event: its seats and places are held.
pub fn forget(event: Uuid) {
    browser::remove(Keep::Tab, &storage_name(event));
}

/// One line of the stored text.
enum StoredLine {
    Seat(i32, Uuid),
    Places(PlacesChoice),
}

/// A line and the name of its seat or places. Tabs separate the parts; no name contains one, because the server refuses
/// control characters. The third part of a seat's line is empty.
fn parsed(line: &str) -> Option<(StoredLine, &str)> {
    let mut parts = line.split('\t');
    let (first, offer, quantity, name) =
        (parts.next()?, parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
    let line = match quantity.parse() {
        Ok(quantity) => StoredLine::Places(PlacesChoice {
            section_id: first.parse().ok()?,
            offer_id: offer,
            quantity,
        }),
        Err(_) => StoredLine::Seat(first.parse().ok()?, offer),
    };
    Some((line, name))
}

fn written(
    plan: i32,
    chosen: &Selection,
    seat_name: &dyn Fn(i32) -> String,
    places_name: &dyn Fn(PlacesChoice) -> String,
) -> String {
    let mut text = format!("{plan}");
    for (seat, offer) in &chosen.seats {
        let _ = write!(text, "\n{seat}\t{offer}\t\t{}", seat_name(*seat));
    }
    for places in &chosen.places {
        let PlacesChoice { section_id, offer_id, quantity } = places;
        let _ = write!(text, "\n{section_id}\t{offer_id}\t{quantity}\t{}", places_name(*places));
    }
    text
}

impl Floor {
    /// Stores the choice.
    pub(super) fn keep(self, chosen: &Selection) {
        let (event, plan) = self.event.with_untracked(|event| (event.id, event.plan_version));
        if chosen.is_empty() {
            return forget(event);
        }
        let locale = self.i18n.get_locale_untracked();
        let seat_name = |id| self.names(locale, &[id]).pop().unwrap_or_default();
        let places_name = |places| untrack(|| summary::places_name(self, places));
        let text = written(plan, chosen, &seat_name, &places_name);
        browser::write(Keep::Tab, &storage_name(event), &text);
    }

    /// Chooses the stored seats and places again if they are still free, and tells the visitor which of them are not.
    pub(super) fn take_back(self) {
        let (event, plan) = self.event.with_untracked(|event| (event.id, event.plan_version));
        let Some(text) = browser::read(Keep::Tab, &storage_name(event)) else { return };
        let mut lines = text.split('\n');
        let is_replaced = lines.next().and_then(|plan| plan.parse().ok()) != Some(plan);
        let (mut chosen, mut lost) = (Selection::default(), Vec::new());
        for (line, name) in lines.filter_map(parsed) {
            let is_free = match line {
                StoredLine::Seat(seat, offer) => {
                    let is_free = untrack(|| self.is_free(seat));
                    chosen.seats.extend(is_free.then_some((seat, offer)));
                    is_free
                }
                StoredLine::Places(places) => {
                    chosen.places.push(places);
                    let fits = untrack(|| self.fit(&chosen.places, places.section_id));
                    if !fits {
                        chosen.places.pop();
                    }
                    fits
                }
            };
            if !is_free {
                // The stored name is in the language in which the visitor chose.
                let now = (!is_replaced).then(|| self.named(&line)).flatten();
                lost.push(now.unwrap_or_else(|| name.to_owned()));
            }
        }
        self.chosen.set(chosen);
        // Offers may have ended meanwhile.
        self.sell_by(self.prices.get_untracked());
        if is_replaced || !lost.is_empty() {
            let told = if is_replaced { Notice::Replaced } else { Notice::Lost };
            self.tell(told(lost));
        }
    }

    /// The name that a seat or an entry of places has on this page. `None` if the hall does not contain it.
    fn named(self, line: &StoredLine) -> Option<String> {
        match line {
            StoredLine::Seat(seat, _) => {
                self.names(self.i18n.get_locale_untracked(), &[*seat]).pop()
            }
            StoredLine::Places(places) => {
                let has =
                    |general: &Vec<Section>| general.iter().any(|it| it.id == places.section_id);
                let is_sold = |prices: &Prices| prices.offer(places.offer_id).is_some();
                let is_here =
                    self.general.with_untracked(has) && self.prices.with_untracked(is_sold);
                is_here.then(|| untrack(|| summary::places_name(self, *places)))
            }
        }
    }

    fn is_free(self, seat_id: i32) -> bool {
        let seat = self.hall.with_value(|hall| hall.index_of(seat_id));
        seat.is_some_and(|seat| self.standing(seat) == Standing::Free)
    }

    /// Whether the section has as many places as these choices need together.
    fn fit(self, chosen: &[PlacesChoice], section: Uuid) -> bool {
        let here = chosen.iter().filter(|places| places.section_id == section);
        let needed: i64 = here
            .map(|places| i64::from(places.quantity) * i64::from(self.admits(places.offer_id)))
            .sum();
        self.general.with(|sections| {
            sections.iter().any(|it| it.id == section && it.counts.available >= needed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_choice_is_read_as_it_was_written() {
        let (offer, section) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let chosen = Selection {
            seats: vec![(7, offer), (8, offer)],
            places: vec![PlacesChoice { section_id: section, offer_id: offer, quantity: 3 }],
        };
        let text = written(4, &chosen, &|id| format!("seat {id}"), &|_| "3 × Floor, Adult".into());
        let mut lines = text.split('\n');
        assert_eq!(lines.next(), Some("4"));
        let (mut read, mut names) = (Selection::default(), Vec::new());
        for (line, name) in lines.filter_map(parsed) {
            names.push(name);
            match line {
                StoredLine::Seat(seat, offer) => read.seats.push((seat, offer)),
                StoredLine::Places(places) => read.places.push(places),
            }
        }
        assert_eq!(read, chosen);
        assert_eq!(names, ["seat 7", "seat 8", "3 × Floor, Adult"]);
    }

    #[test]
    fn a_damaged_line_is_left_out() {
        for damaged in ["", "7", "7\t\t\tname", "x\t00000000-0000-0000-0000-000000000001\t\tname"] {
            assert!(parsed(damaged).is_none(), "{damaged:?}");
        }
    }
}
