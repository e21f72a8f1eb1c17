//! What the simulated gateway gives back.

use holdfast_domain::{
    checkout::{PaymentId, RefundId},
    money::Money,
    refund::{Books, Entry, Fate},
};
use sea_orm::DbErr;

use crate::kernel::db::{Db, Sql, Tx};

/// The method of a payment that cannot be given back.
pub(in super::super) const REFUND_FAILS: &str = "pm_sim_refund_fails";

/// An amount to be given back.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct NewRefund<'a> {
    pub(in super::super) id: &'a RefundId,
    pub(in super::super) key: &'a str,
    pub(in super::super) payment: &'a PaymentId,
    pub(in super::super) amount: Money,
}

/// Gives an amount back once, or says with a code of Stripe's why it never will. Under a known key the refund
/// of that key is answered.
pub(in super::super) async fn refund(
    db: &Db,
    new: NewRefund<'_>,
) -> Result<Result<RefundId, &'static str>, DbErr> {
    let tx = db.begin().await?;
    let answer = refund_within(&tx, new).await?;
    tx.commit().await?;
    Ok(answer)
}

async fn refund_within(
    tx: &Tx,
    new: NewRefund<'_>,
) -> Result<Result<RefundId, &'static str>, DbErr> {
    // The payment's row is locked first: two calls under one key come one after the other.
    let payment = tx
        .one(
            "SELECT method, currency, captured_minor, refunded_minor FROM simulated_payments \
             WHERE id = $1 {lock}",
            vec![new.payment.0.as_str().into()],
        )
        .await?;
    let Some(payment) = payment else { return Ok(Err("resource_missing")) };
    let known = tx
        .one("SELECT id FROM simulated_refunds WHERE idempotency_key = $1", vec![new.key.into()])
        .await?;
    if let Some(known) = known {
        return Ok(Ok(RefundId(known.try_get("", "id")?)));
    }
    let captured: i64 = payment.try_get("", "captured_minor")?;
    let left = captured - payment.try_get::<i64>("", "refunded_minor")?;
    let refused = if payment.try_get::<String>("", "method")? == REFUND_FAILS {
        Some("charge_not_refundable")
    } else if payment.try_get::<String>("", "currency")? != new.amount.currency.as_str() {
        Some("currency_mismatch")
    } else if captured > 0 && left == 0 {
        Some("charge_already_refunded")
    } else if new.amount.minor <= 0 || new.amount.minor > left {
        Some("amount_too_large")
    } else {
        None
    };
    if let Some(code) = refused {
        return Ok(Err(code));
    }
    tx.run(
        "INSERT INTO simulated_refunds (id, idempotency_key, payment_id, amount_minor, created_at) \
         VALUES ($1, $2, $3, $4, {now})",
        vec![
            new.id.0.as_str().into(),
            new.key.into(),
            new.payment.0.as_str().into(),
            new.amount.minor.into(),
        ],
    )
    .await?;
    tx.run(
        "UPDATE simulated_payments SET refunded_minor = refunded_minor + $2 WHERE id = $1",
        vec![new.payment.0.as_str().into(), new.amount.minor.into()],
    )
    .await?;
    Ok(Ok(new.id.clone()))
}

/// A payment and every refund of it, oldest first.
pub(in super::super) async fn refunds_of(db: &Db, payment: &PaymentId) -> Result<Books, DbErr> {
    // One statement: what was taken and what was given back are of one moment.
    let rows = db
        .all(
            "SELECT p.captured_minor, r.id, r.idempotency_key, r.amount_minor \
             FROM simulated_payments p LEFT JOIN simulated_refunds r ON r.payment_id = p.id \
             WHERE p.id = $1 ORDER BY r.created_at, r.id",
            vec![payment.0.as_str().into()],
        )
        .await?;
    let mut books = Books::default();
    for row in rows {
        books.captured_minor = row.try_get("", "captured_minor")?;
        let Some(id) = row.try_get::<Option<String>>("", "id")? else { continue };
        books.refunds.push(Entry {
            id: RefundId(id),
            key: Some(row.try_get("", "idempotency_key")?),
            minor: row.try_get("", "amount_minor")?,
            fate: Fate::Made,
        });
    }
    Ok(books)
}
