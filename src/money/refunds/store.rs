//! The SQL of refunds.

use holdfast_domain::{
    checkout::{PaymentId, RefundId},
    ids::{LineId, SagaId},
    money::Money,
    refund::{self, rules::Share},
};
use holdfast_entity::{bookings, payments};
use sea_orm::{DbErr, QueryResult, Value};
use uuid::Uuid;

use super::Reason;
use crate::kernel::db::{Sql, placeholders};

const LINE_COLUMNS: usize = 5;

/// A refund to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewRefund<'a> {
    /// Its id, and its saga's.
    pub id: SagaId,
    /// The booking.
    pub booking: &'a bookings::Model,
    /// The payment of which it is a part.
    pub payment: &'a payments::Model,
    /// How much.
    pub amount: Money,
    /// How much of it is for which line.
    pub shares: &'a [Share],
    /// Why.
    pub reason: Reason,
    /// Who asked for it.
    pub asked_by: Option<Uuid>,
    /// The database's clock.
    pub now_ms: i64,
}

/// Writes a refund and its lines.
pub async fn insert(sql: &impl Sql, new: NewRefund<'_>) -> Result<(), DbErr> {
    sql.run(
        "INSERT INTO refunds (id, booking_id, payment_id, organization_id, reason, asked_by, \
         amount_minor, currency, status, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9)",
        vec![
            new.id.0.into(),
            new.booking.id.into(),
            new.payment.id.into(),
            new.booking.organization_id.into(),
            new.reason.as_str().into(),
            new.asked_by.into(),
            new.amount.minor.into(),
            new.amount.currency.as_str().into(),
            new.now_ms.into(),
        ],
    )
    .await?;
    let mut text =
        "INSERT INTO refund_lines (refund_id, line_id, booking_id, amount_minor, cancels) VALUES "
            .to_owned();
    let mut values: Vec<Value> = Vec::with_capacity(new.shares.len() * LINE_COLUMNS);
    for share in new.shares {
        let comma = if values.is_empty() { "" } else { ", " };
        text.push_str(&format!("{comma}({})", placeholders(values.len() + 1, LINE_COLUMNS)));
        values.extend([
            new.id.0.into(),
            share.line.0.into(),
            new.booking.id.into(),
            share.minor.into(),
            i32::from(new.reason.cancels()).into(),
        ]);
    }
    sql.run(&text, values).await.map(|_| ())
}

/// pending → done; how many rows that changed.
pub async fn settle(
    sql: &impl Sql,
    id: SagaId,
    name: &RefundId,
    now_ms: i64,
) -> Result<u64, DbErr> {
    sql.run(
        "UPDATE refunds SET status = 'done', gateway_refund_id = $2, settled_at = $3, look_at = $4 \
         WHERE id = $1 AND status = 'pending'",
        vec![
            id.0.into(),
            name.0.as_str().into(),
            now_ms.into(),
            refund::look_again_ms(now_ms, now_ms).into(),
        ],
    )
    .await
}

/// A refund that is given back and may have failed since.
#[derive(Debug, Clone)]
pub struct Look {
    /// The refund.
    pub id: SagaId,
    /// The payment of which it is a part.
    pub payment: PaymentId,
    /// When it was given back.
    pub settled_ms: i64,
    /// The database's clock.
    pub now_ms: i64,
}

/// Takes the look that has been due for longest; nobody else takes it before so long is over.
pub async fn claim_look(
    sql: &impl Sql,
    provider: &str,
    lease_ms: i64,
) -> Result<Option<Look>, DbErr> {
    let row = sql
        .one(
            "UPDATE refunds SET look_at = {now} + $1 WHERE id = (SELECT id FROM refunds \
                 WHERE look_at <= {now} AND payment_id IN (SELECT id FROM payments \
                     WHERE provider = $2 AND intent_id IS NOT NULL) \
                 ORDER BY look_at LIMIT 1 {skip}) \
             RETURNING id, settled_at, {now} AS now, (SELECT p.intent_id FROM payments p \
                 WHERE p.id = refunds.payment_id) AS intent_id",
            vec![lease_ms.into(), provider.into()],
        )
        .await?;
    let one = |row: QueryResult| {
        Ok(Look {
            id: SagaId(row.try_get("", "id")?),
            payment: PaymentId(row.try_get("", "intent_id")?),
            settled_ms: row.try_get("", "settled_at")?,
            now_ms: row.try_get("", "now")?,
        })
    };
    row.map(one).transpose()
}

/// Writes down when to look again, if ever; one that was taken back or made anew meanwhile has a time of its own.
pub async fn look_again(sql: &impl Sql, look: &Look, at_ms: Option<i64>) -> Result<(), DbErr> {
    sql.run(
        "UPDATE refunds SET look_at = $3 WHERE id = $1 AND status = 'done' AND settled_at = $2",
        vec![look.id.0.into(), look.settled_ms.into(), at_ms.into()],
    )
    .await
    .map(|_| ())
}

/// done → pending; how many rows that changed.
pub async fn unsettle(sql: &impl Sql, id: SagaId) -> Result<u64, DbErr> {
    sql.run(
        "UPDATE refunds SET status = 'pending', gateway_refund_id = NULL, settled_at = NULL, \
         look_at = NULL WHERE id = $1 AND status = 'done'",
        vec![id.0.into()],
    )
    .await
}

/// The refunds of a payment, with the gateway's name where they are given back.
pub async fn of_payment(
    sql: &impl Sql,
    provider: &str,
    payment: &PaymentId,
) -> Result<Vec<(SagaId, Option<RefundId>)>, DbErr> {
    let rows = sql
        .all(
            "SELECT f.id, f.gateway_refund_id FROM refunds f JOIN payments p ON p.id = f.payment_id \
             WHERE p.provider = $1 AND p.intent_id = $2 ORDER BY f.id",
            vec![provider.into(), payment.0.as_str().into()],
        )
        .await?;
    let one = |row: &QueryResult| {
        let name: Option<String> = row.try_get("", "gateway_refund_id")?;
        Ok((SagaId(row.try_get("", "id")?), name.map(RefundId)))
    };
    rows.iter().map(one).collect()
}

/// The lines of a refund.
#[derive(Debug, Clone, Default)]
pub struct Shares {
    /// How much is for which line.
    pub all: Vec<Share>,
    /// The lines that were cancelled with it.
    pub cancelled: Vec<Uuid>,
}

/// Reads the lines of a refund.
pub async fn shares_of(sql: &impl Sql, id: SagaId) -> Result<Shares, DbErr> {
    let rows = sql
        .all(
            "SELECT line_id, amount_minor, cancels FROM refund_lines WHERE refund_id = $1 \
             ORDER BY line_id",
            vec![id.0.into()],
        )
        .await?;
    let mut shares = Shares::default();
    for row in rows {
        let line: Uuid = row.try_get("", "line_id")?;
        shares.all.push(Share { line: LineId(line), minor: row.try_get("", "amount_minor")? });
        if row.try_get::<i32>("", "cancels")? == 1 {
            shares.cancelled.push(line);
        }
    }
    Ok(shares)
}
