//! The SQL of kept mails.

use holdfast_entity::{
    kept_mails::{self, Column, Entity},
    messages,
};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _,
};

use crate::kernel::{
    db::{self, Sql, StoreError},
    ports::mailer::Mail,
};

/// How long mails are kept.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Keeps the mail, once for each id, and forgets old mails.
pub(super) async fn keep(sql: &impl Sql, mail: &Mail) -> Result<(), StoreError> {
    let row = kept_mails::Model {
        id: mail.id,
        recipient: mail.to.clone(),
        subject: mail.subject.clone(),
        text_body: mail.text.clone(),
        html_body: mail.html.clone(),
        calendar: mail.calendar.clone(),
        kept_at: 0,
    };
    db::insert_unless_known(sql, row, &[Column::KeptAt], &[Column::Id]).await?;
    db::forget(sql, Entity::find(), Column::KeptAt, KEPT_MS).await.map(|_| ())
}

/// Deletes the mails of messages that are no longer there. Both are kept for the same time.
pub(super) async fn delete_without_message(sql: &impl Sql) -> Result<(), StoreError> {
    let messages = messages::Entity::find().select_only().column(messages::Column::Id);
    let orphans = Column::Id.not_in_subquery(messages.into_query());
    db::change(sql, Entity::delete_many().filter(orphans)).await.map(|_| ())
}
