//! The invariants of cancelled lines, as queries that find breaches.

use crate::kernel::invariants::Invariant;

pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        name: "no ticket of a cancelled line admits",
        sql: "SELECT 'ticket ' || {uuid_text}(t.id) || ' (' || t.status || ') of a cancelled line' AS breach \
              FROM tickets t JOIN booking_lines l ON l.booking_id = t.booking_id AND l.id = t.line_id \
              WHERE l.cancelled_at IS NOT NULL AND t.status NOT IN ('cancelled', 'refunded')",
    },
    Invariant {
        name: "only tickets of cancelled lines are cancelled",
        sql: "SELECT 'ticket ' || {uuid_text}(t.id) || ' (' || t.status || ') of a live line' AS breach \
              FROM tickets t JOIN booking_lines l ON l.booking_id = t.booking_id AND l.id = t.line_id \
              WHERE l.cancelled_at IS NULL AND t.status IN ('cancelled', 'refunded')",
    },
    Invariant {
        name: "a sold seat of a confirmed reservation has a live ticket",
        sql: "SELECT 'event ' || {uuid_text}(s.event_id) || ' seat ' || CAST(s.seat_id AS text) || \
              ' is sold and nobody has its ticket' AS breach FROM seats s \
              JOIN reservations r ON r.id = s.reservation_id \
              WHERE s.status = 'sold' AND r.status = 'confirmed' AND NOT EXISTS (SELECT 1 FROM tickets t \
                  WHERE t.event_id = s.event_id AND t.seat_id = s.seat_id AND t.status IN ('valid', 'used'))",
    },
    Invariant {
        name: "a confirmed booking has a live line, a cancelled one none but those never confirmed",
        sql: "SELECT 'booking ' || {uuid_text}(b.id) || ' (' || b.status || '): its lines say otherwise' AS breach \
              FROM bookings b JOIN sagas g ON g.subject_id = b.id AND g.status = 'done' \
              WHERE (b.status = 'confirmed') <> EXISTS (SELECT 1 FROM booking_lines l \
                  WHERE l.booking_id = b.id AND l.cancelled_at IS NULL)",
    },
];
