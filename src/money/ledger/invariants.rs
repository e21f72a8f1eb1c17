//! The invariants of the ledger, as queries that find breaches.

use crate::kernel::invariants::Invariant;

pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        name: "every posting of the ledger sums to zero",
        sql: "SELECT 'posting ' || {uuid_text}(e.posting_id) || ' sums to ' || \
              CAST(SUM(e.amount_minor) AS text) || ' ' || e.currency AS breach FROM ledger_entries e \
              GROUP BY e.posting_id, e.currency HAVING SUM(e.amount_minor) <> 0",
    },
    Invariant {
        name: "the ledger has one booking and one currency a posting",
        sql: "SELECT 'posting ' || {uuid_text}(e.posting_id) || ' mixes bookings or currencies' AS breach \
              FROM ledger_entries e JOIN bookings b ON b.id = e.booking_id \
              GROUP BY e.posting_id HAVING COUNT(DISTINCT e.booking_id) > 1 \
              OR COUNT(DISTINCT e.currency) > 1 OR MIN(e.currency) <> MIN(b.currency)",
    },
    Invariant {
        name: "nothing is given back beyond what was captured",
        sql: "SELECT 'booking ' || {uuid_text}(e.booking_id) || ': the ledger gave back ' || \
              CAST(-SUM(e.amount_minor) AS text) || ' too much' AS breach FROM ledger_entries e \
              WHERE e.account IN ('captured', 'refunded') \
              GROUP BY e.booking_id HAVING SUM(e.amount_minor) < 0",
    },
    Invariant {
        // A cancelled line costs nothing, except for the part of its price that is still being refunded.
        name: "what was captured less what was refunded is what confirmed lines cost",
        sql: "SELECT 'booking ' || {uuid_text}(x.id) || ' (' || x.status || '): ledger ' || \
              CAST(x.ledger AS text) || ', due ' || CAST(x.due AS text) AS breach FROM ( \
                  SELECT b.id, b.status, \
                  (SELECT COALESCE(SUM(CASE WHEN l.cancelled_at IS NOT NULL THEN l.refunding_minor \
                      WHEN b.status = 'confirmed' THEN l.price_minor - l.discount_minor + l.fee_minor \
                          - l.refunded_minor ELSE 0 END), 0) \
                      FROM booking_lines l WHERE l.booking_id = b.id) AS due, \
                  (SELECT COALESCE(SUM(e.amount_minor), 0) FROM ledger_entries e \
                      WHERE e.booking_id = b.id AND e.account IN ('captured', 'refunded')) AS ledger \
                  FROM bookings b) x WHERE x.ledger <> x.due",
    },
    Invariant {
        name: "payments say what the ledger says",
        sql: "SELECT 'payment ' || COALESCE(p.intent_id, {uuid_text}(p.id)) || ': captured ' || \
              CAST(p.captured_minor AS text) || ', refunded ' || CAST(p.refunded_minor AS text) || \
              ' differ from the ledger' AS breach FROM payments p \
              WHERE p.captured_minor <> (SELECT COALESCE(SUM(e.amount_minor), 0) FROM ledger_entries e \
                  WHERE e.booking_id = p.booking_id AND e.account = 'captured') \
              OR p.refunded_minor <> (SELECT COALESCE(-SUM(e.amount_minor), 0) FROM ledger_entries e \
                  WHERE e.booking_id = p.booking_id AND e.account = 'refunded')",
    },
];
