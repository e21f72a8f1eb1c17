//! The operators' view of sagas, and the retry of a saga.
//!
//! `docs/runbooks/sagas-needing-attention.md` explains each reason and what to do about it.

use async_trait::async_trait;
use holdfast_domain::actor::Actor;
use uuid::Uuid;

use super::{
    Driver, Executor, Status, driver::Progress, executor::Work, store::attention as store,
};
use crate::kernel::{
    audit,
    db::{self, Db, StoreError, Tx, UseCaseError},
};

pub use super::store::attention::{ListedSaga, SagaCount, SagaFilter};

/// How often the gauges of sagas are updated.
pub const GAUGES_EVERY: std::time::Duration = std::time::Duration::from_secs(15);

/// Why a saga was not retried.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    #[error("no such saga")]
    NotFound,
    /// The saga does not need attention. Contains its status.
    #[error("the saga is {}", .0.as_str())]
    NotStuck(Status),
    #[error("the saga cannot be read by this version of the program")]
    Unreadable,
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for RetryError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::NotFound | Self::NotStuck(_) | Self::Unreadable => None,
        }
    }
}

/// A kind of saga, as operators see it.
#[async_trait]
pub trait Attended: Send + Sync + std::fmt::Debug {
    /// The name of the kind in the database.
    fn kind(&self) -> &'static str;

    /// How far a saga of this kind is; `None` when this version of the program cannot read its state.
    fn progress(&self, state: &str) -> Option<Progress>;

    /// Retries a saga that needs attention, and drives it in the background. A worker that still considers itself the
    /// holder of the saga can no longer record anything, because the fence has grown. The same transaction records
    /// the operator in the audit log.
    ///
    /// # Errors
    /// See [`RetryError`]. Nothing has changed then.
    async fn retry(&self, id: Uuid, actor: Actor) -> Result<(), RetryError>;
}

#[async_trait]
impl<D: Driver> Attended for Executor<D> {
    fn kind(&self) -> &'static str {
        D::KIND
    }

    fn progress(&self, state: &str) -> Option<Progress> {
        self.driver.decode(state).ok().map(|state| self.driver.progress(&state))
    }

    async fn retry(&self, id: Uuid, actor: Actor) -> Result<(), RetryError> {
        let this = self.clone();
        let work = self
            .base
            .db
            .transact(move |tx| {
                let this = this.clone();
                Box::pin(async move { this.take_up(tx, id, actor).await })
            })
            .await?;
        tracing::warn!(saga = %id, ?actor, "an operator sends a saga on again");
        let this = self.clone();
        self.base.tasks.spawn(async move { this.drive(work).await });
        Ok(())
    }
}

impl<D: Driver> Executor<D> {
    async fn take_up(&self, tx: &Tx, id: Uuid, actor: Actor) -> Result<Work<D::State>, RetryError> {
        let Some(mut row) = store::claim_stuck(tx, id).await? else {
            let found = store::find(tx, id).await?.ok_or(RetryError::NotFound)?;
            return Err(RetryError::NotStuck(found.status));
        };
        let state = self.driver.decode(&row.state).map_err(|_| RetryError::Unreadable)?;
        let stood = self.driver.progress(&state);
        // A retry is a claim, too: a deadline that has passed meanwhile counts.
        let state = self.driver.woken(self.driver.retried(state, row.now_ms), row.now_ms);
        row.state = self.driver.encode(&state);
        let status = self.driver.status(&state);
        let resumed = store::resume(tx, &row, status, &row.state, D::FORMAT).await?;
        db::exactly(1, resumed, "the claim locked the row")?;
        let detail = serde_json::json!({ "kind": D::KIND, "step": stood.step });
        let entropy = &*self.base.entropy;
        let entry = audit::AuditRecord::new(entropy, actor, "saga.retry", ("saga", id), &detail);
        audit::record(tx, &entry).await?;
        Ok(Work::of(row, state))
    }
}

/// A page of sagas, newest first.
pub async fn list(db: &Db, filter: &SagaFilter, limit: u64) -> Result<Vec<ListedSaga>, StoreError> {
    store::list(db, filter, limit).await
}

pub async fn find(db: &Db, id: Uuid) -> Result<Option<ListedSaga>, StoreError> {
    store::find(db, id).await
}

/// How many unfinished sagas there are, by kind and status.
pub async fn standing(db: &Db) -> Result<Vec<SagaCount>, StoreError> {
    store::standing(db).await
}

/// How many sagas wait for an operator.
pub async fn waiting(db: &Db) -> Result<i64, StoreError> {
    let standing = standing(db).await?;
    let waiting = standing.iter().filter(|one| one.status == Status::NeedsAttention);
    Ok(waiting.map(|one| one.count).sum())
}

/// Updates the gauges of sagas: how many sagas of each kind have each status, and for how long the oldest has
/// been due. Every node reports the same, because all ask the same database. Returns how many sagas are
/// unfinished.
pub async fn gauges_pass(db: &Db, kinds: &[&'static str]) -> Result<u64, StoreError> {
    let standing = standing(db).await?;
    for kind in kinds {
        let of =
            |status: Status| standing.iter().find(|one| one.kind == *kind && one.status == status);
        for status in Status::LIVE {
            let count = of(status).map_or(0, |one| one.count);
            let labels = [("kind", *kind), ("status", status.as_str())];
            metrics::gauge!("holdfast_sagas", &labels).set(count as f64);
        }
        // A saga that needs attention is not due: no worker claims it.
        let overdue = [Status::Running, Status::Waiting, Status::Undoing]
            .into_iter()
            .filter_map(|status| of(status).map(|one| one.overdue_ms))
            .max()
            .unwrap_or(0);
        metrics::gauge!("holdfast_saga_overdue_seconds", "kind" => *kind)
            .set(overdue as f64 / 1000.0);
    }
    Ok(standing.iter().map(|one| u64::try_from(one.count).unwrap_or(0)).sum())
}
