//! Who changed what: one row a change, in the transaction that makes it, so that neither stands without the
//! other. Never holds secrets, tokens or card data.

mod store;

use sea_orm::DbErr;
use uuid::Uuid;

use crate::{
    db::{Db, Sql, Tx},
    http::auth::User,
};

/// How long entries are kept, in milliseconds: two years.
pub const KEPT_MS: i64 = 2 * 365 * 24 * 60 * 60 * 1000;
/// How many rows one retention pass deletes at the most.
const MAX_FORGOTTEN: u64 = 10_000;

/// Something that somebody did.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The entry's own id.
    pub id: Uuid,
    /// Who.
    pub actor: User,
    /// What, such as `saga.retry`.
    pub action: &'static str,
    /// To what: its kind and its id.
    pub subject: (&'static str, Uuid),
    /// What else there is to know.
    pub detail: serde_json::Value,
}

/// Writes it down.
///
/// # Errors
/// When the database fails.
pub async fn record(tx: &Tx, entry: &Entry) -> Result<(), DbErr> {
    store::insert(tx, entry).await
}

/// What was done to one thing, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn of_subject(
    sql: &impl Sql,
    subject: Uuid,
) -> Result<Vec<holdfast_entity::audit::Model>, DbErr> {
    store::of_subject(sql, subject).await
}

/// Forgets entries past their time; answers how many.
///
/// # Errors
/// When the database fails.
pub async fn retention_pass(db: &Db) -> Result<u64, DbErr> {
    store::forget(db, KEPT_MS, MAX_FORGOTTEN).await
}
