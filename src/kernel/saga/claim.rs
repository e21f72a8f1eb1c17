//! Claims a saga, either a saga that is due or a given saga, and applies the reason for the claim to its state.

use uuid::Uuid;

use super::{
    driver::{Driver, UnreadableState},
    executor::{Work, shortened},
    store,
};
use crate::kernel::db::{StoreError, Tx, UseCaseError};

/// Why a saga could not be claimed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SagaClaimError {
    #[error("the database failed")]
    Db(#[from] StoreError),
    #[error("saga {0} cannot be read")]
    Unreadable(Uuid, #[source] UnreadableState),
}

impl UseCaseError for SagaClaimError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Unreadable(..) => None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    Due,
    This(Uuid),
}

/// Claims a saga and applies the reason: its wait is over, or somebody wants it to stop. The new state is stored
/// before anything is done.
pub(super) async fn claim<D: Driver>(
    tx: &Tx,
    driver: &D,
    which: Which,
) -> Result<Option<Result<Work<D::State>, SagaClaimError>>, SagaClaimError> {
    let claimed = match which {
        Which::Due => store::claim_due(tx, D::KIND, D::FORMAT).await?,
        Which::This(id) => store::claim(tx, id, D::FORMAT).await?,
    };
    let Some(mut row) = claimed else { return Ok(None) };
    let state = match driver.decode(&row.state) {
        Ok(state) => state,
        // Sagas of a newer program are not claimed, so this state is damaged and will stay damaged.
        Err(unreadable) => {
            let trouble = shortened(&unreadable.0.to_string());
            store::give_up(tx, row.id, row.fence, "unreadable", &trouble).await?;
            return Ok(Some(Err(SagaClaimError::Unreadable(row.id, unreadable))));
        }
    };
    let mut state = driver.woken(state, row.now_ms);
    if row.is_to_stop() {
        state = driver.cancelled(state, row.now_ms);
    }
    let text = driver.encode(&state);
    if text != row.state {
        store::keep(tx, &row, driver.status(&state), &text, D::FORMAT).await?;
        row.state = text;
    }
    Ok(Some(Ok(Work::of(row, state))))
}

pub(super) fn log_unreadable(error: &SagaClaimError) {
    tracing::error!(error = error as &dyn std::error::Error, "a saga needs attention");
}
