//! Refunds of the simulated gateway.

use holdfast_domain::{
    checkout::{PaymentId, RefundId},
    money::Money,
    refund::{BookedRefund, Fate, GatewayBooks},
};
use holdfast_entity::{simulated_payments, simulated_refunds};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, sea_query::LockType,
};

use crate::kernel::db::{self, Db, Sql, StoreError, Tx};

/// The method of a payment that cannot be refunded.
pub(in super::super) const REFUND_FAILS: &str = "pm_sim_refund_fails";

/// A refund that the caller asks for, with its key.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct NewRefund<'a> {
    pub(in super::super) id: &'a RefundId,
    pub(in super::super) key: &'a str,
    pub(in super::super) payment: &'a PaymentId,
    pub(in super::super) amount: Money,
}

/// Makes a refund once, or returns Stripe's code for the reason why the refund is impossible. If the key is known,
/// returns the refund of that key.
pub(in super::super) async fn refund(
    db: &Db,
    new: NewRefund<'_>,
) -> Result<Result<RefundId, &'static str>, StoreError> {
    let tx = db.begin().await?;
    let answer = refund_within(&tx, new).await?;
    tx.commit().await?;
    Ok(answer)
}

async fn refund_within(
    tx: &Tx,
    new: NewRefund<'_>,
) -> Result<Result<RefundId, &'static str>, StoreError> {
    // The payment's row is locked first, so that two calls with the same key run one after the other.
    let payment = simulated_payments::Entity::find_by_id(new.payment.0.clone());
    let payment = payment.lock(LockType::NoKeyUpdate).one(tx.orm()).await?;
    let Some(payment) = payment else { return Ok(Err("resource_missing")) };
    let known = simulated_refunds::Entity::find()
        .filter(simulated_refunds::Column::IdempotencyKey.eq(new.key))
        .one(tx.orm())
        .await?;
    if let Some(known) = known {
        return Ok(Ok(RefundId(known.id)));
    }
    let captured = payment.captured_minor;
    let left = captured - payment.refunded_minor;
    let refused = if payment.method == REFUND_FAILS {
        Some("charge_not_refundable")
    } else if payment.currency != new.amount.currency {
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
    let row = simulated_refunds::Model {
        id: new.id.0.clone(),
        idempotency_key: new.key.to_owned(),
        payment_id: new.payment.0.clone(),
        amount_minor: new.amount.minor,
        created_at: 0,
    };
    db::insert_at(tx, row, &[simulated_refunds::Column::CreatedAt]).await?;
    let refunded = simulated_payments::Column::RefundedMinor;
    let change = simulated_payments::Entity::update_many()
        .col_expr(refunded, db::plus(refunded, new.amount.minor))
        .filter(simulated_payments::Column::Id.eq(new.payment.0.as_str()));
    db::change(tx, change).await?;
    Ok(Ok(new.id.clone()))
}

/// The captured amount of a payment, and its refunds, oldest first.
pub(in super::super) async fn refunds_of(
    db: &Db,
    payment: &PaymentId,
) -> Result<GatewayBooks, StoreError> {
    // One statement, so that the captured amount and the refunds are of one moment.
    let rows: Vec<Given> = db
        .list(
            "SELECT p.captured_minor, r.id, r.idempotency_key, r.amount_minor \
             FROM simulated_payments p LEFT JOIN simulated_refunds r ON r.payment_id = p.id \
             WHERE p.id = $1 ORDER BY r.created_at, r.id",
            vec![payment.0.as_str().into()],
        )
        .await?;
    let mut books = GatewayBooks::default();
    for row in rows {
        books.captured_minor = row.captured_minor;
        let (Some(id), Some(minor)) = (row.id, row.amount_minor) else { continue };
        books.refunds.push(BookedRefund {
            id: RefundId(id),
            key: row.idempotency_key,
            minor,
            fate: Fate::Made,
        });
    }
    Ok(books)
}

/// The captured amount of a payment, with one of its refunds, if there is any.
#[derive(FromQueryResult)]
struct Given {
    captured_minor: i64,
    id: Option<String>,
    idempotency_key: Option<String>,
    amount_minor: Option<i64>,
}
