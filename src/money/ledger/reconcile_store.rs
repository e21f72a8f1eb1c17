//! The SQL of [`super::reconcile`].

use std::collections::HashMap;

use holdfast_domain::checkout::PaymentId;
use sea_orm::{DbErr, Value};
use uuid::Uuid;

use crate::kernel::{
    db::{Sql, placeholders},
    ports::payments::GatewayPayment,
};

/// A payment by our own books.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// Minor units and currency.
    pub(super) amount: String,
    pub(super) captured_minor: i64,
    pub(super) refunded_minor: i64,
    /// Captured less refunded by the ledger.
    pub(super) ledger_minor: i64,
    pub(super) booking: String,
    /// Whether somebody is at it, or was since the gateway was asked.
    pub(super) moving: bool,
}

/// What is known here of these payments, by the gateway's names.
pub(super) async fn known(
    sql: &impl Sql,
    provider: &str,
    page: &[GatewayPayment],
    asked_ms: i64,
) -> Result<HashMap<String, Known>, DbErr> {
    let mut values: Vec<Value> = vec![provider.into(), asked_ms.into()];
    values.extend(page.iter().map(|payment| Value::from(payment.id.0.as_str())));
    let text = format!(
        "SELECT p.intent_id, p.amount_minor, p.currency, p.captured_minor, p.refunded_minor, \
         b.status, CAST((SELECT COALESCE(SUM(e.amount_minor), 0) FROM ledger_entries e \
             WHERE e.booking_id = p.booking_id AND e.account IN ('captured', 'refunded')) \
             AS bigint) AS ledger, \
         (SELECT COUNT(*) FROM sagas g WHERE (g.status IN ('running', 'waiting', 'undoing') \
             OR g.updated_at >= $2) AND g.subject_id IN (SELECT p.booking_id \
             UNION ALL SELECT f.id FROM refunds f WHERE f.booking_id = p.booking_id)) AS moving \
         FROM payments p JOIN bookings b ON b.id = p.booking_id \
         WHERE p.provider = $1 AND p.intent_id IN ({})",
        placeholders(3, page.len())
    );
    let mut found = HashMap::with_capacity(page.len());
    for row in sql.all(&text, values).await? {
        let (minor, currency): (i64, String) =
            (row.try_get("", "amount_minor")?, row.try_get("", "currency")?);
        let known = Known {
            amount: format!("{minor} {currency}"),
            captured_minor: row.try_get("", "captured_minor")?,
            refunded_minor: row.try_get("", "refunded_minor")?,
            ledger_minor: row.try_get("", "ledger")?,
            booking: row.try_get("", "status")?,
            moving: row.try_get::<i64>("", "moving")? > 0,
        };
        found.insert(row.try_get("", "intent_id")?, known);
    }
    Ok(found)
}

/// A payment that was captured by our books.
#[derive(Debug, Clone)]
pub(super) struct Captured {
    pub(super) id: Uuid,
    pub(super) payment: PaymentId,
    pub(super) captured_minor: i64,
}

/// Our captured payments that were made in a span of time, in the order of their ids, after this one.
pub(super) async fn captured(
    sql: &impl Sql,
    provider: &str,
    (from_ms, to_ms): (i64, i64),
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Captured>, DbErr> {
    let rows = sql
        .all(
            "SELECT id, intent_id, captured_minor FROM payments \
             WHERE provider = $1 AND captured_minor > 0 AND created_at BETWEEN $2 AND $3 \
             AND intent_id IS NOT NULL AND id > $4 ORDER BY id LIMIT $5",
            vec![
                provider.into(),
                from_ms.into(),
                to_ms.into(),
                after.unwrap_or_default().into(),
                limit.into(),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Captured {
                id: row.try_get("", "id")?,
                payment: PaymentId(row.try_get("", "intent_id")?),
                captured_minor: row.try_get("", "captured_minor")?,
            })
        })
        .collect()
}
