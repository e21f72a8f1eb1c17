//! The invariants of seats and reservations, as queries that find breaches.

use crate::kernel::invariants::Invariant;

pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        name: "a held, paying or sold seat stands in exactly the reservation that owns it",
        sql: "SELECT 'event ' || {uuid_text}(s.event_id) || ' seat ' || CAST(s.seat_id AS text) || \
              ': its reservation has no item of this fence' AS breach FROM seats s \
              WHERE s.status IN ('held', 'paying', 'sold') AND NOT EXISTS (SELECT 1 FROM reservation_items i \
                  WHERE i.reservation_id = s.reservation_id AND i.event_id = s.event_id \
                  AND i.seat_id = s.seat_id AND i.fence = s.fence)",
    },
    Invariant {
        name: "a seat's fence is never below that of anybody who had it",
        sql: "SELECT 'event ' || {uuid_text}(s.event_id) || ' seat ' || CAST(s.seat_id AS text) || \
              ': a reservation has a later fence' AS breach FROM seats s \
              JOIN reservation_items i ON i.event_id = s.event_id AND i.seat_id = s.seat_id \
              WHERE i.fence > s.fence",
    },
    Invariant {
        name: "no two reservations got a seat under the same fence",
        sql: "SELECT 'event ' || {uuid_text}(i.event_id) || ' seat ' || CAST(i.seat_id AS text) || \
              ': fence ' || CAST(i.fence AS text) || ' was given twice' AS breach \
              FROM reservation_items i WHERE i.kind = 'seat' \
              GROUP BY i.event_id, i.seat_id, i.fence HAVING COUNT(*) > 1",
    },
    Invariant {
        name: "every seat of a reservation that has not lapsed is its own",
        sql: "SELECT 'reservation ' || {uuid_text}(r.id) || ' (' || r.status || ') lost seat ' || \
              CAST(i.seat_id AS text) AS breach FROM reservations r \
              JOIN reservation_items i ON i.reservation_id = r.id AND i.kind = 'seat' \
              LEFT JOIN seats s ON s.event_id = i.event_id AND s.seat_id = i.seat_id \
                  AND s.reservation_id = r.id AND s.fence = i.fence \
                  AND s.status = CASE r.status WHEN 'active' THEN 'held' ELSE s.status END \
                  AND s.status IN ('held', 'paying', 'sold') \
              WHERE ((r.status = 'active' AND r.expires_at > {now}) OR r.status = 'in_payment') \
              AND s.seat_id IS NULL",
    },
    Invariant {
        name: "a held, paying or sold seat has the printed place under which it was taken",
        sql: "SELECT 'event ' || {uuid_text}(s.event_id) || ' seat ' || CAST(s.seat_id AS text) || \
              ' was taken as ' || i.label || ' and is ' || c.name || ' · ' || s.row_label || ' · ' || s.seat_label \
              AS breach FROM seats s \
              JOIN sections c ON c.event_id = s.event_id AND c.id = s.section_id \
              JOIN reservation_items i ON i.reservation_id = s.reservation_id AND i.event_id = s.event_id \
                  AND i.seat_id = s.seat_id AND i.fence = s.fence \
              WHERE (s.status IN ('paying', 'sold') OR (s.status = 'held' AND s.expires_at > {now})) \
              AND (i.section_id <> s.section_id \
                  OR i.label <> c.name || ' · ' || s.row_label || ' · ' || s.seat_label)",
    },
    Invariant {
        name: "a seat's hold lapses with its reservation",
        sql: "SELECT 'event ' || {uuid_text}(s.event_id) || ' seat ' || CAST(s.seat_id AS text) || \
              ' does not lapse with its reservation' AS breach FROM seats s \
              JOIN reservations r ON r.id = s.reservation_id \
              WHERE s.status = 'held' AND (r.status <> 'active' OR r.expires_at <> s.expires_at)",
    },
    Invariant {
        name: "a section has as many seats as its capacity says",
        sql: "SELECT 'section ' || {uuid_text}(c.id) || ': capacity ' || CAST(c.capacity AS text) || ', seats ' || \
              CAST(COALESCE(s.seats, 0) AS text) AS breach FROM sections c LEFT JOIN \
              (SELECT event_id, section_id, COUNT(*) AS seats FROM seats GROUP BY event_id, section_id) AS s \
              ON s.event_id = c.event_id AND s.section_id = c.id \
              WHERE c.kind = 'seated' AND c.capacity <> COALESCE(s.seats, 0)",
    },
    Invariant {
        name: "a general-admission counter equals its items",
        sql: "SELECT 'section ' || {uuid_text}(c.id) || ': held ' || CAST(c.held AS text) || ', sold ' || \
              CAST(c.sold AS text) || ' differ from its items' AS breach FROM sections c LEFT JOIN \
              (SELECT event_id, section_id, \
                  SUM(CASE WHEN state IN ('held', 'paying') THEN admits ELSE 0 END) AS held, \
                  SUM(CASE WHEN state = 'sold' THEN admits ELSE 0 END) AS sold \
                  FROM reservation_items WHERE kind = 'general' GROUP BY event_id, section_id) AS i \
              ON i.event_id = c.event_id AND i.section_id = c.id \
              WHERE c.kind = 'general' AND (c.held <> COALESCE(i.held, 0) OR c.sold <> COALESCE(i.sold, 0))",
    },
    Invariant {
        name: "a reservation holds all that it was made for",
        sql: "SELECT 'reservation ' || {uuid_text}(r.id) || ': persons or total differ from its items' AS breach \
              FROM reservations r WHERE r.persons <> (SELECT COALESCE(SUM(i.admits), 0) \
                  FROM reservation_items i WHERE i.reservation_id = r.id) \
              OR r.total_minor <> (SELECT COALESCE(SUM(i.price_minor), 0) \
                  FROM reservation_items i WHERE i.reservation_id = r.id)",
    },
    Invariant {
        // The limit is the limit of the newest hold, because an organizer may lower the event's limit below what a buyer
        // already has. The places that a guest had paid for when the buyer signed in came on top of the limit.
        name: "nobody was let beyond what one buyer may bring",
        sql: "SELECT 'buyer ' || {uuid_text}(u.buyer_id) || ' has ' || CAST(u.persons AS text) || \
              ' persons of event ' || {uuid_text}(u.event_id) AS breach \
              FROM (SELECT r.event_id, r.buyer_id, SUM(r.persons - CASE r.status WHEN 'confirmed' THEN \
                           (SELECT COALESCE(SUM(i.admits), 0) FROM reservation_items i \
                               WHERE i.reservation_id = r.id AND i.state = 'released') \
                           ELSE 0 END) AS persons, \
                           MAX(r.max_per_user) AS allowed FROM reservations r \
                    WHERE (r.status = 'active' AND r.expires_at > {now}) \
                    OR r.status = 'in_payment' OR (r.status = 'confirmed' AND NOT EXISTS \
                        (SELECT 1 FROM adopted_reservations a WHERE a.reservation_id = r.id)) \
                    GROUP BY r.event_id, r.buyer_id) u \
              WHERE u.persons > u.allowed",
    },
];
