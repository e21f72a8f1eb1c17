//! Writes messages in the transaction that causes them.

use holdfast_domain::{
    ids::MessageId,
    message::{Kind, Status},
};
use holdfast_entity::messages;
use uuid::Uuid;

use super::store;
use crate::kernel::{
    db::{Sql, StoreError, Writes},
    ports::Entropy,
};

/// A message that is to be sent.
#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    pub kind: Kind,
    /// The object that the message is about.
    pub subject: Uuid,
    /// Tells two messages of the same kind about the same subject apart. Usually empty, because one message is enough.
    pub instance: String,
    /// What the message says besides the subject, as JSON of its kind.
    pub detail: Option<String>,
    pub recipient: &'a str,
    /// The recipient's language as a BCP 47 tag.
    pub locale: &'a str,
    /// How long the message waits before it is sent, in milliseconds.
    pub wait_ms: i64,
}

impl<'a> NewMessage<'a> {
    /// The only message of this kind about the subject, sent at once.
    pub fn once(kind: Kind, subject: Uuid, recipient: &'a str, locale: &'a str) -> Self {
        let (instance, detail) = (String::new(), None);
        Self { kind, subject, instance, detail, recipient, locale, wait_ms: 0 }
    }

    fn row(self, entropy: &dyn Entropy, now_ms: i64) -> messages::Model {
        let Self { kind, subject, instance, detail, recipient, locale, wait_ms } = self;
        messages::Model {
            id: MessageId(entropy.id()),
            kind,
            cause: cause(kind, subject, &instance),
            subject_id: subject,
            detail,
            recipient: recipient.to_owned(),
            locale: locale.to_owned(),
            status: Status::Waiting,
            attempts: 0,
            last_error: None,
            created_at: now_ms,
            due_at: now_ms + wait_ms,
            settled_at: None,
        }
    }
}

/// What causes a message. A cause writes one message.
fn cause(kind: Kind, subject: Uuid, instance: &str) -> String {
    format!("{}:{subject}:{instance}", kind.as_str())
}

/// Whether the message is the first of its kind about its subject, and not one that was sent once more.
pub fn is_first(message: &messages::Model) -> bool {
    message.cause == cause(message.kind, message.subject_id, "")
}

/// Writes messages; the passes send them after the commit. A message whose cause already wrote a message is left out,
/// because no mail is worth a failed sale.
///
/// # Errors
/// When the database fails.
pub async fn post(
    to: &impl Writes,
    entropy: &dyn Entropy,
    new: impl IntoIterator<Item = NewMessage<'_>>,
    now_ms: i64,
) -> Result<(), StoreError> {
    let rows = new.into_iter().map(|message| message.row(entropy, now_ms)).collect();
    store::insert(to, rows).await
}

/// The messages of these kinds about these subjects, oldest first. Messages are kept for 30 days.
///
/// # Errors
/// When the database fails.
pub async fn posted(
    sql: &impl Sql,
    kinds: &[Kind],
    subjects: &[Uuid],
) -> Result<Vec<messages::Model>, StoreError> {
    store::list_about(sql, kinds, subjects).await
}
