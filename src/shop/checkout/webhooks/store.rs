//! The SQL of the inbox of webhooks.

use holdfast_domain::webhook::Status;
use holdfast_entity::webhook_events::{self, Column, Entity};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, UpdateMany, sea_query::ExprTrait,
};

use crate::kernel::db::{self, Sql, StoreError};

/// For how long a claimed event belongs to its worker, in milliseconds of the database's clock.
const LEASE_MS: i64 = 60_000;

/// An event that the gateway has sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inbox<'a> {
    pub(super) provider: &'a str,
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) payment: Option<&'a str>,
    pub(super) account: Option<&'a str>,
}

/// An event that a worker has claimed.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Claimed {
    pub(super) provider: String,
    #[sea_orm(alias = "event_id")]
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) payment: String,
    pub(super) attempts: i32,
}

/// The outcome of an event, with the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WebhookOutcome {
    Done(&'static str),
    Ignored(&'static str),
    Failed(&'static str),
}

impl WebhookOutcome {
    fn parts(self) -> (Status, &'static str) {
        match self {
            Self::Done(why) => (Status::Done, why),
            Self::Ignored(why) => (Status::Ignored, why),
            Self::Failed(why) => (Status::Failed, why),
        }
    }
}

/// Inserts an event, with its outcome if that is known already. Returns whether the event is new.
pub(super) async fn insert(
    sql: &impl Sql,
    event: &Inbox<'_>,
    outcome: Option<WebhookOutcome>,
) -> Result<bool, StoreError> {
    let (status, outcome) = match outcome.map(WebhookOutcome::parts) {
        Some((status, why)) => (status, Some(why)),
        None => (Status::New, None),
    };
    let row = webhook_events::Model {
        provider: event.provider.to_owned(),
        event_id: event.id.to_owned(),
        kind: event.kind.to_owned(),
        payment: event.payment.map(str::to_owned),
        account: event.account.map(str::to_owned),
        status,
        outcome: outcome.map(str::to_owned),
        attempts: 0,
        received_at: 0,
        due_at: 0,
        settled_at: None,
    };
    let at = [Column::ReceivedAt, Column::DueAt, Column::SettledAt];
    let at = if outcome.is_some() { &at[..] } else { &at[..2] };
    db::insert_unless_known(sql, row, at, &[Column::Provider, Column::EventId]).await
}

/// Claims due events, oldest first.
pub(super) async fn claim(sql: &impl Sql, limit: usize) -> Result<Vec<Claimed>, StoreError> {
    sql.list(
        "UPDATE webhook_events SET attempts = attempts + 1, due_at = {now} + $1 \
         WHERE (provider, event_id) IN (SELECT provider, event_id FROM webhook_events \
             WHERE status = 'new' AND due_at <= {now} ORDER BY due_at LIMIT $2 {skip}) \
         RETURNING provider, event_id, kind, payment, attempts",
        vec![LEASE_MS.into(), (limit as i64).into()],
    )
    .await
}

/// Changes the event, unless it has ended or another worker has claimed it since.
fn change_new(event: &Claimed) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::Provider.eq(event.provider.as_str()))
        .filter(Column::EventId.eq(event.id.as_str()))
        .filter(Column::Status.eq(Status::New))
        .filter(Column::Attempts.eq(event.attempts))
}

/// Makes an event due again after `wait_ms`.
pub(super) async fn put_off(
    sql: &impl Sql,
    event: &Claimed,
    wait_ms: i64,
) -> Result<(), StoreError> {
    let change = change_new(event).col_expr(Column::DueAt, db::clock().add(wait_ms));
    db::change(sql, change).await.map(|_| ())
}

/// Records the outcome of an event.
pub(super) async fn settle(
    sql: &impl Sql,
    event: &Claimed,
    outcome: WebhookOutcome,
) -> Result<(), StoreError> {
    let (status, why) = outcome.parts();
    let change = change_new(event)
        .col_expr(Column::Status, status.into())
        .col_expr(Column::Outcome, why.into())
        .col_expr(Column::SettledAt, db::clock());
    db::change(sql, change).await.map(|_| ())
}

/// Deletes settled events that were received more than `kept_ms` ago, oldest first. Returns their
/// number.
pub(super) async fn forget(sql: &impl Sql, kept_ms: i64) -> Result<u64, StoreError> {
    let settled = Entity::find().filter(Column::Status.ne(Status::New));
    db::forget(sql, settled, Column::ReceivedAt, kept_ms).await
}
