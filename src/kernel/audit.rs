//! The audit log: who changed what. The transaction of each change also writes its entry, so that neither exists
//! without the other. The log never contains secrets, tokens or card data.

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

/// An entry of the audit log: an actor changed an object.
#[derive(Debug, Clone)]
pub struct AuditRecord {
    pub id: Uuid,
    pub actor: Actor,
    /// The action, such as `saga.retry`.
    pub action: &'static str,
    /// The kind and the id of the changed object.
    pub subject: (&'static str, Uuid),
    /// Further facts about the change.
    pub detail: serde_json::Value,
}

impl AuditRecord {
    /// An entry for a change that `actor` is about to make to `subject`.
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

/// Which entries a list contains.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditFilter {
    /// Only entries about the object with this id.
    pub subject: Option<Uuid>,
    /// Only entries of the user, guest, key or device with this id.
    pub actor: Option<Uuid>,
    /// Only entries older than the entry with this id.
    pub after: Option<Uuid>,
}

/// Writes the entry, in the transaction that makes the change.
pub async fn record(tx: &Tx, entry: &AuditRecord) -> Result<(), StoreError> {
    store::insert(tx, entry).await
}

/// A page of entries, newest first.
pub async fn list(
    db: &Db,
    filter: AuditFilter,
    limit: u64,
) -> Result<Vec<holdfast_entity::audit::Model>, StoreError> {
    store::list(db.reader(), filter, limit).await
}

/// Deletes entries older than [`KEPT_MS`]; returns how many.
pub async fn retention_pass(db: &Db) -> Result<u64, StoreError> {
    store::forget(db, KEPT_MS).await
}
