//! The invariants of refunds, as queries that find breaches.

use crate::kernel::invariants::Invariant;

pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        name: "a refund is the sum of its lines",
        sql: "SELECT 'refund ' || {uuid_text}(f.id) || ': its lines do not sum to it' AS breach FROM refunds f \
              WHERE f.amount_minor <> (SELECT COALESCE(SUM(x.amount_minor), 0) FROM refund_lines x \
                  WHERE x.refund_id = f.id)",
    },
    Invariant {
        name: "what lines say is given back, or on its way, is what their refunds say",
        sql: "SELECT 'line ' || {uuid_text}(l.id) || ': refunded ' || CAST(l.refunded_minor AS text) || \
              ', refunding ' || CAST(l.refunding_minor AS text) || ' differ from its refunds' AS breach \
              FROM booking_lines l WHERE l.refunded_minor <> (SELECT COALESCE(SUM(x.amount_minor), 0) \
                  FROM refund_lines x JOIN refunds f ON f.id = x.refund_id AND f.status = 'done' \
                  WHERE x.booking_id = l.booking_id AND x.line_id = l.id) \
              OR l.refunding_minor <> (SELECT COALESCE(SUM(x.amount_minor), 0) \
                  FROM refund_lines x JOIN refunds f ON f.id = x.refund_id AND f.status = 'pending' \
                  WHERE x.booking_id = l.booking_id AND x.line_id = l.id)",
    },
    Invariant {
        name: "what a booking says is given back is what its lines and its payment say",
        sql: "SELECT 'booking ' || {uuid_text}(b.id) || ': refunded ' || CAST(b.refunded_minor AS text) || \
              ' differs from its lines or its payment' AS breach FROM bookings b \
              WHERE b.refunded_minor <> (SELECT COALESCE(SUM(l.refunded_minor), 0) FROM booking_lines l \
                  WHERE l.booking_id = b.id) \
              OR b.refunded_minor <> (SELECT COALESCE(SUM(p.refunded_minor), 0) FROM payments p \
                  WHERE p.booking_id = b.id)",
    },
    Invariant {
        name: "every refund has one saga, at rest if and only if the money is back",
        sql: "SELECT 'refund ' || {uuid_text}(f.id) || ' (' || f.status || '): saga ' || \
              COALESCE(g.status, 'missing') AS breach FROM refunds f \
              LEFT JOIN sagas g ON g.id = f.id AND g.kind = 'refund' \
              WHERE g.id IS NULL OR (f.status = 'done') <> (g.status = 'done')",
    },
    Invariant {
        name: "the simulated gateway gave back what refunds say",
        sql: "SELECT 'payment ' || m.id || ': the gateway gave back ' || CAST(m.refunded_minor AS text) || \
              ', refunds say ' || CAST(p.refunded_minor AS text) AS breach \
              FROM simulated_payments m JOIN payments p ON p.provider = 'simulated' AND p.intent_id = m.id \
              WHERE m.refunded_minor <> p.refunded_minor AND NOT EXISTS (SELECT 1 FROM refunds f \
                  WHERE f.booking_id = p.booking_id AND f.status = 'pending')",
    },
];
