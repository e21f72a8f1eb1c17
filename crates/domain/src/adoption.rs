//! Which of a guest's holds move to the user who the guest turned out to be.

use std::collections::HashMap;

use crate::ids::{BookingId, EventId, ReservationId};

/// A live reservation of a guest: its hold has not lapsed, or its payment is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestReservation {
    /// The reservation's id.
    pub reservation: ReservationId,
    /// The reservation's event.
    pub event: EventId,
    /// The pending booking that pays for the reservation, if there is one.
    pub booking: Option<BookingId>,
    /// How many persons the reservation admits.
    pub persons: i64,
    /// How many persons one buyer may have in the event, as of the hold.
    pub max_per_user: i64,
}

/// Why reservations stay the guest's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExceededLimit {
    /// The event whose limit the user would exceed.
    pub event: EventId,
    /// How many persons one buyer may have in the event.
    pub limit: i64,
    /// How many persons the user may still add in the event.
    pub remaining: i64,
}

/// Whether reservations move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptionDecision {
    /// The reservations, which move together or not at all.
    pub reservations: Vec<ReservationId>,
    /// The pending booking that pays for them.
    pub booking: Option<BookingId>,
    /// Why they stay the guest's. `None` if they move.
    pub kept: Option<ExceededLimit>,
}

/// Decides for each group of `held` whether it moves: the reservations of one pending booking move together or not at
/// all, every other reservation moves for itself. Groups are decided in the order of their first reservation. A group
/// stays where the user would have more persons in an event than its limit allows.
///
/// `persons` is how many persons the user has in each event, with the tickets that the guest brings. Tickets are paid
/// for, so they always move, and count first.
pub fn decide(persons: &HashMap<EventId, i64>, held: &[GuestReservation]) -> Vec<AdoptionDecision> {
    let mut persons = persons.clone();
    let mut groups: Vec<Vec<GuestReservation>> = Vec::new();
    for one in held {
        let same = |group: &&mut Vec<GuestReservation>| {
            one.booking.is_some() && group[0].booking == one.booking
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(*one),
            None => groups.push(vec![*one]),
        }
    }
    let decide = |group: Vec<GuestReservation>| {
        let mut after = persons.clone();
        let mut kept = None;
        for one in &group {
            let sum = after.entry(one.event).or_default();
            *sum += one.persons;
            if *sum > one.max_per_user && kept.is_none() {
                kept =
                    Some(ExceededLimit { event: one.event, limit: one.max_per_user, remaining: 0 });
            }
        }
        if kept.is_none() {
            persons = after;
        }
        let reservations = group.iter().map(|one| one.reservation).collect();
        AdoptionDecision { reservations, booking: group[0].booking, kept }
    };
    let mut decisions: Vec<AdoptionDecision> = groups.into_iter().map(decide).collect();
    // The rest of each limit is known once every group is decided.
    for kept in decisions.iter_mut().filter_map(|decision| decision.kept.as_mut()) {
        kept.remaining = (kept.limit - persons.get(&kept.event).copied().unwrap_or(0)).max(0);
    }
    decisions
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const EVENT: EventId = EventId(Uuid::from_u128(1));
    const OTHER: EventId = EventId(Uuid::from_u128(2));

    fn held(id: u128, event: EventId, booking: Option<u128>, persons: i64) -> GuestReservation {
        GuestReservation {
            reservation: ReservationId(Uuid::from_u128(id)),
            event,
            booking: booking.map(|id| BookingId(Uuid::from_u128(id))),
            persons,
            max_per_user: 4,
        }
    }

    /// The reservations that move, and what keeps the others.
    fn check(
        has: &[(EventId, i64)],
        held: &[GuestReservation],
        moved: &[u128],
        kept: &[(EventId, i64)],
    ) {
        let decided = decide(&has.iter().copied().collect(), held);
        let moves: Vec<u128> = decided
            .iter()
            .filter(|one| one.kept.is_none())
            .flat_map(|one| one.reservations.iter().map(|id| id.0.as_u128()))
            .collect();
        let stays: Vec<(EventId, i64)> = decided
            .iter()
            .filter_map(|one| one.kept)
            .map(|kept| (kept.event, kept.remaining))
            .collect();
        assert_eq!((moves.as_slice(), stays.as_slice()), (moved, kept));
    }

    #[test]
    fn what_fits_moves_and_what_exceeds_a_limit_stays() {
        let three = [held(1, EVENT, None, 2), held(2, EVENT, None, 3), held(3, EVENT, None, 2)];
        check(&[], &three, &[1, 3], &[(EVENT, 0)]);
        check(&[(EVENT, 3)], &three, &[], &[(EVENT, 1), (EVENT, 1), (EVENT, 1)]);
        check(&[(EVENT, 9)], &three[..1], &[], &[(EVENT, 0)]);
        check(&[(OTHER, 4)], &three[..1], &[1], &[]);
    }

    #[test]
    fn a_pending_booking_moves_as_a_whole_or_not_at_all() {
        let both = [held(1, EVENT, Some(7), 2), held(2, OTHER, Some(7), 2)];
        check(&[], &both, &[1, 2], &[]);
        check(&[(OTHER, 3)], &both, &[], &[(OTHER, 1)]);
        let then = [both[0], both[1], held(3, EVENT, None, 4)];
        check(&[(OTHER, 3)], &then, &[3], &[(OTHER, 1)]);
    }
}
