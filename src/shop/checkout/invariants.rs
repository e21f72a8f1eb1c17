//! The invariants of bookings, sagas, payments and tickets, as queries that find breaches.

use crate::kernel::invariants::Invariant;

pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        name: "a seat has one live ticket at the most",
        sql: "SELECT 'event ' || {uuid_text}(t.event_id) || ' seat ' || CAST(t.seat_id AS text) || ': ' || \
              CAST(COUNT(*) AS text) || ' live tickets' AS breach FROM tickets t \
              WHERE t.seat_id IS NOT NULL AND t.status IN ('valid', 'used') \
              GROUP BY t.event_id, t.seat_id HAVING COUNT(*) > 1",
    },
    Invariant {
        name: "a live ticket of a seat stands for a sold seat of its booking",
        sql: "SELECT 'ticket ' || {uuid_text}(t.id) || ': seat ' || CAST(t.seat_id AS text) || \
              ' is not sold to its booking' AS breach FROM tickets t \
              WHERE t.seat_id IS NOT NULL AND t.status IN ('valid', 'used') AND NOT EXISTS ( \
                  SELECT 1 FROM seats s JOIN booking_lines l ON l.booking_id = t.booking_id \
                      AND l.id = t.line_id \
                  WHERE s.event_id = t.event_id AND s.seat_id = t.seat_id AND s.status = 'sold' \
                  AND s.reservation_id = l.reservation_id)",
    },
    Invariant {
        name: "no two live tickets name the same printed place",
        sql: "SELECT 'event ' || {uuid_text}(t.event_id) || ': ' || CAST(COUNT(*) AS text) || \
              ' live tickets for ' || t.label AS breach FROM tickets t \
              WHERE t.seat_id IS NOT NULL AND t.status IN ('valid', 'used') \
              GROUP BY t.event_id, t.label HAVING COUNT(*) > 1",
    },
    Invariant {
        name: "a live ticket names the place of its line",
        sql: "SELECT 'ticket ' || {uuid_text}(t.id) || ' names ' || t.label || ', its line ' || l.label AS breach \
              FROM tickets t JOIN booking_lines l ON l.booking_id = t.booking_id AND l.id = t.line_id \
              WHERE t.status IN ('valid', 'used') AND (t.label <> l.label OR t.section_id <> l.section_id)",
    },
    Invariant {
        name: "a booking that was confirmed has a ticket for each of its admissions, any other none",
        sql: "SELECT 'booking ' || {uuid_text}(x.id) || ' (' || x.status || '): ' || \
              CAST(x.tickets AS text) || ' tickets for ' || CAST(x.wanted AS text) AS breach \
              FROM (SELECT b.id, b.status, \
                  (SELECT COUNT(*) FROM tickets t WHERE t.booking_id = b.id) AS tickets, \
                  (SELECT COALESCE(SUM(l.quantity), 0) FROM booking_lines l \
                      WHERE l.booking_id = b.id) AS wanted FROM bookings b) x \
              WHERE x.tickets <> CASE WHEN EXISTS (SELECT 1 FROM sagas g WHERE g.subject_id = x.id \
                  AND g.status = 'done') THEN x.wanted ELSE 0 END",
    },
    Invariant {
        name: "a booking's total is the sum of its lines",
        sql: "SELECT 'booking ' || {uuid_text}(b.id) || ': its lines do not sum to its total' AS breach \
              FROM bookings b WHERE b.total_minor <> (SELECT COALESCE(SUM(l.price_minor - \
                  l.discount_minor + l.fee_minor), 0) FROM booking_lines l WHERE l.booking_id = b.id)",
    },
    Invariant {
        name: "every booking has one saga, at rest if and only if the booking is settled",
        sql: "SELECT 'booking ' || {uuid_text}(b.id) || ' (' || b.status || '): saga ' || \
              COALESCE(g.status, 'missing') AS breach FROM bookings b \
              LEFT JOIN sagas g ON g.subject_id = b.id AND g.kind = 'checkout' \
              WHERE g.id IS NULL OR (b.status = 'pending') <> \
                  (g.status IN ('running', 'waiting', 'undoing', 'needs_attention')) \
              OR (b.status = 'confirmed' AND g.status <> 'done') \
              OR (g.status = 'done' AND b.status NOT IN ('confirmed', 'cancelled'))",
    },
    Invariant {
        name: "a saga ends in its time or is shown as needing attention",
        sql: "SELECT 'saga ' || {uuid_text}(g.id) || ' (' || g.status || ') is long overdue' AS breach \
              FROM sagas g WHERE g.status IN ('running', 'waiting', 'undoing') \
              AND g.due_at < {now} - 600000 AND g.lease_until < {now} - 600000",
    },
    Invariant {
        name: "a reservation in payment has one live booking, any other none",
        sql: "SELECT 'reservation ' || {uuid_text}(r.id) || ' (' || r.status || '): ' || \
              CAST(COUNT(v.booking_id) AS text) || ' live bookings' AS breach FROM reservations r \
              LEFT JOIN booking_reservations v ON v.reservation_id = r.id AND v.live = 1 \
              GROUP BY r.id, r.status \
              HAVING COUNT(v.booking_id) <> CASE r.status WHEN 'in_payment' THEN 1 ELSE 0 END",
    },
    Invariant {
        name: "a paying or sold seat belongs to a reservation that is being paid, or paid",
        sql: "SELECT 'event ' || {uuid_text}(s.event_id) || ' seat ' || CAST(s.seat_id AS text) || ' is ' || \
              s.status || ', its reservation ' || r.status AS breach FROM seats s \
              JOIN reservations r ON r.id = s.reservation_id \
              WHERE (s.status = 'paying' AND r.status <> 'in_payment') \
              OR (s.status = 'sold' AND r.status NOT IN ('in_payment', 'confirmed'))",
    },
    Invariant {
        name: "no seat is free, or another's, while its payment can still be captured",
        sql: "SELECT 'payment ' || COALESCE(p.intent_id, {uuid_text}(p.id)) || ' (' || p.status || '): seat ' || \
              CAST(l.seat_id AS text) || ' is not its booking''s' AS breach FROM payments p \
              JOIN booking_lines l ON l.booking_id = p.booking_id AND l.seat_id IS NOT NULL \
              LEFT JOIN seats s ON s.event_id = l.event_id AND s.seat_id = l.seat_id \
                  AND s.reservation_id = l.reservation_id AND s.status IN ('paying', 'sold') \
              WHERE p.status IN ('started', 'authorized', 'captured') AND l.cancelled_at IS NULL \
              AND s.seat_id IS NULL",
    },
    Invariant {
        // A payment that came too late for its seats was captured, and then given back.
        name: "a payment is captured if and only if its booking was confirmed, or lost its seats to others",
        sql: "SELECT 'booking ' || {uuid_text}(b.id) || ' (' || b.status || '): payment ' || p.status AS breach \
              FROM payments p JOIN bookings b ON b.id = p.booking_id \
              JOIN sagas g ON g.subject_id = b.id \
              WHERE (p.status = 'captured') <> (g.status = 'done' OR \
                  COALESCE(b.failure, '') = 'seats-lost-refunded') \
              OR (p.status = 'captured' AND p.captured_minor <> b.total_minor)",
    },
    Invariant {
        // A guest who signed in and the user have the same key.
        name: "an idempotency key has made one thing at the most",
        sql: "SELECT 'subject ' || {uuid_text}(k.subject_id) || ' was made by ' || \
              CAST(COUNT(*) AS text) || ' keys' AS breach FROM \
              (SELECT DISTINCT subject_id, route, key, fingerprint FROM idempotency_keys \
                  WHERE subject_id IS NOT NULL) k GROUP BY k.subject_id HAVING COUNT(*) > 1",
    },
    Invariant {
        name: "a checkout that is over has voided every payment that the simulated gateway made for it",
        sql: "SELECT 'payment ' || m.id || ' (' || m.status || ') is unknown to its checkout, which is ' || g.status \
              AS breach FROM simulated_payments m JOIN sagas g \
                  ON lower(replace({uuid_text}(g.id), '-', '')) = replace(m.saga, '-', '') \
              LEFT JOIN payments p ON p.provider = 'simulated' AND p.intent_id = m.id \
              WHERE p.id IS NULL AND g.status IN ('done', 'undone') \
              AND m.status IN ('requires_action', 'processing', 'requires_capture', 'succeeded')",
    },
    Invariant {
        name: "the simulated gateway holds or takes money for those alone who are being served",
        sql: "SELECT 'payment ' || m.id || ' (' || m.status || ') of a booking that is ' || b.status AS breach \
              FROM simulated_payments m JOIN payments p ON p.provider = 'simulated' AND p.intent_id = m.id \
              JOIN bookings b ON b.id = p.booking_id \
              WHERE (m.status IN ('requires_action', 'processing', 'requires_capture') \
                  AND b.status <> 'pending') \
              OR (m.status = 'succeeded' AND b.status NOT IN ('pending', 'confirmed') \
                  AND m.captured_minor - m.refunded_minor > (SELECT COALESCE(SUM(f.amount_minor), 0) \
                      FROM refunds f WHERE f.booking_id = b.id AND f.status = 'pending')) \
              OR (b.status = 'confirmed' AND m.status <> 'succeeded')",
    },
];
