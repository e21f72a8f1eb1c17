//! The standing pass over called-off events: every booking that still has lines of one gets them cancelled and
//! paid back; what is still being paid is stopped.
//!
//! It takes no input and keeps no place: whoever runs it finds what is left, after a crash too. Several at
//! once do nothing twice, the booking's row is locked and judged anew.

use holdfast_domain::{
    booking::BookingState,
    ids::{BookingId, EventId},
    refund::rules::Asker,
};

use super::{
    Cancellations,
    cancel::{CancelCommand, CancelError},
    store::{self, Concerned},
};
use crate::kernel::{db::StoreError, saga::Wish};

/// How many bookings are read at once.
const BATCH: i64 = 200;
/// How many bookings one pass looks at; the next one follows soon.
const MAX_PER_PASS: usize = 10_000;

impl Cancellations {
    /// See the module; answers how many bookings it changed or stopped.
    ///
    /// # Errors
    /// When the database fails; what was done stays so.
    pub async fn called_off_pass(&self) -> Result<u64, StoreError> {
        let (mut after, mut seen, mut changed): (Option<(BookingId, EventId)>, _, _) = (None, 0, 0);
        while seen < MAX_PER_PASS && !self.checkouts.base.tasks.stopping().is_cancelled() {
            let batch = store::of_called_off(&self.checkouts.base.db, after, BATCH).await?;
            let Some(last) = batch.last() else { break };
            after = Some((last.booking, last.event));
            seen += batch.len();
            for concerned in batch {
                changed += u64::from(self.end_line(concerned).await?);
            }
            self.relay.nudge();
        }
        Ok(changed)
    }

    async fn end_line(&self, concerned: Concerned) -> Result<bool, StoreError> {
        let Concerned { booking, event, status } = concerned;
        if status == BookingState::Pending {
            // It ends failed and voided; should its payment have gone through already, it is confirmed, and
            // the next pass pays it back.
            return self.checkouts.executor.wake(booking.0, Wish::Stop).await;
        }
        let command = CancelCommand {
            booking,
            asker: Asker::CalledOff,
            asked_by: None,
            actor: None,
            event: Some(event),
            lines: None,
            attempt: None,
        };
        match self.transact_cancel(command).await {
            // Nobody waits for these: the refunds' own pass drives them, so many at once.
            Ok(_) => Ok(true),
            Err(CancelError::Db(error)) => Err(error),
            // Somebody else was at it since the list was read; what is left is found again.
            Err(error) => {
                tracing::warn!(booking = %booking, error = %error, "a booking of a called-off event stays");
                Ok(false)
            }
        }
    }
}
