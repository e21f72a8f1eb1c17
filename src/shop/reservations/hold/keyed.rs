//! A hold with an `Idempotency-Key`, as a wrapper around the hold itself. The wrapper replays the answer of a known
//! attempt, waits for a simultaneous request of the same attempt (a twin), and stores the answer in the transaction
//! that holds. The stored answer contains no guest token: a caller who may receive the answer gets a newly made
//! token.

use std::{sync::Arc, time::Duration};

use holdfast_domain::{ids::SeatId, inventory::SeatRefusal};

use super::{HoldCommand, HoldError, HoldOutcome, decide::HoldAttempt, transaction};
use crate::{
    kernel::{
        db::{Bug, Tx},
        idempotency::{Attempt, KeyClaim, StoredAnswer},
    },
    shop::reservations::{Reservations, read},
};

/// How long a request waits for a twin that may be under way, before it looks again.
const TWIN_WAIT: Duration = Duration::from_millis(20);
/// The maximum number of such waits.
const MAX_TWIN_WAITS: u32 = 25;

/// Another request of the same attempt.
enum Twin {
    Answered(StoredAnswer),
    UnderWay,
    None,
}

impl Reservations {
    /// Holds once for each attempt, however often the attempt is repeated.
    pub(super) async fn hold_keyed(
        &self,
        command: &HoldCommand,
        key: &Attempt,
    ) -> Result<HoldOutcome, HoldError> {
        if let Some(answer) = self.answered(key).await? {
            return Ok(HoldOutcome::Replayed(answer));
        }
        for _ in 0..MAX_TWIN_WAITS {
            let refused = match self.hold_plainly(command).await {
                Err(HoldError::Seats(refused)) => refused,
                other => return other,
            };
            match self.twin(key, &refused).await? {
                Twin::Answered(answer) => return Ok(HoldOutcome::Replayed(answer)),
                Twin::UnderWay => tokio::time::sleep(TWIN_WAIT).await,
                Twin::None => return Err(HoldError::Seats(refused)),
            }
        }
        let last = self.hold_plainly(command).await;
        if let Err(HoldError::Seats(_)) = last
            && let Some(answer) = self.answered(key).await?
        {
            return Ok(HoldOutcome::Replayed(answer));
        }
        last
    }

    /// Whether seats were refused because a twin of this request has them, or is about to get them.
    async fn twin(
        &self,
        key: &Attempt,
        refused: &[(SeatId, SeatRefusal)],
    ) -> Result<Twin, HoldError> {
        if let Some(answer) = self.answered(key).await? {
            return Ok(Twin::Answered(answer));
        }
        let contended = refused.iter().any(|(_, refusal)| *refusal == SeatRefusal::Contended);
        Ok(if contended { Twin::UnderWay } else { Twin::None })
    }

    async fn answered(&self, key: &Attempt) -> Result<Option<StoredAnswer>, HoldError> {
        let known = key.known(&self.base.db).await?;
        Ok(known.and_then(|known| known.answer))
    }
}

/// Claims the key, holds, and stores the answer in one transaction, so that a claim that can be seen has its
/// answer. `refused` are the seats that the look before the transaction refused.
pub(super) async fn hold(
    tx: &Tx,
    attempt: &Arc<HoldAttempt>,
    key: &Attempt,
    refused: &[(SeatId, SeatRefusal)],
) -> Result<HoldOutcome, HoldError> {
    if let KeyClaim::Known(known) = key.claim(tx, Some(attempt.id.0)).await? {
        return known.answer.map(HoldOutcome::Replayed).ok_or_else(|| {
            HoldError::Db(Bug::new("a hold was claimed and never answered").into())
        });
    }
    let mut held = transaction::one(tx, attempt).await?;
    held.refused.extend(refused.iter().copied());
    held.refused.sort_by_key(|(seat, _)| *seat);
    let answer = read::told(&held).answer();
    key.answer(tx, &answer).await?;
    Ok(HoldOutcome::Stored(answer))
}
