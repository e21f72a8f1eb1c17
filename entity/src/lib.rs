//! The tables of Holdfast as SeaORM entities, one file for each table. This crate contains no rules and no queries; the
//! CHECKs and indexes of the tables are in `migration`.
//!
//! These rules hold for all tables, so single columns do not repeat them:
//! - Columns have the domain's types. `holdfast_domain::stored` says how the database stores these types, as types that
//!   both stores have: UUIDs, integers and text.
//! - A time (`at`, `…_at`, `…_until`) is in milliseconds since 1970 by the database's clock.
//! - An amount (`…_minor`) is in minor units of the row's or the booking's currency.
//! - `version` grows with every change of the row. `fence` grows with every change of the row's owner; a write that
//!   carries an older fence changes nothing.
//! - The words of a `status` or `kind` are also in the CHECKs of the migration. Words that the domain does not know,
//!   such as a saga's status, are text here.
//! - Every `Relation` is empty: rows that belong together are read by key.

// SeaORM's derives create public items without docs.
#![allow(missing_docs)]

pub mod acceptances;
pub mod account_links;
pub mod account_tries;
pub mod adopted_reservations;
pub mod audit;
pub mod booking_codes;
pub mod booking_lines;
pub mod booking_reservations;
pub mod bookings;
pub mod buyers;
pub mod changes;
pub mod clock_offset;
pub mod event_moves;
pub mod event_sequences;
pub mod event_texts;
pub mod events;
pub mod idempotency_keys;
pub mod invitations;
pub mod kept_mails;
pub mod leases;
pub mod ledger_entries;
pub mod memberships;
pub mod messages;
pub mod offers;
pub mod organizations;
pub mod outbox;
pub mod payments;
pub mod plans;
pub mod publications;
pub mod refund_lines;
pub mod refunds;
pub mod reservation_items;
pub mod reservations;
pub mod sagas;
pub mod seats;
pub mod sections;
pub mod sessions;
pub mod simulated_payments;
pub mod simulated_refunds;
pub mod tickets;
pub mod users;
pub mod webhook_events;
