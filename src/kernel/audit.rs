//! Who changed what: one row a change, in the transaction that makes it, so that neither stands without the
//! other. Never holds secrets, tokens or card data.

mod store;

use holdfast_domain::actor::Actor;
use serde::Serialize;
use uuid::Uuid;

use crate::kernel::{
    db::{Db, StoreError, Tx},
    ports::Entropy,
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
    pub actor: Actor,
    /// What, such as `saga.retry`.
    pub action: &'static str,
    /// To what: its kind and its id.
    pub subject: (&'static str, Uuid),
    /// What else there is to know.
    pub detail: serde_json::Value,
}

impl Entry {
    /// Something that `actor` is about to do to `subject`.
    pub fn new(
        entropy: &dyn Entropy,
        actor: impl Into<Actor>,
        action: &'static str,
        subject: (&'static str, Uuid),
        detail: &impl Serialize,
    ) -> Self {
        let detail = serde_json::to_value(detail).unwrap_or_default();
        Self { id: entropy.id(), actor: actor.into(), action, subject, detail }
    }
}

/// Which entries are read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// About this thing.
    pub subject: Option<Uuid>,
    /// By this user, guest, key or device.
    pub actor: Option<Uuid>,
    /// Before this entry.
    pub after: Option<Uuid>,
}

/// Writes it down.
///
/// # Errors
/// When the database fails.
pub async fn record(tx: &Tx, entry: &Entry) -> Result<(), StoreError> {
    store::insert(tx, entry).await
}

/// A page of entries, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &Db,
    filter: Filter,
    limit: u64,
) -> Result<Vec<holdfast_entity::audit::Model>, StoreError> {
    store::list(db.reader(), filter, limit).await
}

/// Forgets entries past their time; answers how many.
///
/// # Errors
/// When the database fails.
pub async fn retention_pass(db: &Db) -> Result<u64, StoreError> {
    store::forget(db, KEPT_MS, MAX_FORGOTTEN).await
}
