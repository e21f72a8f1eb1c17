//! The ledger, the refunds and the simulated gateway's books in the first schema.

/// A refund and its saga have the same id. `asked_by` is the user or guest who asked; NULL if the server started the
/// refund.
pub(crate) const REFUNDS: &str = "CREATE TABLE refunds (
    id {uuid} PRIMARY KEY,
    booking_id {uuid} NOT NULL,
    payment_id {uuid} NOT NULL,
    organization_id {uuid} NOT NULL,
    reason {text} NOT NULL CHECK (reason IN
        ('buyer', 'organizer', 'goodwill', 'called_off', 'seats_lost')),
    asked_by {uuid},
    amount_minor {big} NOT NULL CHECK (amount_minor > 0),
    currency {text} NOT NULL,
    status {text} NOT NULL CHECK (status IN ('pending', 'done')),
    gateway_refund_id {text},
    created_at {big} NOT NULL,
    settled_at {big},
    CHECK ((status = 'done') = (settled_at IS NOT NULL)),
    CHECK ((status = 'done') = (gateway_refund_id IS NOT NULL))
) {end};
CREATE INDEX refunds_booking ON refunds (booking_id)";

/// `cancels` is 1 if this refund cancelled the line.
pub(crate) const REFUND_LINES: &str = "CREATE TABLE refund_lines (
    refund_id {uuid} NOT NULL REFERENCES refunds (id),
    line_id {uuid} NOT NULL,
    booking_id {uuid} NOT NULL,
    amount_minor {big} NOT NULL CHECK (amount_minor >= 0),
    cancels {int} NOT NULL CHECK (cancels IN (0, 1)),
    PRIMARY KEY (refund_id, line_id)
) {end};
CREATE INDEX refund_lines_booking ON refund_lines (booking_id)";

/// The double-entry ledger: the entries of a posting sum to zero.
pub(crate) const LEDGER_ENTRIES: &str = "CREATE TABLE ledger_entries (
    id {uuid} PRIMARY KEY,
    posting_id {uuid} NOT NULL,
    booking_id {uuid} NOT NULL,
    organization_id {uuid} NOT NULL,
    account {text} NOT NULL CHECK (account IN
        ('captured', 'refunded', 'organization', 'fees', 'discounts')),
    amount_minor {big} NOT NULL CHECK (amount_minor <> 0),
    currency {text} NOT NULL,
    kind {text} NOT NULL CHECK (kind IN ('capture', 'refund')),
    created_at {big} NOT NULL
) {end};
CREATE INDEX ledger_entries_booking ON ledger_entries (booking_id)";

/// The simulated gateway's own books. The server treats the gateway as an outside system, although both use one
/// database. A key column contains the key of the last call that took effect, so that a repeated call gets the same
/// response and is not performed again.
pub(crate) const SIMULATED_PAYMENTS: &str = "CREATE TABLE simulated_payments (
    id {text} PRIMARY KEY,
    idempotency_key {text} NOT NULL UNIQUE,
    client_secret {text} NOT NULL UNIQUE,
    saga {text} NOT NULL,
    method {text} NOT NULL,
    amount_minor {big} NOT NULL CHECK (amount_minor > 0),
    currency {text} NOT NULL,
    status {text} NOT NULL CHECK (status IN
        ('requires_confirmation', 'requires_action', 'processing', 'requires_capture', 'succeeded',
        'canceled', 'declined')),
    authorize_key {text},
    capture_key {text},
    void_key {text},
    decided_at {big},
    captured_minor {big} NOT NULL CHECK (captured_minor >= 0 AND captured_minor <= amount_minor),
    refunded_minor {big} NOT NULL CHECK (refunded_minor >= 0 AND refunded_minor <= captured_minor),
    created_at {big} NOT NULL
) {hot};
CREATE INDEX simulated_payments_saga ON simulated_payments (saga);
CREATE INDEX simulated_payments_age ON simulated_payments (created_at)";

pub(crate) const SIMULATED_REFUNDS: &str = "CREATE TABLE simulated_refunds (
    id {text} PRIMARY KEY,
    idempotency_key {text} NOT NULL UNIQUE,
    payment_id {text} NOT NULL REFERENCES simulated_payments (id),
    amount_minor {big} NOT NULL CHECK (amount_minor > 0),
    created_at {big} NOT NULL
) {end};
CREATE INDEX simulated_refunds_payment ON simulated_refunds (payment_id)";
