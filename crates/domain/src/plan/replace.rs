//! The effect of a new plan on the seats of an event.
//!
//! The guid identifies a seat. A seat that both plans contain keeps its id, and with the id its
//! state, its price, and the reservations and tickets that name it. A held or sold seat is never
//! removed. Ids are never reused.

use std::collections::HashMap;

use super::{MovedSeat, NumberedSeat, Plan, PrintedPlace};
use crate::ids::SeatId;

/// Whether somebody has a seat, so that it can be neither removed nor given another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatClaim {
    /// Nobody has the seat: it is free, lapsed or blocked by the organizer.
    None,
    /// A buyer holds the seat or is paying for it.
    Held,
    /// The seat belongs to a booking.
    Sold,
}

/// A seat of the current plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownSeat<'k> {
    /// The seat's id within its event.
    pub id: SeatId,
    /// The seat's id in the plan, which identifies it in the new plan too.
    pub guid: &'k str,
    /// Whether somebody has the seat.
    pub claim: SeatClaim,
    /// The place that the current plan gives to the seat.
    pub place: PrintedPlace<'k>,
}

/// The changes that the new plan makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Replacement<'p> {
    /// All seats of the new plan in the order of the plan, with existing or new ids.
    pub seats: Vec<NumberedSeat<'p>>,
    /// The seats that are removed, sorted by id.
    pub removed: Vec<SeatId>,
    /// The first id that was never used.
    pub next_seat_id: i32,
}

/// The held and sold seats that are in the way of a change. Both lists are sorted by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("held or sold seats would vanish or get another place")]
pub struct InUse {
    /// The held and sold seats that the new plan does not contain.
    pub vanishing: Vec<(SeatId, SeatClaim)>,
    /// The held and sold seats whose zone, row or number would change.
    pub moved: Vec<MovedSeat>,
}

impl Plan {
    /// Compares this plan with the seats of the current plan. `next_seat_id` is the first id that
    /// was never used.
    ///
    /// # Errors
    /// If the new plan lacks seats that are held or sold, or gives them another place.
    ///
    /// # Panics
    /// If a known seat has an id that was never used.
    pub fn replacing(
        &self,
        known: &[KnownSeat<'_>],
        next_seat_id: i32,
    ) -> Result<Replacement<'_>, InUse> {
        let mut left: HashMap<&str, &KnownSeat<'_>> =
            known.iter().map(|seat| (seat.guid, seat)).collect();
        let mut next_seat_id = next_seat_id;
        let titles: Vec<String> =
            self.zones.iter().enumerate().map(|(index, zone)| zone.title(index)).collect();
        let mut seats = Vec::with_capacity(self.seat_count());
        let mut moved = Vec::new();
        for seat in self.numbered() {
            let id = match left.remove(seat.guid) {
                Some(known) => {
                    moved.extend(known.moved_to(seat.place(&titles[seat.zone])));
                    known.id
                }
                None => {
                    next_seat_id += 1;
                    SeatId(next_seat_id - 1)
                }
            };
            seats.push(NumberedSeat { id, ..seat });
        }
        assert!(known.iter().all(|seat| seat.id.0 < next_seat_id), "ids come from one counter");
        let mut gone: Vec<&KnownSeat<'_>> = left.into_values().collect();
        gone.sort_by_key(|seat| seat.id);
        let vanishing: Vec<_> = gone
            .iter()
            .filter(|seat| seat.claim != SeatClaim::None)
            .map(|seat| (seat.id, seat.claim))
            .collect();
        if vanishing.is_empty() && moved.is_empty() {
            let removed = gone.iter().map(|seat| seat.id).collect();
            Ok(Replacement { seats, removed, next_seat_id })
        } else {
            moved.sort_by_key(|seat| seat.id);
            Err(InUse { vanishing, moved })
        }
    }
}

impl KnownSeat<'_> {
    /// The change of the seat's place, if somebody has the seat and `to` is another place. The parts are compared, not
    /// the labels: the zone `1` with the row `2 · 3` is not the zone `1 · 2` with the row `3`.
    pub fn moved_to(&self, to: PrintedPlace<'_>) -> Option<MovedSeat> {
        let (id, claim) = (self.id, self.claim);
        let moves = claim != SeatClaim::None && self.place != to;
        moves.then(|| MovedSeat { id, claim, from: self.place.to_string(), to: to.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Grid, Plan};
    use super::*;

    fn grid(rows: u32, seats_per_row: u32) -> Plan {
        let mut plan = Plan { name: "Hall".into(), ..Plan::default() };
        let grid = Grid { name: "Stalls".into(), rows, seats_per_row, category: "A".into() };
        grid.add_to(&mut plan).expect("a section");
        plan
    }

    fn known(id: i32, guid: &str, claim: SeatClaim) -> KnownSeat<'_> {
        let number = guid.rsplit('-').next().unwrap_or(guid);
        KnownSeat {
            id: SeatId(id),
            guid,
            claim,
            place: PrintedPlace { zone: "Stalls", row: "A", number },
        }
    }

    #[test]
    fn seats_of_both_plans_keep_their_ids() {
        let plan = grid(1, 3);
        let seats = [
            known(7, "Stalls-A-2", SeatClaim::Sold),
            known(9, "gone", SeatClaim::None),
            known(2, "Stalls-A-1", SeatClaim::Held),
        ];
        let laid = plan.replacing(&seats, 10).expect("nothing in use vanishes");
        let ids: Vec<_> = laid.seats.iter().map(|seat| (seat.id.0, seat.guid)).collect();
        assert_eq!(ids, [(2, "Stalls-A-1"), (7, "Stalls-A-2"), (10, "Stalls-A-3")]);
        assert_eq!((laid.removed, laid.next_seat_id), (vec![SeatId(9)], 11));
    }

    #[test]
    fn seats_that_somebody_has_never_vanish() {
        let plan = grid(1, 1);
        let seats = [
            known(3, "x", SeatClaim::Sold),
            known(1, "y", SeatClaim::Held),
            known(2, "z", SeatClaim::None),
        ];
        let refused = plan.replacing(&seats, 4).expect_err("in use");
        let vanishing = vec![(SeatId(1), SeatClaim::Held), (SeatId(3), SeatClaim::Sold)];
        assert_eq!(refused, InUse { vanishing, moved: Vec::new() });
    }

    #[test]
    fn seats_that_somebody_has_keep_every_part_of_their_place() {
        let plan = grid(1, 2);
        let check = |place: PrintedPlace<'_>, claim: SeatClaim, moves: bool| {
            let seat = KnownSeat { id: SeatId(1), guid: "Stalls-A-1", claim, place };
            let refused = plan.replacing(&[seat], 2).err().unwrap_or_default();
            let moved: Vec<_> = refused.moved.iter().map(|seat| seat.to.as_str()).collect();
            assert_eq!(moved, if moves { vec!["Stalls · A · 1"] } else { vec![] }, "{place}");
        };
        let place = PrintedPlace { zone: "Stalls", row: "A", number: "1" };
        for claim in [SeatClaim::Held, SeatClaim::Sold] {
            check(place, claim, false);
            check(PrintedPlace { zone: "Front", ..place }, claim, true);
            check(PrintedPlace { row: "B", ..place }, claim, true);
            check(PrintedPlace { number: "2", ..place }, claim, true);
            check(PrintedPlace { zone: "Stalls · A", row: "1", number: "" }, claim, true);
        }
        check(PrintedPlace { number: "2", ..place }, SeatClaim::None, false);
    }

    proptest! {
        #[test]
        fn every_seat_has_one_id_and_none_is_used_twice(
            old in (1u32..5, 1u32..5),
            new in (1u32..5, 1u32..5),
        ) {
            let (first, second) = (grid(old.0, old.1), grid(new.0, new.1));
            let laid = first.replacing(&[], 1).expect("nothing in use");
            let seats: Vec<_> = laid
                .seats
                .iter()
                .map(|seat| {
                    let place = seat.place("Stalls");
                    KnownSeat { id: seat.id, guid: seat.guid, claim: SeatClaim::None, place }
                })
                .collect();
            let next = second.replacing(&seats, laid.next_seat_id).expect("nothing in use");
            let mut ids: Vec<_> = next.seats.iter().map(|seat| seat.id).collect();
            ids.extend(&next.removed);
            ids.sort();
            ids.dedup();
            prop_assert_eq!(ids.len(), next.seats.len() + next.removed.len());
            for seat in &next.seats {
                let before = seats.iter().find(|known| known.guid == seat.guid);
                prop_assert!(before.map_or(seat.id.0 >= laid.next_seat_id, |b| b.id == seat.id));
            }
        }
    }
}
