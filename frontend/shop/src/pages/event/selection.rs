//! The visitor's choice before a hold. Only this page knows it until the visitor presses "Hold".

use holdfast_contract::{
    problem::{RefusedSeat, SeatRefusal},
    reservations::{GeneralPick, HoldRequest, SeatPick},
};
use uuid::Uuid;

use ui::words::is_taken;

/// A quantity of one offer in one general-admission section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    pub section_id: Uuid,
    pub offer_id: Uuid,
    /// How many units of the offer.
    pub quantity: i32,
}

/// Everything that the visitor has chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The seats in the order of choosing, each with its offer, so that the request asks for the shown price.
    pub seats: Vec<(i32, Uuid)>,
    /// The general-admission places.
    pub places: Vec<Places>,
}

impl Selection {
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty() && self.places.is_empty()
    }

    /// The number of chosen seats and units.
    pub fn count(&self) -> i32 {
        let places: i32 = self.places.iter().map(|places| places.quantity).sum();
        i32::try_from(self.seats.len()).unwrap_or(i32::MAX).saturating_add(places)
    }

    pub fn has(&self, seat_id: i32) -> bool {
        self.seats.iter().any(|(chosen, _)| *chosen == seat_id)
    }

    /// Chooses a seat under an offer, or removes it from the choice. Returns false if the choice has reached `limit`.
    pub fn toggle(&mut self, seat_id: i32, offer: Uuid, limit: i32) -> bool {
        if self.has(seat_id) {
            self.seats.retain(|(chosen, _)| *chosen != seat_id);
            return true;
        }
        if self.count() >= limit {
            return false;
        }
        self.seats.push((seat_id, offer));
        true
    }

    /// Changes the offer of a chosen seat.
    pub fn set_offer(&mut self, seat_id: i32, offer: Uuid) {
        for (chosen, current) in &mut self.seats {
            if *chosen == seat_id {
                *current = offer;
            }
        }
    }

    /// How many units of an offer are chosen in a section.
    pub fn quantity(&self, section_id: Uuid, offer_id: Uuid) -> i32 {
        self.places
            .iter()
            .find(|places| places.section_id == section_id && places.offer_id == offer_id)
            .map_or(0, |places| places.quantity)
    }

    /// Adds or removes units of an offer. Returns false if the choice has reached `limit`.
    pub fn add(&mut self, section_id: Uuid, offer_id: Uuid, change: i32, limit: i32) -> bool {
        if change > 0 && self.count() >= limit {
            return false;
        }
        let quantity = (self.quantity(section_id, offer_id) + change).max(0);
        self.places.retain(|it| it.section_id != section_id || it.offer_id != offer_id);
        if quantity > 0 {
            self.places.push(Places { section_id, offer_id, quantity });
        }
        true
    }

    /// Removes the choices under offers that have ended. A seat changes to the `other` offer that sells it, if there is
    /// one. Returns the ended offers, each once, and the removed seats.
    pub fn drop_ended(
        &mut self,
        sells: &dyn Fn(Uuid) -> bool,
        other: &dyn Fn(i32) -> Option<Uuid>,
    ) -> (Vec<Uuid>, Vec<i32>) {
        let (mut ended, mut given_up) = (Vec::new(), Vec::new());
        let chosen = self.seats.iter().map(|(_, offer)| *offer);
        for offer in chosen.chain(self.places.iter().map(|places| places.offer_id)) {
            if !sells(offer) && !ended.contains(&offer) {
                ended.push(offer);
            }
        }
        self.places.retain(|places| !ended.contains(&places.offer_id));
        self.seats.retain_mut(|(seat_id, offer)| {
            if !ended.contains(offer) {
                return true;
            }
            let next = other(*seat_id);
            match next {
                Some(next) => *offer = next,
                None => given_up.push(*seat_id),
            }
            next.is_some()
        });
        (ended, given_up)
    }

    /// Removes the refused seats from the choice. Returns the seats that another buyer took.
    pub fn drop_refused(&mut self, refused: &[RefusedSeat]) -> Vec<i32> {
        let mut taken = Vec::new();
        for RefusedSeat { seat_id, reason } in refused {
            if *reason == SeatRefusal::Contended {
                continue;
            }
            self.seats.retain(|(chosen, _)| chosen != seat_id);
            if is_taken(*reason) {
                taken.push(*seat_id);
            }
        }
        taken
    }

    /// Whether an immediate repetition may succeed: no seat is lost, and other requests were only working on the seats.
    pub fn only_contended(refused: &[RefusedSeat]) -> bool {
        !refused.is_empty() && refused.iter().all(|seat| seat.reason == SeatRefusal::Contended)
    }

    /// The hold request for this choice. It contains no versions: the page does not insist on the states that it
    /// showed.
    pub fn request(&self) -> HoldRequest {
        HoldRequest {
            seats: self
                .seats
                .iter()
                .map(|(seat_id, offer_id)| SeatPick {
                    seat_id: *seat_id,
                    version: None,
                    offer_id: Some(*offer_id),
                })
                .collect(),
            general: self
                .places
                .iter()
                .map(|places| GeneralPick {
                    section_id: places.section_id,
                    offer_id: Some(places.offer_id),
                    quantity: places.quantity,
                })
                .collect(),
            partial: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: Uuid = Uuid::from_u128(1);

    fn refused(seat_id: i32, reason: SeatRefusal) -> RefusedSeat {
        RefusedSeat { seat_id, reason }
    }

    #[test]
    fn a_conflict_takes_the_lost_seats_and_leaves_the_rest() {
        let mut chosen = Selection::default();
        for seat in 1..=4 {
            assert!(chosen.toggle(seat, OFFER, 10));
        }
        let taken = chosen.drop_refused(&[
            refused(2, SeatRefusal::Sold),
            refused(3, SeatRefusal::Contended),
            refused(4, SeatRefusal::Yours),
        ]);
        assert_eq!(taken, [2]);
        assert_eq!(chosen.seats, [(1, OFFER), (3, OFFER)]);
    }

    #[test]
    fn trying_again_helps_only_when_nothing_is_lost() {
        let contended = refused(1, SeatRefusal::Contended);
        assert!(Selection::only_contended(&[contended]));
        assert!(!Selection::only_contended(&[contended, refused(2, SeatRefusal::Held)]));
        assert!(!Selection::only_contended(&[]));
    }

    #[test]
    fn the_limit_counts_seats_and_places_together() {
        let (section, offer) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut chosen = Selection::default();
        assert!(chosen.toggle(1, OFFER, 3));
        assert!(chosen.add(section, offer, 1, 3));
        assert!(chosen.add(section, offer, 1, 3));
        assert!(!chosen.add(section, offer, 1, 3));
        assert!(!chosen.toggle(2, OFFER, 3));
        assert!(chosen.toggle(1, OFFER, 3), "giving up is always possible");
        assert_eq!(chosen.count(), 2);
        assert!(chosen.add(section, offer, -1, 3));
        assert!(chosen.add(section, offer, -1, 3));
        assert!(chosen.is_empty());
    }

    #[test]
    fn offers_that_ended_are_given_up_each_told_once() {
        let (section, early, late) = (Uuid::from_u128(7), Uuid::from_u128(8), Uuid::from_u128(9));
        let mut chosen = Selection::default();
        for (seat, offer) in [(1, early), (2, OFFER), (3, early)] {
            chosen.toggle(seat, offer, 10);
        }
        chosen.add(section, early, 2, 10);
        chosen.add(section, late, 1, 10);
        let before = chosen.clone();
        assert_eq!(chosen.drop_ended(&|_| true, &|_| None), (vec![], vec![]));
        assert_eq!(chosen, before);
        let other = |seat| (seat == 1).then_some(late);
        assert_eq!(chosen.drop_ended(&|offer| offer != early, &other), (vec![early], vec![3]));
        assert_eq!(chosen.seats, [(1, late), (2, OFFER)]);
        assert_eq!(chosen.quantity(section, early), 0);
        assert_eq!(chosen.quantity(section, late), 1);
    }

    #[test]
    fn no_version_is_sent() {
        let mut chosen = Selection::default();
        chosen.toggle(7, OFFER, 10);
        chosen.set_offer(7, Uuid::from_u128(5));
        let request = chosen.request();
        assert_eq!(request.seats[0].version, None);
        assert_eq!(request.seats[0].offer_id, Some(Uuid::from_u128(5)));
        assert!(!request.partial);
    }
}
