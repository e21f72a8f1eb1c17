//! The statements about the buyers of bookings that must be true at all times.

use crate::kernel::invariants::Invariant;

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        name: "a ticket belongs to the buyer of its booking",
        sql: "SELECT 'ticket ' || {uuid_text}(t.id) || ' and booking ' || {uuid_text}(b.id) || \
              ' have two buyers' AS breach FROM tickets t JOIN bookings b ON b.id = t.booking_id \
              WHERE t.buyer_id <> b.buyer_id",
    },
    Invariant {
        name: "a booking and what it pays for have one buyer",
        sql: "SELECT 'reservation ' || {uuid_text}(r.id) || ' and booking ' || {uuid_text}(b.id) || \
              ' have two buyers' AS breach FROM booking_reservations v \
              JOIN bookings b ON b.id = v.booking_id JOIN reservations r ON r.id = v.reservation_id \
              WHERE (v.live = 1 OR (b.status = 'confirmed' AND r.status = 'confirmed')) \
              AND (r.buyer_id <> b.buyer_id OR r.buyer_kind <> b.buyer_kind)",
    },
];
