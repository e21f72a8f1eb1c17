//! The SQL that reads our own books for [`super::reconcile`].

use std::collections::HashMap;

use holdfast_domain::{booking::BookingState, checkout::PaymentId, money::Currency};
use holdfast_entity::payments;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::kernel::{
    db::{self, Sql, StoreError},
    ports::payments::GatewayPayment,
};

/// A payment in our own books.
#[derive(Debug, Clone)]
pub(super) struct KnownPayment {
    /// The amount in minor units, and the currency.
    pub(super) amount: String,
    pub(super) captured_minor: i64,
    pub(super) refunded_minor: i64,
    /// The captured amount less the refunded amount, by the ledger.
    pub(super) ledger_minor: i64,
    pub(super) booking: String,
    /// Whether a saga works on the payment, or did so since the gateway was asked.
    pub(super) moving: bool,
}

/// The records in our own books of these payments, by the gateway's ids.
pub(super) async fn known(
    sql: &impl Sql,
    provider: &str,
    page: &[GatewayPayment],
    asked_ms: i64,
) -> Result<HashMap<String, KnownPayment>, StoreError> {
    let names = page.iter().map(|payment| payment.id.0.clone());
    let text = "SELECT p.intent_id, p.amount_minor, p.currency, p.captured_minor, p.refunded_minor, \
         b.status, CAST((SELECT COALESCE(SUM(e.amount_minor), 0) FROM ledger_entries e \
             WHERE e.booking_id = p.booking_id AND e.account IN ('captured', 'refunded')) \
             AS bigint) AS ledger, \
         (SELECT COUNT(*) FROM sagas g WHERE (g.status IN ('running', 'waiting', 'undoing') \
             OR g.updated_at >= $2) AND g.subject_id IN (SELECT p.booking_id \
             UNION ALL SELECT f.id FROM refunds f WHERE f.booking_id = p.booking_id)) AS moving \
         FROM payments p JOIN bookings b ON b.id = p.booking_id \
         WHERE p.provider = $1 AND p.intent_id {among $3}";
    let names = db::set(sql.writing().dialect(), names);
    let found: Vec<PaymentRow> =
        sql.list(text, vec![provider.into(), asked_ms.into(), names]).await?;
    let known = |row: PaymentRow| {
        let known = KnownPayment {
            amount: format!("{} {}", row.amount_minor, row.currency),
            captured_minor: row.captured_minor,
            refunded_minor: row.refunded_minor,
            ledger_minor: row.ledger,
            booking: row.status.as_str().to_owned(),
            moving: row.moving > 0,
        };
        (row.intent_id, known)
    };
    Ok(found.into_iter().map(known).collect())
}

#[derive(FromQueryResult)]
struct PaymentRow {
    intent_id: String,
    amount_minor: i64,
    currency: Currency,
    captured_minor: i64,
    refunded_minor: i64,
    status: BookingState,
    ledger: i64,
    moving: i64,
}

/// A payment that was captured, according to our own books.
#[derive(Debug, Clone)]
pub(super) struct Captured {
    pub(super) id: Uuid,
    pub(super) payment: PaymentId,
    pub(super) captured_minor: i64,
}

/// Our captured payments that were created in a span of time, in the order of their ids, after the payment `after`.
pub(super) async fn captured(
    sql: &impl Sql,
    provider: &str,
    (from_ms, to_ms): (i64, i64),
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Captured>, StoreError> {
    let found = payments::Entity::find()
        .filter(payments::Column::Provider.eq(provider))
        .filter(payments::Column::CapturedMinor.gt(0))
        .filter(payments::Column::CreatedAt.between(from_ms, to_ms))
        .filter(payments::Column::IntentId.is_not_null())
        .filter(payments::Column::Id.gt(after.unwrap_or_default()))
        .order_by_asc(payments::Column::Id)
        .limit(limit)
        .all(sql.reading())
        .await?;
    let captured = |row: payments::Model| {
        let payment = PaymentId(row.intent_id?);
        Some(Captured { id: row.id, payment, captured_minor: row.captured_minor })
    };
    Ok(found.into_iter().filter_map(captured).collect())
}
