//! The tables of Holdfast as SeaORM entities, one file each.
//!
//! Columns have the domain's types, which `holdfast_domain::stored` stores as what both stores have: UUIDs, integers,
//! text. Times are milliseconds since 1970 by the database's clock. The words of a `status` or `kind` also stand in the
//! migration's CHECKs. Words that the domain does not know (a saga's status, the inbox's) are text here.

// The derives of SeaORM make public items of their own.
#![allow(missing_docs)]

pub mod audit;
pub mod booking_lines;
pub mod booking_reservations;
pub mod bookings;
pub mod buyers;
pub mod changes;
pub mod clock_offset;
pub mod event_sequences;
pub mod events;
pub mod idempotency_keys;
pub mod leases;
pub mod ledger_entries;
pub mod memberships;
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
pub mod simulated_payments;
pub mod simulated_refunds;
pub mod tickets;
pub mod users;
pub mod webhook_events;
