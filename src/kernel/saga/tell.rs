//! Reports an event in another system to a saga that did not ask for it, even when the saga was over.

use uuid::Uuid;

use super::{
    Driver, Executor, Status,
    commit::{GroupedSaga, RecordError, RecordedWork},
    executor::Work,
    store,
};
use crate::kernel::db::{Bug, StoreError, UseCaseError};

/// The name of this step in failpoints.
const TOLD: &str = "told";

/// The result of reporting an event to a saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportOutcome {
    /// The saga processed the event, with the local steps that follow from it.
    Taken,
    /// The event cannot have happened to a saga with this status. Nothing has changed.
    Refused(Status),
    /// There is no such saga, or this program cannot read it. Nothing has changed.
    NotOurs,
}

impl<D: Driver> Executor<D> {
    /// Reports an event to a saga, whichever worker has the saga: that worker loses it. One transaction applies the
    /// event and performs the local steps after it, so that a saga that was over is never half reopened.
    ///
    /// # Errors
    /// When the database or a local step fails. Nothing has changed then.
    pub async fn tell(&self, id: Uuid, event: D::Event) -> Result<ReportOutcome, StoreError> {
        let this = self.clone();
        let told = self
            .base
            .db
            .transact(move |tx| {
                let (this, event) = (this.clone(), event.clone());
                Box::pin(async move {
                    let claimed = store::claim_any(tx, id, D::KIND, D::FORMAT).await?;
                    let Some(row) = claimed else { return Err(Untold::NotOurs) };
                    let Ok(state) = this.driver.decode(&row.state) else {
                        return Err(Untold::NotOurs);
                    };
                    let status = this.driver.status(&state);
                    let (work, answer) = (Work::of(row, state), Some((vec![TOLD], event)));
                    let told = this
                        .commit(tx, vec![GroupedSaga { work, answer, verdicts: Vec::new() }])
                        .await;
                    let told = told.map_err(|error| Untold::of(error, status))?.pop().flatten();
                    told.ok_or_else(|| Untold::of(RecordError::<D::Event>::Lost, status))
                })
            })
            .await;
        match told {
            Ok((recorded, steps)) => {
                self.driver.committed(&steps, None);
                if let RecordedWork::GoesOn(work) = recorded {
                    let this = self.clone();
                    self.base.tasks.spawn(async move { this.drive(work).await });
                }
                Ok(ReportOutcome::Taken)
            }
            Err(Untold::Refused(status)) => Ok(ReportOutcome::Refused(status)),
            Err(Untold::NotOurs) => Ok(ReportOutcome::NotOurs),
            Err(Untold::Db(error)) => Err(error),
        }
    }
}

/// Why an event was not reported to the saga. The transaction is rolled back.
#[derive(Debug, thiserror::Error)]
enum Untold {
    #[error("it cannot have happened to a saga that is {}", .0.as_str())]
    Refused(Status),
    #[error("no saga that this program can read")]
    NotOurs,
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for Untold {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Refused(_) | Self::NotOurs => None,
        }
    }
}

impl Untold {
    fn of<E: std::fmt::Debug>(error: RecordError<E>, status: Status) -> Self {
        match error {
            RecordError::Illegal(_) => Self::Refused(status),
            RecordError::Db(source) | RecordError::Local { source, .. } => Self::Db(source),
            RecordError::Refused(step, _) => {
                Self::Db(Bug::new(format!("{step} is refused")).into())
            }
            RecordError::Lost => Self::Db(Bug::new("a claimed saga is lost").into()),
        }
    }
}
