//! The operators' view of messages, and the retry of a message that failed.

use std::sync::Arc;

use holdfast_domain::{actor::Actor, ids::MessageId, message::Status};
use holdfast_entity::messages;

use super::store;
use crate::kernel::{
    audit::{self, AuditRecord},
    base::Base,
    db::{Db, StoreError, UseCaseError},
};

/// Why a message was not tried again.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    #[error("no such message")]
    NotFound,
    /// The message has not failed. Contains its status.
    #[error("the message is {}", .0.as_str())]
    NotFailed(Status),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for ResendError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::NotFound | Self::NotFailed(_) => None,
        }
    }
}

/// A page of messages, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &Db,
    status: Option<Status>,
    after: Option<MessageId>,
    limit: u64,
) -> Result<Vec<messages::Model>, StoreError> {
    store::list(db, status, after, limit).await
}

/// Makes a failed message due now. The same transaction records the operator in the audit log. Returns the message.
///
/// # Errors
/// See [`ResendError`]. Nothing has changed then.
pub async fn resend(
    base: &Base,
    id: MessageId,
    actor: Actor,
) -> Result<messages::Model, ResendError> {
    let entropy = Arc::clone(&base.entropy);
    base.db
        .transact(move |tx| {
            let entropy = Arc::clone(&entropy);
            Box::pin(async move {
                let is_due = store::retry(tx, id).await?;
                let found = store::find(tx, id).await?.ok_or(ResendError::NotFound)?;
                if !is_due {
                    return Err(ResendError::NotFailed(found.status));
                }
                let detail = serde_json::json!({ "kind": found.kind.as_str() });
                let subject = ("message", id.0);
                let entry = AuditRecord::new(&*entropy, actor, "message.resend", subject, &detail);
                audit::record(tx, &entry).await?;
                Ok(found)
            })
        })
        .await
}
