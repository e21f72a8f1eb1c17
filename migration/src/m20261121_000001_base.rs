//! The first schema: organizations, catalogue, reservations, checkout, the change log.
//!
//! Times are milliseconds since 1970 by the database's own clock. Hot tables carry `event_id` first, have
//! no foreign key to event or user (each would lock the parent's row), and no index on a seat's state,
//! owner or expiry, so that updates of seats stay HOT.

use sea_orm_migration::prelude::*;

use crate::{
    ddl,
    machinery::{CHANGES, CLOCK_OFFSET, EVENT_SEQUENCES, LEASES, OUTBOX, WEBHOOK_EVENTS},
    money,
};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[(&str, &str)] = &[
    ("organizations", ORGANIZATIONS),
    ("users", USERS),
    ("memberships", MEMBERSHIPS),
    ("events", EVENTS),
    ("plans", PLANS),
    ("sections", SECTIONS),
    ("offers", OFFERS),
    ("seats", SEATS),
    ("buyers", BUYERS),
    ("reservations", RESERVATIONS),
    ("reservation_items", RESERVATION_ITEMS),
    ("bookings", BOOKINGS),
    ("booking_lines", BOOKING_LINES),
    ("booking_reservations", BOOKING_RESERVATIONS),
    ("sagas", SAGAS),
    ("payments", PAYMENTS),
    ("refunds", money::REFUNDS),
    ("refund_lines", money::REFUND_LINES),
    ("ledger_entries", money::LEDGER_ENTRIES),
    ("tickets", TICKETS),
    ("idempotency_keys", IDEMPOTENCY_KEYS),
    ("audit", AUDIT),
    ("outbox", OUTBOX),
    ("changes", CHANGES),
    ("event_sequences", EVENT_SEQUENCES),
    ("leases", LEASES),
    ("clock_offset", CLOCK_OFFSET),
    ("webhook_events", WEBHOOK_EVENTS),
    ("simulated_payments", money::SIMULATED_PAYMENTS),
    ("simulated_refunds", money::SIMULATED_REFUNDS),
];

const ORGANIZATIONS: &str = "CREATE TABLE organizations (
    id {uuid} PRIMARY KEY,
    name {text} NOT NULL CHECK (name <> ''),
    slug {text} NOT NULL UNIQUE,
    created_at {big} NOT NULL
) {end}";

const USERS: &str = "CREATE TABLE users (
    id {uuid} PRIMARY KEY,
    email {text} NOT NULL UNIQUE,
    password_hash {text} NOT NULL,
    first_name {text} NOT NULL,
    last_name {text} NOT NULL,
    role {text} NOT NULL CHECK (role IN ('customer', 'organizer', 'controller', 'admin')),
    status {text} NOT NULL CHECK (status IN ('inactive', 'active', 'erased')),
    locale {text} NOT NULL,
    created_at {big} NOT NULL
) {end}";

const MEMBERSHIPS: &str = "CREATE TABLE memberships (
    organization_id {uuid} NOT NULL REFERENCES organizations (id),
    user_id {uuid} NOT NULL REFERENCES users (id),
    role {text} NOT NULL CHECK (role IN ('owner', 'member')),
    PRIMARY KEY (organization_id, user_id)
) {end};
CREATE INDEX memberships_user ON memberships (user_id)";

// `promised_starts_at` is the beginning that the first buyers were told. It is set when the organizer moves the
// beginning after the first booking.
const EVENTS: &str = "CREATE TABLE events (
    id {uuid} PRIMARY KEY,
    organization_id {uuid} NOT NULL REFERENCES organizations (id),
    slug {text} NOT NULL UNIQUE,
    name {text} NOT NULL CHECK (name <> ''),
    description {text} NOT NULL,
    category {text} NOT NULL,
    language {text} NOT NULL,
    place {text} NOT NULL,
    time_zone {text} NOT NULL,
    starts_at {big} NOT NULL,
    ends_at {big} NOT NULL,
    sale_starts_at {big} NOT NULL,
    sale_ends_at {big} NOT NULL,
    currency {text} NOT NULL CHECK (length(currency) = 3),
    max_per_user {int} NOT NULL CHECK (max_per_user > 0),
    max_per_order {int} NOT NULL CHECK (max_per_order > 0),
    hold_seconds {big} NOT NULL CHECK (hold_seconds > 0),
    hold_cap_seconds {big} NOT NULL CHECK (hold_cap_seconds >= hold_seconds),
    status {text} NOT NULL CHECK (status IN ('draft', 'upcoming', 'on_sale', 'completed', 'cancelled')),
    plan_version {int} NOT NULL CHECK (plan_version >= 0),
    next_seat_id {int} NOT NULL CHECK (next_seat_id > 0),
    version {int} NOT NULL CHECK (version > 0),
    created_at {big} NOT NULL,
    updated_at {big} NOT NULL,
    promised_starts_at {big},
    CHECK (ends_at > starts_at),
    CHECK (sale_ends_at > sale_starts_at)
) {end};
CREATE INDEX events_start ON events (starts_at, id);
CREATE INDEX events_organization ON events (organization_id)";

const PLANS: &str = "CREATE TABLE plans (
    event_id {uuid} NOT NULL REFERENCES events (id),
    version {int} NOT NULL CHECK (version > 0),
    document {text} NOT NULL,
    created_at {big} NOT NULL,
    PRIMARY KEY (event_id, version)
) {end}";

// Only general-admission sections use the counters `held`, `sold` and `blocked`. A counter of seats would be one row
// that every hold in the section has to change.
const SECTIONS: &str = "CREATE TABLE sections (
    event_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name {text} NOT NULL CHECK (name <> ''),
    kind {text} NOT NULL CHECK (kind IN ('seated', 'general')),
    position {int} NOT NULL,
    capacity {int} NOT NULL CHECK (capacity >= 0),
    held {int} NOT NULL DEFAULT 0 CHECK (held >= 0),
    sold {int} NOT NULL DEFAULT 0 CHECK (sold >= 0),
    blocked {int} NOT NULL DEFAULT 0 CHECK (blocked >= 0),
    version {big} NOT NULL DEFAULT 1,
    PRIMARY KEY (event_id, id),
    UNIQUE (event_id, name),
    CHECK (held + sold + blocked <= capacity),
    CHECK (kind = 'general' OR (held = 0 AND sold = 0 AND blocked = 0))
) {hot}";

const OFFERS: &str = "CREATE TABLE offers (
    event_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    section_id {uuid},
    category {text},
    name {text} NOT NULL CHECK (name <> ''),
    price_minor {big} NOT NULL CHECK (price_minor >= 0),
    admits {int} NOT NULL CHECK (admits BETWEEN 1 AND 20),
    refundable {int} NOT NULL CHECK (refundable IN (0, 1)),
    benefits {text} NOT NULL DEFAULT '[]',
    sale_starts_at {big},
    sale_ends_at {big},
    position {int} NOT NULL,
    created_at {big} NOT NULL,
    withdrawn_at {big},
    PRIMARY KEY (event_id, id),
    CHECK (sale_starts_at IS NULL OR sale_ends_at IS NULL OR sale_ends_at > sale_starts_at)
) {end};
CREATE UNIQUE INDEX offers_id ON offers (id)";

// A held seat after its `expires_at` stays `held` in the row and counts as available in every response.
const SEATS: &str = "CREATE TABLE seats (
    event_id {uuid} NOT NULL,
    seat_id {int} NOT NULL CHECK (seat_id > 0),
    section_id {uuid} NOT NULL,
    seat_guid {text} NOT NULL,
    row_label {text} NOT NULL,
    seat_label {text} NOT NULL,
    category {text} NOT NULL,
    kind {text} NOT NULL CHECK (kind IN
        ('standard', 'vip', 'premium', 'wheelchair', 'companion', 'restricted_view')),
    price_minor {big} CHECK (price_minor >= 0),
    status {text} NOT NULL CHECK (status IN ('available', 'held', 'paying', 'sold', 'blocked')),
    version {int} NOT NULL CHECK (version > 0),
    fence {big} NOT NULL CHECK (fence >= 0),
    reservation_id {uuid},
    expires_at {big},
    block_reason {text},
    PRIMARY KEY (event_id, seat_id),
    CHECK (status NOT IN ('held', 'paying', 'sold') OR reservation_id IS NOT NULL),
    CHECK ((status = 'held') = (expires_at IS NOT NULL)),
    CHECK ((status = 'blocked') = (block_reason IS NOT NULL))
) {hot};
CREATE UNIQUE INDEX seats_guid ON seats (event_id, seat_guid)";

// One row for each buyer and event. The row is locked while the buyer's limits are counted.
const BUYERS: &str = "CREATE TABLE buyers (
    event_id {uuid} NOT NULL,
    buyer_id {uuid} NOT NULL,
    kind {text} NOT NULL CHECK (kind IN ('user', 'guest')),
    locale {text} NOT NULL,
    touched_at {big} NOT NULL,
    PRIMARY KEY (event_id, buyer_id)
) {hot}";

// `max_per_user` is the event's limit at the time of the hold. A lower limit later takes no place from anybody.
const RESERVATIONS: &str = "CREATE TABLE reservations (
    id {uuid} PRIMARY KEY,
    event_id {uuid} NOT NULL,
    organization_id {uuid} NOT NULL,
    buyer_id {uuid} NOT NULL,
    buyer_kind {text} NOT NULL CHECK (buyer_kind IN ('user', 'guest')),
    status {text} NOT NULL CHECK (status IN
        ('active', 'in_payment', 'confirmed', 'expired', 'cancelled')),
    persons {int} NOT NULL CHECK (persons > 0),
    max_per_user {int} NOT NULL CHECK (max_per_user >= persons),
    total_minor {big} NOT NULL CHECK (total_minor >= 0),
    currency {text} NOT NULL,
    created_at {big} NOT NULL,
    expires_at {big} NOT NULL,
    cap_at {big} NOT NULL,
    version {int} NOT NULL CHECK (version > 0),
    CHECK (expires_at <= cap_at)
) {hot};
CREATE INDEX reservations_buyer ON reservations (event_id, buyer_id);
CREATE INDEX reservations_due ON reservations (expires_at) WHERE status = 'active'";

// `fence` is the fence of the seat at the time of the hold; every later step of the reservation carries it. `state`
// counts only for general admission: the state of a seat is in the seat's row.
const RESERVATION_ITEMS: &str = "CREATE TABLE reservation_items (
    event_id {uuid} NOT NULL,
    reservation_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    kind {text} NOT NULL CHECK (kind IN ('seat', 'general')),
    seat_id {int},
    section_id {uuid} NOT NULL,
    offer_id {uuid} NOT NULL,
    label {text} NOT NULL,
    quantity {int} NOT NULL CHECK (quantity > 0),
    admits {int} NOT NULL CHECK (admits > 0),
    price_minor {big} NOT NULL CHECK (price_minor >= 0),
    fence {big} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('held', 'paying', 'sold', 'released')),
    expires_at {big} NOT NULL,
    PRIMARY KEY (reservation_id, id),
    CHECK ((kind = 'seat') = (seat_id IS NOT NULL)),
    CHECK (kind = 'general' OR quantity = 1)
) {hot};
CREATE INDEX reservation_items_due ON reservation_items (event_id, section_id, expires_at)
    WHERE kind = 'general' AND state = 'held'";

const BOOKINGS: &str = "CREATE TABLE bookings (
    id {uuid} PRIMARY KEY,
    reference {text} NOT NULL UNIQUE,
    organization_id {uuid} NOT NULL,
    buyer_id {uuid} NOT NULL,
    buyer_kind {text} NOT NULL CHECK (buyer_kind IN ('user', 'guest')),
    email {text},
    locale {text} NOT NULL,
    status {text} NOT NULL CHECK (status IN ('pending', 'confirmed', 'failed', 'cancelled')),
    failure {text},
    currency {text} NOT NULL,
    total_minor {big} NOT NULL CHECK (total_minor >= 0),
    discount_minor {big} NOT NULL CHECK (discount_minor >= 0),
    refunded_minor {big} NOT NULL CHECK (refunded_minor >= 0 AND refunded_minor <= total_minor),
    created_at {big} NOT NULL,
    settled_at {big},
    version {int} NOT NULL CHECK (version > 0)
) {hot};
CREATE INDEX bookings_buyer ON bookings (buyer_id, created_at);
CREATE INDEX bookings_email ON bookings (email) WHERE email IS NOT NULL";

// `refundable` is copied from the offer at the purchase. `refunding_minor` is the amount whose refund is promised and
// under way, `refunded_minor` the amount that was refunded and is in the ledger.
const BOOKING_LINES: &str = "CREATE TABLE booking_lines (
    booking_id {uuid} NOT NULL REFERENCES bookings (id),
    id {uuid} NOT NULL,
    event_id {uuid} NOT NULL,
    organization_id {uuid} NOT NULL,
    reservation_id {uuid} NOT NULL,
    item_id {uuid} NOT NULL,
    kind {text} NOT NULL CHECK (kind IN ('seat', 'general')),
    seat_id {int},
    section_id {uuid} NOT NULL,
    offer_id {uuid} NOT NULL,
    label {text} NOT NULL,
    quantity {int} NOT NULL CHECK (quantity > 0),
    admits {int} NOT NULL CHECK (admits > 0),
    price_minor {big} NOT NULL CHECK (price_minor >= 0),
    discount_minor {big} NOT NULL CHECK (discount_minor >= 0 AND discount_minor <= price_minor),
    fee_minor {big} NOT NULL CHECK (fee_minor >= 0),
    tax_rate_bp {int} NOT NULL CHECK (tax_rate_bp BETWEEN 0 AND 10000),
    tax_minor {big} NOT NULL CHECK (tax_minor >= 0),
    refunded_minor {big} NOT NULL CHECK (refunded_minor >= 0),
    refunding_minor {big} NOT NULL CHECK (refunding_minor >= 0),
    refundable {int} NOT NULL CHECK (refundable IN (0, 1)),
    cancelled_at {big},
    PRIMARY KEY (booking_id, id),
    CHECK ((kind = 'seat') = (seat_id IS NOT NULL)),
    CHECK (refunded_minor + refunding_minor <= price_minor - discount_minor + fee_minor)
) {end};
CREATE INDEX booking_lines_event ON booking_lines (event_id)";

// `live` is 1 while the saga of the booking may still take the reservation's seats. At most one booking of a
// reservation is live.
const BOOKING_RESERVATIONS: &str = "CREATE TABLE booking_reservations (
    booking_id {uuid} NOT NULL REFERENCES bookings (id),
    reservation_id {uuid} NOT NULL,
    live {int} NOT NULL CHECK (live IN (0, 1)),
    PRIMARY KEY (booking_id, reservation_id)
) {end};
CREATE UNIQUE INDEX booking_reservations_live ON booking_reservations (reservation_id) WHERE live = 1;
CREATE INDEX booking_reservations_reservation ON booking_reservations (reservation_id)";

// `wakes` counts how often somebody woke the saga. If it has grown since a worker read it, the worker parks the saga
// as due at once. `format` is the format of `state`: a program does not touch a saga with a newer format.
const SAGAS: &str = "CREATE TABLE sagas (
    id {uuid} PRIMARY KEY,
    kind {text} NOT NULL,
    subject_id {uuid} NOT NULL,
    format {int} NOT NULL CHECK (format >= 0),
    status {text} NOT NULL CHECK (status IN
        ('running', 'waiting', 'undoing', 'done', 'undone', 'needs_attention')),
    state {text} NOT NULL,
    reason {text},
    last_error {text},
    due_at {big} NOT NULL,
    lease_until {big} NOT NULL,
    fence {big} NOT NULL CHECK (fence >= 0),
    version {int} NOT NULL CHECK (version > 0),
    wakes {int} NOT NULL DEFAULT 0,
    cancel_requested {int} NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    created_at {big} NOT NULL,
    updated_at {big} NOT NULL
) {hot};
CREATE UNIQUE INDEX sagas_subject ON sagas (subject_id);
CREATE INDEX sagas_due ON sagas (due_at) WHERE status IN ('running', 'waiting', 'undoing');
CREATE INDEX sagas_live ON sagas (id)
    WHERE status IN ('running', 'waiting', 'undoing', 'needs_attention')";

const PAYMENTS: &str = "CREATE TABLE payments (
    id {uuid} PRIMARY KEY,
    booking_id {uuid} NOT NULL,
    saga_id {uuid} NOT NULL,
    provider {text} NOT NULL,
    intent_id {text},
    amount_minor {big} NOT NULL CHECK (amount_minor >= 0),
    currency {text} NOT NULL,
    captured_minor {big} NOT NULL CHECK (captured_minor >= 0 AND captured_minor <= amount_minor),
    refunded_minor {big} NOT NULL CHECK (refunded_minor >= 0 AND refunded_minor <= captured_minor),
    status {text} NOT NULL CHECK (status IN ('started', 'authorized', 'captured', 'void', 'declined')),
    created_at {big} NOT NULL,
    updated_at {big} NOT NULL
) {end};
CREATE INDEX payments_booking ON payments (booking_id);
CREATE UNIQUE INDEX payments_intent ON payments (provider, intent_id) WHERE intent_id IS NOT NULL";

const TICKETS: &str = "CREATE TABLE tickets (
    id {uuid} PRIMARY KEY,
    event_id {uuid} NOT NULL,
    booking_id {uuid} NOT NULL,
    line_id {uuid} NOT NULL,
    buyer_id {uuid} NOT NULL,
    ordinal {int} NOT NULL CHECK (ordinal > 0),
    seat_id {int},
    section_id {uuid} NOT NULL,
    label {text} NOT NULL,
    admits {int} NOT NULL CHECK (admits > 0),
    status {text} NOT NULL CHECK (status IN ('valid', 'used', 'cancelled', 'refunded', 'transferred')),
    issued_at {big} NOT NULL
) {end};
CREATE UNIQUE INDEX tickets_line ON tickets (line_id, ordinal);
CREATE UNIQUE INDEX tickets_live_seat ON tickets (event_id, seat_id)
    WHERE seat_id IS NOT NULL AND status IN ('valid', 'used');
CREATE INDEX tickets_buyer ON tickets (event_id, buyer_id);
CREATE INDEX tickets_booking ON tickets (booking_id)";

const IDEMPOTENCY_KEYS: &str = "CREATE TABLE idempotency_keys (
    principal_id {uuid} NOT NULL,
    route {text} NOT NULL,
    key {text} NOT NULL,
    fingerprint {text} NOT NULL,
    subject_id {uuid},
    status {int},
    headers {text},
    body {text},
    created_at {big} NOT NULL,
    answered_at {big},
    PRIMARY KEY (principal_id, route, key),
    CHECK ((status IS NULL) = (answered_at IS NULL)),
    CHECK (status IS NULL OR status BETWEEN 200 AND 299 OR status = 402)
) {end};
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
CREATE INDEX idempotency_keys_subject ON idempotency_keys (subject_id)";

// Rows are only added, and deleted by age.
const AUDIT: &str = "CREATE TABLE audit (
    id {uuid} PRIMARY KEY,
    at {big} NOT NULL,
    actor_id {uuid} NOT NULL,
    actor_role {text} NOT NULL CHECK (actor_role IN
        ('customer', 'organizer', 'controller', 'admin')),
    action {text} NOT NULL,
    subject_kind {text} NOT NULL,
    subject_id {uuid} NOT NULL,
    detail {text} NOT NULL
) {end};
CREATE INDEX audit_subject ON audit (subject_id, id);
CREATE INDEX audit_actor ON audit (actor_id, id);
CREATE INDEX audit_age ON audit (at)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (_, table) in TABLES {
            ddl::run(manager, table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in TABLES.iter().rev() {
            manager.get_connection().execute_unprepared(&format!("DROP TABLE {name}")).await?;
        }
        Ok(())
    }
}
