//! The tables of the first schema that carry messages, leases and the moved clock. What they are for is in
//! `docs/ARCHITECTURE.md`; the step that makes them is [`crate::m20261121_000001_base`].

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

// A row is locked for as long as the work takes, and not for a time: who dies lets go of it.
pub(crate) const LEASES: &str = "CREATE TABLE leases (
    name {text} PRIMARY KEY,
    fence {big} NOT NULL
) {hot}";

// What gateways told of, once for each event. Ids and the type alone: what they are about is fetched again.
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

// Added to the database's clock; only development and tests write it.
pub(crate) const CLOCK_OFFSET: &str = "CREATE TABLE clock_offset (
    id {int} PRIMARY KEY CHECK (id = 1),
    offset_ms {big} NOT NULL
) {end};
INSERT INTO clock_offset (id, offset_ms) VALUES (1, 0)";
