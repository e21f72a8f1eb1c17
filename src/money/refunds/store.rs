//! The SQL of refunds: their states, their lines and their checks at the gateway.

use holdfast_domain::{
    checkout::{PaymentId, RefundId},
    ids::{LineId, SagaId},
    refund::{self, rules::Share},
};
use holdfast_entity::{payments, refund_lines, refunds};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, UpdateMany,
};

use crate::kernel::db::{self, Sql, StoreError};

/// Marks a pending refund as done. Returns the number of changed rows.
pub async fn settle(
    sql: &impl Sql,
    id: SagaId,
    name: &RefundId,
    now_ms: i64,
) -> Result<u64, StoreError> {
    let done = refunds::ActiveModel {
        status: Set(refund::Status::Done),
        gateway_refund_id: Set(Some(name.0.clone())),
        settled_at: Set(Some(now_ms)),
        look_at: Set(refund::look_again_ms(now_ms, now_ms)),
        ..Default::default()
    };
    db::change(sql, change_from(refund::Status::Pending, id).set(done)).await
}

fn change_from(status: refund::Status, id: SagaId) -> UpdateMany<refunds::Entity> {
    refunds::Entity::update_many()
        .filter(refunds::Column::Id.eq(id))
        .filter(refunds::Column::Status.eq(status))
}

/// A refund that the gateway has made, and that may have failed since.
#[derive(Debug, Clone, FromQueryResult)]
pub struct SettledRefund {
    pub id: SagaId,
    /// The gateway's id of the payment that is refunded.
    pub intent_id: String,
    /// When the refund was made, in milliseconds since 1970.
    pub settled_at: i64,
    /// The database's clock, in milliseconds since 1970.
    pub now: i64,
}

/// Claims the refund whose check has been due for longest. No other worker claims it during the next `lease_ms`.
pub async fn claim_look(
    sql: &impl Sql,
    provider: &str,
    lease_ms: i64,
) -> Result<Option<SettledRefund>, StoreError> {
    sql.find(
        "UPDATE refunds SET look_at = {now} + $1 WHERE id = (SELECT id FROM refunds \
                 WHERE look_at <= {now} AND payment_id IN (SELECT id FROM payments \
                     WHERE provider = $2 AND intent_id IS NOT NULL) \
                 ORDER BY look_at LIMIT 1 {skip}) \
             RETURNING id, settled_at, {now} AS now, (SELECT p.intent_id FROM payments p \
                 WHERE p.id = refunds.payment_id) AS intent_id",
        vec![lease_ms.into(), provider.into()],
    )
    .await
}

/// Records when the refund is checked again; `None` means never. A refund that was reversed or made again in between
/// keeps its own time.
pub async fn look_again(
    sql: &impl Sql,
    look: &SettledRefund,
    at_ms: Option<i64>,
) -> Result<(), StoreError> {
    let change = change_from(refund::Status::Done, look.id)
        .filter(refunds::Column::SettledAt.eq(look.settled_at))
        .set(refunds::ActiveModel { look_at: Set(at_ms), ..Default::default() });
    db::change(sql, change).await.map(|_| ())
}

/// Marks a done refund as pending again. Returns the number of changed rows.
pub async fn unsettle(sql: &impl Sql, id: SagaId) -> Result<u64, StoreError> {
    let pending = refunds::ActiveModel {
        status: Set(refund::Status::Pending),
        gateway_refund_id: Set(None),
        settled_at: Set(None),
        look_at: Set(None),
        ..Default::default()
    };
    db::change(sql, change_from(refund::Status::Done, id).set(pending)).await
}

/// The refunds of a payment, with the gateway's id of each refund that was made.
pub async fn of_payment(
    sql: &impl Sql,
    provider: &str,
    payment: &PaymentId,
) -> Result<Vec<(SagaId, Option<RefundId>)>, StoreError> {
    let payment_of = refunds::Entity::belongs_to(payments::Entity)
        .from(refunds::Column::PaymentId)
        .to(payments::Column::Id)
        .into();
    let found: Vec<(SagaId, Option<String>)> = refunds::Entity::find()
        .select_only()
        .columns([refunds::Column::Id, refunds::Column::GatewayRefundId])
        .join(JoinType::InnerJoin, payment_of)
        .filter(payments::Column::Provider.eq(provider))
        .filter(payments::Column::IntentId.eq(payment.0.as_str()))
        .order_by_asc(refunds::Column::Id)
        .into_tuple()
        .all(sql.reading())
        .await?;
    Ok(found.into_iter().map(|(id, name)| (id, name.map(RefundId))).collect())
}

/// The lines of a refund.
#[derive(Debug, Clone, Default)]
pub struct Shares {
    /// The amount for each line.
    pub all: Vec<Share>,
    /// The lines that were cancelled with the refund.
    pub cancelled: Vec<LineId>,
}

pub async fn shares_of(sql: &impl Sql, id: SagaId) -> Result<Shares, StoreError> {
    let rows = refund_lines::Entity::find()
        .filter(refund_lines::Column::RefundId.eq(id))
        .order_by_asc(refund_lines::Column::LineId)
        .all(sql.reading())
        .await?;
    let mut shares = Shares::default();
    for row in rows {
        shares.all.push(Share { line: row.line_id, minor: row.amount_minor });
        if row.cancels == 1 {
            shares.cancelled.push(row.line_id);
        }
    }
    Ok(shares)
}
