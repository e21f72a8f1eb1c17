//! The SQL of the simulated gateway's books. Each call takes effect at most once, in one statement or one
//! transaction.

mod refunds;

use holdfast_domain::{
    checkout::{PaymentId, PaymentStatus},
    ids::SagaId,
    money::Money,
};
use holdfast_entity::simulated_payments::{self, Column, Entity};
pub(super) use refunds::{NewRefund, REFUND_FAILS, refund, refunds_of};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, UpdateMany, sea_query::ExprTrait,
};
use uuid::Uuid;

use super::AT_ONCE;
use crate::kernel::{
    db::{self, Bug, Db, Sql, StoreError},
    ports::payments::{GatewayPayment, NewPayment},
};

/// The method of a payment that succeeds when it is voided.
pub(super) const LATE_SUCCESS: &str = "pm_sim_late_success";
/// The method of a payment that is authorized and cannot be captured.
const CAPTURE_FAILS: &str = "pm_sim_capture_fails";
/// How many payments a page of the books has.
const PAGE: usize = 100;

/// A payment in the books.
#[derive(derive_more::Debug, Clone)]
pub(super) struct BookedPayment {
    pub(super) status: PaymentStatus,
    pub(super) method: String,
    #[debug("hidden")]
    pub(super) client_secret: String,
}

/// Enters a payment and returns its id. If the key is known, returns the id of that key's payment.
pub(super) async fn insert(
    db: &Db,
    id: &PaymentId,
    key: &str,
    secret: &str,
    new: &NewPayment<'_>,
) -> Result<PaymentId, StoreError> {
    let row = simulated_payments::Model {
        id: id.0.clone(),
        idempotency_key: key.to_owned(),
        client_secret: secret.to_owned(),
        saga: new.saga.to_string(),
        method: new.method.to_owned(),
        amount_minor: new.amount.minor,
        currency: new.amount.currency,
        status: PaymentStatus::Prepared,
        authorize_key: None,
        capture_key: None,
        void_key: None,
        decided_at: None,
        captured_minor: 0,
        refunded_minor: 0,
        created_at: 0,
    };
    if db::insert_unless_known(db, row, &[Column::CreatedAt], &[Column::IdempotencyKey]).await? {
        return Ok(id.clone());
    }
    let known = Entity::find().filter(Column::IdempotencyKey.eq(key)).one(db.writer()).await?;
    let known = known.ok_or_else(|| Bug::new(format!("no payment has the key {key}")))?;
    Ok(PaymentId(known.id))
}

pub(super) async fn find(db: &Db, id: &PaymentId) -> Result<Option<BookedPayment>, StoreError> {
    let found = Entity::find_by_id(id.0.clone()).one(db.reader()).await?;
    let books = |row: simulated_payments::Model| {
        Ok(BookedPayment {
            status: row.status,
            method: row.method,
            client_secret: row.client_secret,
        })
    };
    found.map(books).transpose()
}

/// Moves a prepared payment to the status `ending`, whose decision follows after `wait_ms`, if given. Returns whether
/// this call did so.
pub(super) async fn authorize(
    db: &Db,
    id: &PaymentId,
    key: &str,
    ending: PaymentStatus,
    wait_ms: Option<i64>,
) -> Result<bool, StoreError> {
    let decided_at = match wait_ms {
        Some(wait_ms) => db::clock().add(wait_ms),
        None => None::<i64>.into(),
    };
    let mut change = change_from(PaymentStatus::Prepared, id)
        .col_expr(Column::Status, ending.into())
        .col_expr(Column::AuthorizeKey, key.into())
        .col_expr(Column::DecidedAt, decided_at);
    if ending == PaymentStatus::Captured {
        change = change.col_expr(Column::CapturedMinor, Column::AmountMinor.into_expr());
    }
    Ok(db::change(db, change).await? == 1)
}

fn change_from(status: PaymentStatus, id: &PaymentId) -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::Id.eq(id.0.as_str())).filter(Column::Status.eq(status))
}

/// Captures the reserved amount. Returns whether this call did so.
pub(super) async fn capture(db: &Db, id: &PaymentId, key: &str) -> Result<bool, StoreError> {
    let change = change_from(PaymentStatus::Authorized, id)
        .col_expr(Column::Status, PaymentStatus::Captured.into())
        .col_expr(Column::CaptureKey, key.into())
        .col_expr(Column::CapturedMinor, Column::AmountMinor.into_expr())
        .filter(Column::Method.ne(CAPTURE_FAILS));
    Ok(db::change(db, change).await? == 1)
}

/// Voids a payment that is not captured. Returns whether this call did so.
pub(super) async fn void(db: &Db, id: &PaymentId, key: &str) -> Result<bool, StoreError> {
    let succeeded = change_from(PaymentStatus::Processing, id)
        .col_expr(Column::Status, PaymentStatus::Captured.into())
        .col_expr(Column::CapturedMinor, Column::AmountMinor.into_expr())
        .filter(Column::Method.eq(LATE_SUCCESS));
    db::change(db, succeeded).await?;
    let over = [PaymentStatus::Captured, PaymentStatus::Voided];
    let voided = Entity::update_many()
        .col_expr(Column::Status, PaymentStatus::Voided.into())
        .col_expr(Column::VoidKey, key.into())
        .filter(Column::Id.eq(id.0.as_str()))
        .filter(Column::Status.is_not_in(over));
    Ok(db::change(db, voided).await? == 1)
}

/// Authorizes a payment in processing whose decision is due. Returns whether this call did so.
pub(super) async fn decide(db: &Db, id: &PaymentId) -> Result<bool, StoreError> {
    let change = change_from(PaymentStatus::Processing, id)
        .col_expr(Column::Status, PaymentStatus::Authorized.into())
        .filter(Column::DecidedAt.into_expr().lte(db::clock()));
    Ok(db::change(db, change).await? == 1)
}

/// Ends the buyer's second step. Returns the payment, if it waited for this step.
pub(super) async fn second_step(
    db: &Db,
    client_secret: &str,
    ending: PaymentStatus,
) -> Result<Option<PaymentId>, StoreError> {
    let done = db
        .run(
            "UPDATE simulated_payments SET \
             status = CASE WHEN $2 = 'requires_capture' AND method LIKE $3 \
                 THEN 'succeeded' ELSE $2 END, \
             captured_minor = CASE WHEN $2 = 'requires_capture' AND method LIKE $3 \
                 THEN amount_minor ELSE captured_minor END \
             WHERE client_secret = $1 AND status = 'requires_action'",
            vec![client_secret.into(), ending.into(), format!("{AT_ONCE}%").into()],
        )
        .await?;
    if done == 0 {
        return Ok(None);
    }
    let found = Entity::find().filter(Column::ClientSecret.eq(client_secret));
    Ok(found.one(db.reader()).await?.map(|row| PaymentId(row.id)))
}

/// The payment of a saga. If there are several payments, the payment that captured money, otherwise the newest.
pub(super) async fn of_saga(db: &Db, saga: SagaId) -> Result<Option<PaymentId>, StoreError> {
    let found = Entity::find()
        .filter(Column::Saga.eq(saga.to_string()))
        .order_by_desc(Column::CapturedMinor)
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .one(db.reader())
        .await?;
    Ok(found.map(|row| PaymentId(row.id)))
}

/// A page of the books, newest first.
pub(super) async fn list(
    db: &Db,
    since_ms: i64,
    after: Option<&PaymentId>,
) -> Result<Vec<GatewayPayment>, StoreError> {
    let mut values = vec![since_ms.into()];
    let older = match after {
        Some(after) => {
            values.push(after.0.as_str().into());
            "AND (created_at, id) < (SELECT created_at, id FROM simulated_payments WHERE id = $2)"
        }
        None => "",
    };
    let text = format!(
        "SELECT * FROM simulated_payments WHERE created_at >= $1 {older} \
         ORDER BY created_at DESC, id DESC LIMIT {PAGE}"
    );
    let found: Vec<simulated_payments::Model> = db.list(&text, values).await?;
    found.into_iter().map(gateway_payment).collect()
}

fn gateway_payment(row: simulated_payments::Model) -> Result<GatewayPayment, StoreError> {
    Ok(GatewayPayment {
        id: PaymentId(row.id),
        saga: Uuid::try_parse(&row.saga).ok().map(SagaId),
        amount: Money::new(row.amount_minor, row.currency),
        captured_minor: row.captured_minor,
        refunded_minor: row.refunded_minor,
        status: row.status,
        created_ms: row.created_at,
    })
}
