//! The ledger and what is given back, in the first schema.

/// A refund has the id of its saga. `asked_by` is the user or guest; none where nobody asked.
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

/// `cancels` is 1 where the line was cancelled with this refund.
pub(crate) const REFUND_LINES: &str = "CREATE TABLE refund_lines (
    refund_id {uuid} NOT NULL REFERENCES refunds (id),
    line_id {uuid} NOT NULL,
    booking_id {uuid} NOT NULL,
    amount_minor {big} NOT NULL CHECK (amount_minor >= 0),
    cancels {int} NOT NULL CHECK (cancels IN (0, 1)),
    PRIMARY KEY (refund_id, line_id)
) {end};
CREATE INDEX refund_lines_booking ON refund_lines (booking_id)";

/// Double entry: the entries of a posting sum to zero.
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
