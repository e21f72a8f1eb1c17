//! Refunds an amount for an organizer, without cancelling anything.

use std::sync::Arc;

use holdfast_domain::{booking::BookingState, ids::LineId, money::Money, refund::rules};
use uuid::Uuid;

use super::{
    Cancellations,
    cancel::{CancelLinesError, CancelOutcome, CommittedCancellation, answer, claim, wanted},
};
use crate::{
    access::BookingOfEvent,
    kernel::{
        audit::{self, AuditRecord},
        db::{self, Tx},
        idempotency::Attempt,
        ports::Entropy,
    },
    messages,
    money::refunds::{Reason, RefundOrder, Refunds},
    shop::bookings::{confirmed, letters},
};

/// An amount to refund, and the booking that gets it.
#[derive(Debug, Clone)]
pub struct GiveBackCommand {
    /// The booking. Only its lines of the organizer's event are refunded.
    pub booking: BookingOfEvent,
    /// The organizer's user who asks.
    pub asked_by: Uuid,
    /// Refunds only these lines. `None`: all lines of the event.
    pub lines: Option<Vec<LineId>>,
    pub amount: Money,
    /// The attempt. Every refund of an amount needs a key.
    pub attempt: Attempt,
}

impl Cancellations {
    /// Refunds an amount, and divides it over the lines in proportion to what can still be refunded for each.
    /// Tickets and seats stay.
    ///
    /// # Errors
    /// See [`CancelLinesError`]. Nothing has happened then.
    pub async fn give_back(
        &self,
        command: GiveBackCommand,
    ) -> Result<CancelOutcome, CancelLinesError> {
        if !self.checkouts.gateway.can_move(command.amount) {
            return Err(CancelLinesError::NotMovable);
        }
        let command = Arc::new(command);
        let (refunds, entropy) = (self.refunds.clone(), Arc::clone(&self.checkouts.base.entropy));
        let left: CommittedCancellation = self
            .checkouts
            .base
            .db
            .transact(move |tx| {
                let (refunds, command) = (refunds.clone(), Arc::clone(&command));
                let entropy = Arc::clone(&entropy);
                Box::pin(async move { give_back(tx, &refunds, &*entropy, &command).await })
            })
            .await?;
        if let Some(work) = left.refund {
            self.refunds.drive(work);
        }
        Ok(left.came)
    }
}

async fn give_back(
    tx: &Tx,
    refunds: &Refunds,
    entropy: &dyn Entropy,
    command: &GiveBackCommand,
) -> Result<CommittedCancellation, CancelLinesError> {
    let attempt = Some(&command.attempt);
    if let Some(came) = claim(tx, attempt).await? {
        return Ok(CommittedCancellation::unchanged(came));
    }
    let found = confirmed::lock(tx, command.booking.booking()).await?;
    let (booking, lines) = found.ok_or(CancelLinesError::NotFound)?;
    let wanted = wanted(&lines, Some(command.booking.event()), command.lines.as_deref())?;
    if booking.status != BookingState::Confirmed {
        return Err(CancelLinesError::NotConfirmed(booking.status));
    }
    if booking.currency != command.amount.currency {
        return Err(CancelLinesError::OtherCurrency(booking.currency));
    }
    let now_ms = db::now(tx).await?;
    let standing = confirmed::standing(tx, &wanted).await?;
    let shares =
        rules::share(&standing, command.amount.minor).map_err(CancelLinesError::TooMuch)?;
    confirmed::promised(tx, command.booking.booking(), &shares).await?;
    let payment = confirmed::captured(tx, command.booking.booking()).await?;
    let wanted = RefundOrder {
        booking: &booking,
        payment: &payment,
        shares: &shares,
        reason: Reason::Goodwill,
        asked_by: Some(command.asked_by),
        now_ms,
    };
    let refund = Some(refunds.open(tx, wanted).await?);
    let mail = letters::refunded(&booking, entropy.id(), command.amount.minor)?;
    messages::post(tx, entropy, mail, now_ms).await?;
    let detail = serde_json::json!({ "amount_minor": command.amount.minor });
    let subject = ("booking", booking.id.0);
    let entry =
        AuditRecord::new(entropy, command.booking.actor(), "booking.refund", subject, &detail);
    audit::record(tx, &entry).await?;
    let came = answer(tx, attempt, command.booking.booking()).await?;
    Ok(CommittedCancellation { refund, ..CommittedCancellation::unchanged(came) })
}
