//! Adds the stored words for accounts, the desk, sales at the door and the gate. All words come in one step, because
//! SQLite copies a table for each changed CHECK. The words are those of the enums in `crates/domain`.
//!
//! The step renames the role of a member from `member` to `manager`. It changes no other value of a row.
//!
//! **Nodes of the older version with the new schema.** During a deployment, they continue to read and write:
//!
//! - Their INSERTs name the older columns. The new columns are NULL or have defaults that mean the same as before:
//!   `audit.actor_kind` is `user`, `refunds.method` is `gateway`.
//! - Their UPDATEs and SELECTs use only words that are still allowed. None of them writes `member` or compares with it;
//!   a profile shows `manager` instead.
//! - Exception: PostgreSQL refuses `SELECT * FROM audit` on a connection that prepared the statement before the step
//!   ("cached plan must not change result type"). `GET /admin/audit` of an older node responds with 500 until that node
//!   is replaced. No other table that an older node reads with `*` gets a column; for this reason `booking_lines` gets
//!   none.
//! - An older program that is started after the step refuses the schema, because it does not know the step.
//!
//! The separate table `publications` says which events were ever published, so that a cancelled draft stays hidden. It
//! is not a column of `events`, because an older node reads that table with `*`. An event that an older node publishes
//! after the step has no row; this matters only if that event is cancelled.
//!
//! **The way back.** `manager` becomes `member` again. `network_address` and `user_agent` are dropped with their
//! values. The step refuses, by name, every other row that only the new schema can hold (a suspended user, a viewer, a
//! refund in cash), and then changes nothing: it must neither give a viewer the rights of a member nor lose money.

use sea_orm_migration::prelude::*;

use crate::{
    ddl,
    reshape::{self, Check, Column, Table, Words},
    whole::Way,
};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[Table] = &[
    USERS,
    MEMBERSHIPS,
    EVENTS,
    buyers("buyers", &[buyer_kind("kind")]),
    buyers("reservations", &[buyer_kind("buyer_kind")]),
    buyers("bookings", &[buyer_kind("buyer_kind")]),
    BOOKING_LINES,
    REFUNDS,
    LEDGER_ENTRIES,
    AUDIT,
];

/// A user without a password signs in with a passkey or through another provider.
const USERS: Table = Table {
    words: &[Words {
        column: "status",
        before: &["inactive", "active", "erased"],
        after: &["inactive", "active", "suspended", "erased"],
        renamed: None,
    }],
    loosened: &[("password_hash", "{text}")],
    ..Table::named("users")
};

const MEMBERSHIPS: Table = Table {
    words: &[Words {
        column: "role",
        before: &["owner", "member"],
        after: &["owner", "manager", "seller", "viewer", "controller"],
        renamed: Some(("member", "manager")),
    }],
    ..Table::named("memberships")
};

const EVENTS: Table = Table {
    words: &[Words {
        column: "status",
        before: &["draft", "upcoming", "on_sale", "completed", "cancelled"],
        after: &["draft", "upcoming", "on_sale", "completed", "cancelled", "archived"],
        renamed: None,
    }],
    ..Table::named("events")
};

/// A buyer without an account and without a browser: an unknown person at the door, or nobody, if the organization
/// gives the places away. Each such sale has its own buyer id, so that no limit adds up several sales.
const fn buyer_kind(column: &'static str) -> Words {
    let (before, after) = (&["user", "guest"], &["user", "guest", "door", "comp"]);
    Words { column, before, after, renamed: None }
}

const fn buyers(name: &'static str, words: &'static [Words]) -> Table {
    Table { words, ..Table::named(name) }
}

/// The refunds of a line are at most the amount paid for the line, including tax that was added to the price. No line
/// has a tax yet. A later column will say whether a line's tax is added or included; that column can carry the exact
/// CHECK without a copy of the table.
const BOOKING_LINES: Table = Table {
    checks: &[Check {
        name: "booking_lines_returned",
        before: Some((
            "booking_lines_check2",
            "refunded_minor + refunding_minor <= price_minor - discount_minor + fee_minor",
        )),
        after: "refunded_minor + refunding_minor <= price_minor - discount_minor + fee_minor + tax_minor",
    }],
    ..Table::named("booking_lines")
};

/// Only a refund that the gateway made has the gateway's id. A refund by another method may have no payment at a
/// gateway, and no bank can fail it afterwards.
const REFUNDS: Table = Table {
    words: &[Words {
        column: "reason",
        before: &["buyer", "organizer", "goodwill", "called_off", "seats_lost"],
        after: &[
            "buyer",
            "organizer",
            "goodwill",
            "called_off",
            "seats_lost",
            "holder",
            "resold",
            "reseat",
            "dispute",
        ],
        renamed: None,
    }],
    loosened: &[("payment_id", "{uuid}")],
    columns: &[Column {
        name: "method",
        definition: "{text} NOT NULL DEFAULT 'gateway' CHECK (method IN \
            ('gateway', 'cash', 'terminal', 'bank', 'chargeback'))",
        implied: Some("gateway"),
    }],
    checks: &[
        Check {
            name: "refunds_named",
            before: Some(("refunds_check1", "(status = 'done') = (gateway_refund_id IS NOT NULL)")),
            after: "(status = 'done' AND method = 'gateway') = (gateway_refund_id IS NOT NULL)",
        },
        Check {
            name: "refunds_payment_known",
            before: None,
            after: "method <> 'gateway' OR payment_id IS NOT NULL",
        },
        Check {
            name: "refunds_looked_at",
            before: None,
            after: "method = 'gateway' OR look_at IS NULL",
        },
    ],
    ..Table::named("refunds")
};

const LEDGER_ENTRIES: Table = Table {
    words: &[
        Words {
            column: "account",
            before: &["captured", "refunded", "organization", "fees", "discounts"],
            after: &[
                "captured",
                "refunded",
                "organization",
                "fees",
                "discounts",
                "cash",
                "terminal",
                "tax",
                "comp",
                "disputed",
            ],
            renamed: None,
        },
        Words {
            column: "kind",
            before: &["capture", "refund"],
            after: &[
                "capture",
                "refund",
                "door_sale",
                "door_refund",
                "comp",
                "comp_return",
                "fee",
                "tax",
                "reseat",
                "dispute",
                "dispute_won",
                "dispute_lost",
            ],
            renamed: None,
        },
    ],
    ..Table::named("ledger_entries")
};

/// Only a user has a role. The system has no id, and neither has a visitor without a guest token.
const AUDIT: Table = Table {
    loosened: &[("actor_id", "{uuid}"), ("actor_role", "{text}")],
    columns: &[
        Column {
            name: "actor_kind",
            definition: "{text} NOT NULL DEFAULT 'user' CHECK (actor_kind IN \
                ('user', 'guest', 'api_key', 'gate_device', 'system'))",
            implied: Some("user"),
        },
        Column { name: "network_address", definition: "{text}", implied: None },
        Column { name: "user_agent", definition: "{text}", implied: None },
    ],
    checks: &[
        Check {
            name: "audit_actor_known",
            before: None,
            after: "actor_kind = 'guest' OR (actor_kind = 'system') = (actor_id IS NULL)",
        },
        Check {
            name: "audit_role_of_users",
            before: None,
            after: "(actor_kind = 'user') = (actor_role IS NOT NULL)",
        },
    ],
    ..Table::named("audit")
};

const PUBLICATIONS: &str = "CREATE TABLE publications (
    event_id {uuid} PRIMARY KEY,
    published_at {big} NOT NULL
) {end}";

/// Fills `publications` for existing events. A cancelled event counts as published if it has a reservation or the audit
/// log contains its publication.
const PUBLISHED_BEFORE: &str = "INSERT INTO publications (event_id, published_at) \
    SELECT e.id, e.created_at FROM events e WHERE e.status NOT IN ('draft', 'cancelled') \
    OR (e.status = 'cancelled' AND (EXISTS (SELECT 1 FROM reservations r WHERE r.event_id = e.id) \
        OR EXISTS (SELECT 1 FROM audit a WHERE a.subject_id = e.id AND a.action = 'event.publish')))";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        reshape::run(manager, TABLES, Way::Up).await?;
        ddl::run(manager, PUBLICATIONS).await?;
        manager.get_connection().execute_unprepared(PUBLISHED_BEFORE).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP TABLE publications").await?;
        reshape::run(manager, TABLES, Way::Down).await
    }
}
