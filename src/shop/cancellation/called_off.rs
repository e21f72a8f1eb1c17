//! The periodic pass over called-off events: cancels and refunds all lines of such an event, and stops bookings
//! that are still being paid.
//!
//! The pass takes no input and stores no position: each run finds the remaining bookings, also after a crash. Several
//! runs at once do nothing twice, because each booking's row is locked and judged anew.

use std::collections::BTreeSet;

use holdfast_domain::{
    booking::BookingState,
    ids::{BookingId, EventId},
    refund::rules::Asker,
};

use super::{
    Cancellations,
    cancel::{CancelCommand, CancelLinesError},
    store::{self, Concerned},
};
use crate::{
    kernel::{db::StoreError, passes::Tally, saga::WakeRequest},
    live::News,
};

/// How many bookings one statement reads.
const BATCH: i64 = 200;
/// The maximum number of bookings that one pass looks at; the next pass follows soon.
const MAX_PER_PASS: usize = 10_000;

impl Cancellations {
    /// Runs the pass; returns how many bookings it changed or stopped.
    ///
    /// # Errors
    /// When the database fails, or a booking cannot be changed. All others are changed.
    pub async fn called_off_pass(&self) -> Result<u64, StoreError> {
        let (mut after, mut seen): (Option<(BookingId, EventId)>, _) = (None, 0);
        let mut tally = Tally::default();
        while seen < MAX_PER_PASS && !self.checkouts.base.tasks.stopping().is_cancelled() {
            let batch = store::of_called_off(&self.checkouts.base.db, after, BATCH).await?;
            let Some(last) = batch.last() else { break };
            after = Some((last.booking, last.event));
            seen += batch.len();
            let events: BTreeSet<EventId> = batch.iter().map(|it| it.event).collect();
            for concerned in batch {
                let booking = concerned.booking;
                tally.add(booking, self.end_line(concerned).await.map(u64::from))?;
            }
            events.into_iter().for_each(|event| self.relay.nudge(News::Places(event)));
        }
        tally.end()
    }

    async fn end_line(&self, concerned: Concerned) -> Result<bool, StoreError> {
        let Concerned { booking, event, status } = concerned;
        if status == BookingState::Pending {
            // The booking fails, and its payment is voided. If the payment has already succeeded, the booking is
            // confirmed, and the next pass refunds it.
            return self.checkouts.executor.wake(booking.0, WakeRequest::Stop).await;
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
            // Nobody waits for these refunds, and there are many of them, so the pass over refunds drives them.
            Ok(_) => Ok(true),
            Err(CancelLinesError::Db(error)) => Err(error),
            // The booking has changed since the list was read. The next pass finds the remaining lines.
            Err(error) => {
                tracing::warn!(booking = %booking, error = %error, "a booking of a called-off event stays");
                Ok(false)
            }
        }
    }
}
