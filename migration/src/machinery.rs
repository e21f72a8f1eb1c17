//! The tables of the first schema for messages, leases and the offset of the clock. `docs/ARCHITECTURE.md` says what
//! they are for; the step [`crate::m20261121_000001_base`] creates them.

pub(crate) const OUTBOX: &str = "CREATE TABLE outbox (
    id {serial},
    event_id {uuid} NOT NULL,
    payload {text} NOT NULL,
    created_at {big} NOT NULL
) {end}";

pub(crate) const CHANGES: &str = "CREATE TABLE changes (
    event_id {uuid} NOT NULL,
    seq {big} NOT NULL CHECK (seq > 0),
    payload {text} NOT NULL,
    created_at {big} NOT NULL,
    PRIMARY KEY (event_id, seq)
) {end};
CREATE INDEX changes_age ON changes (created_at)";

pub(crate) const EVENT_SEQUENCES: &str = "CREATE TABLE event_sequences (
    event_id {uuid} PRIMARY KEY,
    last_seq {big} NOT NULL CHECK (last_seq >= 0)
) {hot}";

// A node locks the row while it works, and not for a fixed time: when the node dies, its lock ends.
pub(crate) const LEASES: &str = "CREATE TABLE leases (
    name {text} PRIMARY KEY,
    fence {big} NOT NULL
) {hot}";

// The events that gateways sent, one row for each event. A row contains only ids and the type; the objects are fetched
// again.
pub(crate) const WEBHOOK_EVENTS: &str = "CREATE TABLE webhook_events (
    provider {text} NOT NULL,
    event_id {text} NOT NULL,
    kind {text} NOT NULL,
    payment {text},
    account {text},
    status {text} NOT NULL CHECK (status IN ('new', 'done', 'ignored', 'failed')),
    outcome {text},
    attempts {int} NOT NULL CHECK (attempts >= 0),
    received_at {big} NOT NULL,
    due_at {big} NOT NULL,
    settled_at {big},
    PRIMARY KEY (provider, event_id),
    CHECK ((status = 'new') = (settled_at IS NULL)),
    CHECK ((status = 'new') = (outcome IS NULL)),
    CHECK (status <> 'new' OR payment IS NOT NULL)
) {end};
CREATE INDEX webhook_events_due ON webhook_events (due_at) WHERE status = 'new';
CREATE INDEX webhook_events_age ON webhook_events (received_at)";

// The offset is added to the database's clock. Only development and tests write it.
pub(crate) const CLOCK_OFFSET: &str = "CREATE TABLE clock_offset (
    id {int} PRIMARY KEY CHECK (id = 1),
    offset_ms {big} NOT NULL
) {end};
INSERT INTO clock_offset (id, offset_ms) VALUES (1, 0)";
