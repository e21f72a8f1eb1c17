//! The SQL of sagas. The statements of a worker name the fence under which it has claimed its saga, and changed rows
//! are counted: zero rows mean that another worker has the saga.

pub mod attention;

use holdfast_entity::sagas;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    UpdateMany, sea_query::ExprTrait,
};
use serde::Serialize;
use uuid::Uuid;

use super::Status;
use crate::kernel::db::{self, Sql, StoreError, Writes};

/// For how long a worker keeps a saga without renewing its lease, in milliseconds of the database's clock.
pub const LEASE_MS: i64 = 5_000;

/// A saga's row as its worker reads it.
#[derive(Debug, Clone, FromQueryResult)]
pub struct SagaRow {
    pub id: Uuid,
    /// The state in the driver's encoding.
    pub state: String,
    /// The number of the claim. Every claim raises it.
    pub fence: i64,
    /// The number of claims and records so far.
    pub version: i32,
    /// The number of wake-ups so far.
    pub wakes: i32,
    pub(in crate::kernel::saga) cancel_requested: i32,
    /// The database's clock when the row was read, in milliseconds since 1970.
    #[sea_orm(alias = "now")]
    pub now_ms: i64,
}

impl SagaRow {
    /// The row that [`insert`] has stored, without a further read.
    pub fn first(id: Uuid, state: String, now_ms: i64) -> Self {
        Self { id, state, fence: 1, version: 1, wakes: 0, cancel_requested: 0, now_ms }
    }

    /// Whether the saga has been asked to stop.
    pub fn is_to_stop(&self) -> bool {
        self.cancel_requested == 1
    }
}

/// The columns that a worker reads of its saga.
const ROW: &str = "id, state, fence, version, wakes, cancel_requested, {now} AS now";

#[derive(Debug, Clone)]
pub struct New<'a> {
    pub id: Uuid,
    /// The driver's name for this kind of saga.
    pub kind: &'static str,
    /// The object that the saga works on, such as a booking. A subject has at most one saga.
    pub subject: Uuid,
    pub status: Status,
    /// The state in the driver's encoding.
    pub state: &'a str,
    /// The format of the state.
    pub format: u16,
    /// The database's clock, in milliseconds since 1970.
    pub now_ms: i64,
}

/// The result of a step, to be recorded.
#[derive(Debug, Clone)]
pub struct StepResult {
    pub status: Status,
    /// The state in the driver's encoding.
    pub state: String,
    /// Why an operator must look at the saga.
    pub reason: Option<&'static str>,
    /// The failure of this step in words. `None` keeps the earlier text.
    pub trouble: Option<String>,
    /// When the saga is due again, in milliseconds since 1970.
    pub due_ms: i64,
    /// Whether the worker keeps the saga.
    pub goes_on: bool,
}

/// Stores new sagas. Their creator has the first lease, under fence 1 and version 1.
pub async fn insert_all(sql: &impl Writes, new: &[New<'_>]) -> Result<(), StoreError> {
    let row = |new: &New<'_>| sagas::Model {
        id: new.id,
        kind: new.kind.to_owned(),
        subject_id: new.subject,
        format: new.format.into(),
        status: new.status,
        state: new.state.to_owned(),
        reason: None,
        last_error: None,
        due_at: new.now_ms,
        lease_until: new.now_ms + LEASE_MS,
        fence: 1,
        version: 1,
        wakes: 0,
        cancel_requested: 0,
        created_at: new.now_ms,
        updated_at: new.now_ms,
    };
    db::insert_all(sql, new.iter().map(row).collect()).await
}

const CLAIM: &str = "UPDATE sagas SET fence = fence + 1, version = version + 1, \
    lease_until = {now} + $1, updated_at = {now} WHERE id = ($claimed) \
    AND status IN ('running', 'waiting', 'undoing') AND lease_until <= {now} AND format <= $2";

/// Claims the saga of this kind that has been due for longest and that no worker has. Its format is `format` or older.
pub async fn claim_due(
    sql: &impl Sql,
    kind: &str,
    format: u16,
) -> Result<Option<SagaRow>, StoreError> {
    let due = "SELECT id FROM sagas WHERE status IN ('running', 'waiting', 'undoing') \
        AND kind = $3 AND format <= $2 AND due_at <= {now} AND lease_until <= {now} ORDER BY due_at LIMIT 1 {skip}";
    let values = vec![LEASE_MS.into(), i32::from(format).into(), kind.into()];
    sql.find(&format!("{} RETURNING {ROW}", CLAIM.replace("$claimed", due)), values).await
}

/// Claims this saga, due or not. `None` when another worker has it, when it is over or needs attention, or when its
/// format is newer.
pub async fn claim(sql: &impl Sql, id: Uuid, format: u16) -> Result<Option<SagaRow>, StoreError> {
    let values = vec![LEASE_MS.into(), i32::from(format).into(), id.into()];
    sql.find(&format!("{} RETURNING {ROW}", CLAIM.replace("($claimed)", "$3")), values).await
}

/// Claims this saga in any status, even from another worker. `None` when it is of another kind or a newer format.
pub async fn claim_any(
    sql: &impl Sql,
    id: Uuid,
    kind: &str,
    format: u16,
) -> Result<Option<SagaRow>, StoreError> {
    let text = format!(
        "UPDATE sagas SET fence = fence + 1, version = version + 1, lease_until = {{now}} + $1, \
         updated_at = {{now}} WHERE id = $2 AND kind = $3 AND format <= $4 RETURNING {ROW}"
    );
    let values = vec![LEASE_MS.into(), id.into(), kind.into(), i32::from(format).into()];
    sql.find(&text, values).await
}

/// Stores the status and the state that a claim has changed, in the transaction of the claim.
pub async fn keep(
    sql: &impl Sql,
    held: &SagaRow,
    status: Status,
    state: &str,
    format: u16,
) -> Result<(), StoreError> {
    db::change(sql, change_held(held.id, held.fence).set(stands(status, state, format)))
        .await
        .map(|_| ())
}

/// A change of a saga that a worker has claimed under this fence.
fn change_held(id: Uuid, fence: i64) -> UpdateMany<sagas::Entity> {
    sagas::Entity::update_many()
        .filter(sagas::Column::Id.eq(id))
        .filter(sagas::Column::Fence.eq(fence))
}

fn stands(status: Status, state: &str, format: u16) -> sagas::ActiveModel {
    sagas::ActiveModel {
        status: Set(status),
        state: Set(state.to_owned()),
        format: Set(format.into()),
        ..Default::default()
    }
}

/// Reads sagas. Takes no lock: the record decides.
pub async fn look(sql: &impl Sql, ids: &[Uuid]) -> Result<Vec<SagaRow>, StoreError> {
    let found = sagas::Entity::find().expr_as(db::clock(), "now").filter(db::is_among(
        sql,
        sagas::Column::Id,
        ids.iter().copied(),
    ));
    db::list(sql, found).await
}

/// The result of a step of the saga that a worker holds.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    id: Uuid,
    fence: i64,
    version: i32,
    wakes: i32,
    status: &'static str,
    state: String,
    reason: Option<&'static str>,
    trouble: Option<String>,
    due_at: i64,
    /// For how long the worker keeps the saga, in milliseconds from the write on; 0 gives the saga back. A lease that counts
    /// from the start of the transaction is over when a long transaction commits.
    lease: i64,
    now: i64,
}

impl Record {
    pub fn new(held: &SagaRow, step: StepResult) -> Self {
        Self {
            id: held.id,
            fence: held.fence,
            version: held.version,
            wakes: held.wakes,
            status: step.status.as_str(),
            state: step.state,
            reason: step.reason,
            trouble: step.trouble,
            due_at: step.due_ms,
            lease: if step.goes_on { LEASE_MS } else { 0 },
            now: held.now_ms,
        }
    }
}

/// Records steps of sagas. A saga woken since its worker looked at it stays due. A worker that has lost its saga
/// changes no row.
pub async fn record(
    sql: &impl Writes,
    records: Vec<Record>,
    format: u16,
) -> Result<(), StoreError> {
    let ids = db::set(sql.dialect(), records.iter().map(|record| record.id));
    // The ids come twice, because PostgreSQL expects more of `rows` than of a set, and would read the whole table.
    sql.write(
        "UPDATE sagas SET status = rows.status, state = rows.state, reason = rows.reason, \
         due_at = CASE WHEN sagas.wakes > rows.wakes THEN rows.now ELSE rows.due_at END, \
         lease_until = CASE rows.lease WHEN 0 THEN 0 ELSE {now} + rows.lease END, format = $2, \
         last_error = COALESCE(rows.trouble, last_error), version = sagas.version + 1, updated_at = rows.now \
         FROM {rows $1 (id uuid, fence bigint, version int, wakes int, status text, state text, reason text, \
             trouble text, due_at bigint, lease bigint, now bigint)} \
         WHERE sagas.id {among_ids $3} \
         AND sagas.id = rows.id AND sagas.fence = rows.fence AND sagas.version = rows.version",
        vec![db::rows(records)?, i32::from(format).into(), ids],
        None,
    )
    .await
}

/// Renews the worker's lease. Zero rows: the worker lost the saga.
pub async fn renew(sql: &impl Sql, id: Uuid, fence: i64) -> Result<u64, StoreError> {
    let lease_until = db::clock().add(LEASE_MS);
    let change = change_held(id, fence).col_expr(sagas::Column::LeaseUntil, lease_until);
    db::change(sql, change).await
}

/// Leaves a saga to an operator. Its state stays as last recorded.
pub async fn give_up(
    sql: &impl Sql,
    id: Uuid,
    fence: i64,
    reason: &str,
    trouble: &str,
) -> Result<u64, StoreError> {
    let given_up = sagas::ActiveModel {
        status: Set(Status::NeedsAttention),
        reason: Set(Some(reason.to_owned())),
        last_error: Set(Some(trouble.to_owned())),
        lease_until: Set(0),
        ..Default::default()
    };
    let change = change_held(id, fence)
        .set(given_up)
        .col_expr(sagas::Column::Version, db::plus(sagas::Column::Version, 1))
        .col_expr(sagas::Column::UpdatedAt, db::clock());
    db::change(sql, change).await
}

/// The request of a caller that wakes a saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakeRequest {
    /// A worker should look at the saga.
    Look,
    /// The saga should stop, if it still can.
    Stop,
}

/// Makes the saga of a subject due at once, even if a worker has it. `None` when the subject has no saga, or its saga
/// is over or needs attention.
pub async fn wake(
    sql: &impl Sql,
    subject: Uuid,
    wish: WakeRequest,
) -> Result<Option<Uuid>, StoreError> {
    let stop = match wish {
        WakeRequest::Look => "",
        WakeRequest::Stop => ", cancel_requested = 1",
    };
    let sql_text = format!(
        "UPDATE sagas SET wakes = wakes + 1, due_at = {{now}}{stop} \
         WHERE subject_id = $1 AND status IN ('running', 'waiting', 'undoing') RETURNING id"
    );
    sql.value(&sql_text, vec![subject.into()]).await
}

/// The state of a saga at a moment of the database's clock.
#[derive(Debug, FromQueryResult)]
pub struct SagaSnapshot {
    pub state: String,
    pub now: i64,
}

/// The state of a subject's saga.
pub async fn state_of(sql: &impl Sql, subject: Uuid) -> Result<Option<SagaSnapshot>, StoreError> {
    let found = sagas::Entity::find()
        .select_only()
        .column(sagas::Column::State)
        .expr_as(db::clock(), "now")
        .filter(sagas::Column::SubjectId.eq(subject));
    db::find(sql, found).await
}
