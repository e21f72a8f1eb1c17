//! The SQL of the ledger.

use holdfast_domain::ledger::Entry;
use holdfast_entity::bookings;
use sea_orm::{DbErr, Value};
use uuid::Uuid;

use super::Kind;
use crate::kernel::db::{Writes, placeholders};

const COLUMNS: usize = 9;

/// A posting.
#[derive(Debug, Clone, Copy)]
pub struct Posting<'a> {
    /// The posting.
    pub id: Uuid,
    /// One id for each entry.
    pub ids: &'a [Uuid],
    /// Of which booking.
    pub booking: &'a bookings::Model,
    /// What it records.
    pub kind: Kind,
    /// Its entries, which sum to zero.
    pub entries: &'a [Entry],
    /// The database's clock.
    pub now_ms: i64,
}

/// Writes a posting's entries.
pub async fn insert(sql: &impl Writes, posting: Posting<'_>) -> Result<(), DbErr> {
    let mut text =
        "INSERT INTO ledger_entries (id, posting_id, booking_id, organization_id, account, \
        amount_minor, currency, kind, created_at) VALUES "
            .to_owned();
    let mut values: Vec<Value> = Vec::with_capacity(posting.entries.len() * COLUMNS);
    for (entry, id) in posting.entries.iter().zip(posting.ids) {
        let comma = if values.is_empty() { "" } else { ", " };
        text.push_str(&format!("{comma}({})", placeholders(values.len() + 1, COLUMNS)));
        values.extend([
            (*id).into(),
            posting.id.into(),
            posting.booking.id.into(),
            posting.booking.organization_id.into(),
            entry.account.as_str().into(),
            entry.minor.into(),
            posting.booking.currency.as_str().into(),
            posting.kind.as_str().into(),
            posting.now_ms.into(),
        ]);
    }
    sql.write(&text, values, None).await
}
