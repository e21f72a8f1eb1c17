//! The visitor's choice before a hold. Only this tab knows it until the visitor presses "Hold".

use holdfast_contract::{
    problem::RefusedSeat,
    reservations::{GeneralPick, HoldRequest, SeatPick},
    words::SeatRefusal,
};
use uuid::Uuid;

use ui::words::is_taken;

/// A quantity of one offer in one general-admission section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacesChoice {
    pub section_id: Uuid,
    pub offer_id: Uuid,
    /// The number of units of the offer.
    pub quantity: i32,
}

/// The limits of the visitor's choice.
pub struct Room<'a> {
    /// The maximum number of persons in the choice.
    pub persons: i32,
    /// How many persons one unit of an offer admits.
    pub admits: &'a dyn Fn(Uuid) -> i32,
}

/// The effect of ended offers on the choice.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct EndedOffers {
    /// The ended offers, each once.
    pub offers: Vec<Uuid>,
    /// The offers that took their place, each once.
    pub instead: Vec<Uuid>,
    /// The seats that were removed, because no other offer sells them.
    pub seats: Vec<i32>,
}

/// Everything that the visitor has chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The seats in the order of choosing, each with its offer, so that the request asks for the shown price.
    pub seats: Vec<(i32, Uuid)>,
    /// The chosen general-admission places, one entry for each section and offer.
    pub places: Vec<PlacesChoice>,
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

    /// The number of persons in the choice.
    pub fn persons(&self, admits: &dyn Fn(Uuid) -> i32) -> i32 {
        let seats = self.seats.iter().map(|(_, offer)| admits(*offer));
        let places = self.places.iter().map(|it| admits(it.offer_id).saturating_mul(it.quantity));
        seats.chain(places).fold(0, i32::saturating_add)
    }

    /// Applies a change, unless the choice would then contain more persons than the limit allows. A change that does
    /// not add persons is always possible. Returns whether the change was applied.
    fn change_to(&mut self, next: Self, room: &Room<'_>) -> bool {
        let persons = next.persons(room.admits);
        let fits = persons <= room.persons || persons <= self.persons(room.admits);
        if fits {
            *self = next;
        }
        fits
    }

    /// Chooses a seat under an offer, or removes it from the choice. Returns false if there is no room.
    pub fn toggle(&mut self, seat_id: i32, offer: Uuid, room: &Room<'_>) -> bool {
        let mut next = self.clone();
        if self.has(seat_id) {
            next.seats.retain(|(chosen, _)| *chosen != seat_id);
        } else {
            next.seats.push((seat_id, offer));
        }
        self.change_to(next, room)
    }

    /// Changes the offer of a chosen seat. Returns false if there is no room.
    pub fn set_offer(&mut self, seat_id: i32, offer: Uuid, room: &Room<'_>) -> bool {
        let mut next = self.clone();
        for (_, current) in next.seats.iter_mut().filter(|(chosen, _)| *chosen == seat_id) {
            *current = offer;
        }
        self.change_to(next, room)
    }

    /// How many units of an offer are chosen in a section.
    pub fn quantity(&self, section_id: Uuid, offer_id: Uuid) -> i32 {
        self.places
            .iter()
            .find(|places| places.section_id == section_id && places.offer_id == offer_id)
            .map_or(0, |places| places.quantity)
    }

    /// Adds or removes units of an offer. Returns false if there is no room.
    pub fn add(&mut self, section_id: Uuid, offer_id: Uuid, change: i32, room: &Room<'_>) -> bool {
        let mut next = self.clone();
        next.put(section_id, offer_id, self.quantity(section_id, offer_id) + change);
        self.change_to(next, room)
    }

    fn put(&mut self, section_id: Uuid, offer_id: Uuid, quantity: i32) {
        self.places.retain(|it| it.section_id != section_id || it.offer_id != offer_id);
        if quantity > 0 {
            self.places.push(PlacesChoice { section_id, offer_id, quantity });
        }
    }

    /// Moves choices to the offers that sell their places from now on, and removes choices that no offer sells.
    /// `for_seat` gets a seat and its offer, `for_places` a section and the offer there; both return the same offer if it
    /// still sells the place, else the offer that takes its place.
    pub fn drop_ended(
        &mut self,
        for_seat: &dyn Fn(i32, Uuid) -> Option<Uuid>,
        for_places: &dyn Fn(Uuid, Uuid) -> Option<Uuid>,
    ) -> EndedOffers {
        let mut ended = EndedOffers::default();
        let once = |list: &mut Vec<Uuid>, id| {
            if !list.contains(&id) {
                list.push(id);
            }
        };
        self.seats.retain_mut(|(seat_id, offer)| {
            let next = for_seat(*seat_id, *offer);
            if next == Some(*offer) {
                return true;
            }
            once(&mut ended.offers, *offer);
            match next {
                Some(next) => {
                    once(&mut ended.instead, next);
                    *offer = next;
                }
                None => ended.seats.push(*seat_id),
            }
            next.is_some()
        });
        for PlacesChoice { section_id, offer_id, quantity } in self.places.clone() {
            let next = for_places(section_id, offer_id);
            if next == Some(offer_id) {
                continue;
            }
            once(&mut ended.offers, offer_id);
            self.put(section_id, offer_id, 0);
            if let Some(next) = next {
                once(&mut ended.instead, next);
                self.put(section_id, next, self.quantity(section_id, next) + quantity);
            }
        }
        ended
    }

    /// Removes the refused seats from the choice. Returns the seats that another buyer took.
    pub fn drop_refused(&mut self, refused: &[RefusedSeat]) -> Vec<i32> {
        let mut taken = Vec::new();
        for seat in refused.iter().filter(|seat| !is_contended(seat)) {
            self.seats.retain(|(chosen, _)| *chosen != seat.seat_id);
            if is_taken(seat) {
                taken.push(seat.seat_id);
            }
        }
        taken
    }

    /// Whether an immediate repetition may succeed: no seat is lost, and other requests were only working on the seats.
    pub fn only_contended(refused: &[RefusedSeat]) -> bool {
        !refused.is_empty() && refused.iter().all(is_contended)
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

fn is_contended(seat: &RefusedSeat) -> bool {
    seat.refusal() == Some(SeatRefusal::Contended)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: Uuid = Uuid::from_u128(1);

    fn room(persons: i32) -> Room<'static> {
        Room { persons, admits: &|_| 1 }
    }

    fn refused(seat_id: i32, reason: SeatRefusal) -> RefusedSeat {
        RefusedSeat::new(seat_id, reason)
    }

    #[test]
    fn a_conflict_takes_the_lost_seats_and_leaves_the_rest() {
        let mut chosen = Selection::default();
        for seat in 1..=5 {
            assert!(chosen.toggle(seat, OFFER, &room(10)));
        }
        let taken = chosen.drop_refused(&[
            refused(2, SeatRefusal::Sold),
            refused(3, SeatRefusal::Contended),
            refused(4, SeatRefusal::Yours),
            RefusedSeat { seat_id: 5, reason: "a word of a newer server".to_owned() },
        ]);
        assert_eq!(taken, [2, 5]);
        assert_eq!(chosen.seats, [(1, OFFER), (3, OFFER)]);
    }

    #[test]
    fn trying_again_helps_only_when_nothing_is_lost() {
        let contended = refused(1, SeatRefusal::Contended);
        assert!(Selection::only_contended(std::slice::from_ref(&contended)));
        assert!(!Selection::only_contended(&[contended, refused(2, SeatRefusal::Held)]));
        assert!(!Selection::only_contended(&[]));
    }

    #[test]
    fn the_limit_counts_seats_and_places_together() {
        let (section, offer) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut chosen = Selection::default();
        assert!(chosen.toggle(1, OFFER, &room(3)));
        assert!(chosen.add(section, offer, 1, &room(3)));
        assert!(chosen.add(section, offer, 1, &room(3)));
        assert!(!chosen.add(section, offer, 1, &room(3)));
        assert!(!chosen.toggle(2, OFFER, &room(3)));
        assert!(chosen.toggle(1, OFFER, &room(0)), "giving up is always possible");
        assert_eq!(chosen.count(), 2);
        assert!(chosen.add(section, offer, -1, &room(0)));
        assert!(chosen.add(section, offer, -1, &room(0)));
        assert!(chosen.is_empty());
    }

    #[test]
    fn the_limit_counts_persons_and_not_units() {
        let (section, pair) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let admits = |offer| if offer == pair { 2 } else { 1 };
        let room = Room { persons: 10, admits: &admits };
        let mut chosen = Selection::default();
        for seat in 1..=3 {
            assert!(chosen.toggle(seat, OFFER, &room));
        }
        for _ in 0..3 {
            assert!(chosen.add(section, pair, 1, &room));
        }
        assert_eq!((chosen.count(), chosen.persons(&admits)), (6, 9));
        assert!(!chosen.add(section, pair, 1, &room));
        assert!(chosen.set_offer(1, pair, &room));
        assert!(!chosen.set_offer(2, pair, &room));
        assert_eq!(chosen.persons(&admits), 10);
    }

    #[test]
    fn offers_that_ended_are_given_up_each_told_once() {
        let (section, early, late) = (Uuid::from_u128(7), Uuid::from_u128(8), Uuid::from_u128(9));
        let mut chosen = Selection::default();
        for (seat, offer) in [(1, early), (2, OFFER), (3, early)] {
            chosen.toggle(seat, offer, &room(10));
        }
        chosen.add(section, early, 2, &room(10));
        chosen.add(section, late, 1, &room(10));
        let before = chosen.clone();
        let same = |_, offer| Some(offer);
        assert_eq!(chosen.drop_ended(&same, &|_, offer| Some(offer)), EndedOffers::default());
        assert_eq!(chosen, before);
        let for_seat = |seat, offer| match (seat, offer == early) {
            (_, false) => Some(offer),
            (1, true) => Some(late),
            _ => None,
        };
        let ended = chosen.drop_ended(&for_seat, &|_, offer| (offer != early).then_some(offer));
        assert_eq!(ended, EndedOffers { offers: vec![early], instead: vec![late], seats: vec![3] });
        assert_eq!(chosen.seats, [(1, late), (2, OFFER)]);
        assert_eq!(chosen.quantity(section, early), 0);
        assert_eq!(chosen.quantity(section, late), 1);
    }

    #[test]
    fn an_offer_that_sells_other_places_is_given_up_at_this_one() {
        let mut chosen = Selection::default();
        chosen.toggle(1, OFFER, &room(10));
        chosen.toggle(2, OFFER, &room(10));
        let here = |seat, offer| (seat == 2).then_some(offer);
        let ended = chosen.drop_ended(&here, &|_, _| None);
        assert_eq!(ended, EndedOffers { offers: vec![OFFER], instead: vec![], seats: vec![1] });
        assert_eq!(chosen.seats, [(2, OFFER)]);
    }

    #[test]
    fn places_under_an_offer_that_ended_go_to_the_next_offer() {
        let (section, early, late) = (Uuid::from_u128(7), Uuid::from_u128(8), Uuid::from_u128(9));
        let mut chosen = Selection::default();
        chosen.add(section, early, 2, &room(10));
        chosen.add(section, late, 1, &room(10));
        let ended = chosen.drop_ended(&|_, _| None, &|_, _| Some(late));
        assert_eq!(ended, EndedOffers { offers: vec![early], instead: vec![late], seats: vec![] });
        assert_eq!(
            chosen.places,
            [PlacesChoice { section_id: section, offer_id: late, quantity: 3 }]
        );
    }

    #[test]
    fn no_version_is_sent() {
        let mut chosen = Selection::default();
        chosen.toggle(7, OFFER, &room(10));
        chosen.set_offer(7, Uuid::from_u128(5), &room(10));
        let request = chosen.request();
        assert_eq!(request.seats[0].version, None);
        assert_eq!(request.seats[0].offer_id, Some(Uuid::from_u128(5)));
        assert!(!request.partial);
    }
}
