//! Cancels lines of a confirmed booking. One transaction voids the tickets, frees seats and places, marks lines
//! and booking, and starts the refund.
//!
//! The lock order is: idempotency key → booking → tickets → reservations → seats → general items → section
//! counters → saga → outbox. A second request finds the lines cancelled and changes nothing.

use holdfast_domain::actor::Actor;
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use holdfast_contract::bookings::Booking;
use holdfast_domain::{
    booking::BookingState,
    ids::{BookingId, EventId, LineId},
    ledger, message,
    money::Currency,
    refund::{
        Refund,
        rules::{self, Asker, CancelObstacle, Share},
    },
};
use holdfast_entity::{booking_lines, bookings};
use uuid::Uuid;

use super::Cancellations;
use crate::{
    kernel::{
        audit::{self, AuditRecord},
        db::{self, StoreError, Tx, UseCaseError},
        idempotency::{Attempt, AttemptTrace, KeyClaim, KeyClaimError, StoredAnswer},
        ports::Entropy,
        saga::executor::Work,
    },
    live::{News, record},
    messages,
    money::{
        ledger::{self as books, Kind},
        refunds::{Reason, RefundOrder, Refunds},
    },
    shop::{
        bookings::{confirmed, letters, shown},
        reservations::sold,
        tickets,
    },
};

/// A request to cancel lines, and the person who sends it.
#[derive(Debug, Clone)]
pub struct CancelCommand {
    pub booking: BookingId,
    /// The role of the person who asks, in the terms of the refund rules.
    pub asker: Asker,
    /// The user or guest who asks.
    pub asked_by: Option<Uuid>,
    /// The person who acts on another person's booking, or by a link. The audit log records this actor.
    pub actor: Option<Actor>,
    /// Cancels only lines of this event. `None`: lines of every event.
    pub event: Option<EventId>,
    /// Cancels only these lines. `None`: all lines.
    pub lines: Option<Vec<LineId>>,
    /// The attempt, if the request has a key.
    pub attempt: Option<Attempt>,
}

/// Why the request cancelled no line.
#[derive(Debug, thiserror::Error)]
pub enum CancelLinesError {
    #[error("no such booking")]
    NotFound,
    /// The booking, or its part that the request is about, has no such line.
    #[error("the booking has no line {0}")]
    NoLine(LineId),
    /// These lines cannot be cancelled, so no line was cancelled.
    #[error("{} lines cannot be cancelled", .0.len())]
    Obstacles(Vec<(LineId, CancelObstacle)>),
    /// The booking is not confirmed.
    #[error("the booking is {}", .0.as_str())]
    NotConfirmed(BookingState),
    /// The amount is larger than the amount that can still be refunded.
    #[error(transparent)]
    TooMuch(rules::TooMuch),
    #[error("the booking is paid in {0}")]
    OtherCurrency(Currency),
    #[error("the gateway cannot move this amount")]
    NotMovable,
    #[error(transparent)]
    Claim(KeyClaimError),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for CancelLinesError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Claim(KeyClaimError::Db(error)) | Self::Db(error) => Some(error),
            Self::NotFound
            | Self::NoLine(_)
            | Self::Obstacles(_)
            | Self::NotConfirmed(_)
            | Self::TooMuch(_)
            | Self::OtherCurrency(_)
            | Self::NotMovable
            | Self::Claim(KeyClaimError::Reused) => None,
        }
    }
}

impl From<KeyClaimError> for CancelLinesError {
    fn from(error: KeyClaimError) -> Self {
        match error {
            KeyClaimError::Db(error) => Self::Db(error),
            error @ KeyClaimError::Reused => Self::Claim(error),
        }
    }
}

/// The result of a cancellation or a refund.
#[derive(Debug)]
pub enum CancelOutcome {
    /// The booking at the commit.
    Now(Box<Booking>),
    /// The stored answer of an earlier request with this key.
    Before(StoredAnswer),
    /// The key is known and has no answer yet: the first request is still under way.
    InFlight,
}

/// The result of a transaction of this slice, and the refund to drive after the commit.
pub(super) struct CommittedCancellation {
    pub(super) came: CancelOutcome,
    pub(super) refund: Option<Work<Refund>>,
    /// The events whose places have changed.
    pub(super) events: BTreeSet<EventId>,
}

impl CommittedCancellation {
    /// The result of a transaction that changed nothing.
    pub(super) fn unchanged(came: CancelOutcome) -> Self {
        Self { came, refund: None, events: BTreeSet::new() }
    }
}

impl Cancellations {
    /// Cancels lines of a confirmed booking: all requested lines that are not cancelled yet, or none. Refunds the
    /// amount that was paid for them. Returns the booking after the change; the money is on its way. A repeated
    /// request changes nothing.
    ///
    /// # Errors
    /// See [`CancelLinesError`]. Nothing has happened then.
    pub async fn cancel(&self, command: CancelCommand) -> Result<CancelOutcome, CancelLinesError> {
        let left = self.transact_cancel(command).await?;
        if let Some(work) = left.refund {
            self.refunds.drive(work);
        }
        left.events.into_iter().for_each(|event| self.relay.nudge(News::Places(event)));
        Ok(left.came)
    }

    pub(super) async fn transact_cancel(
        &self,
        command: CancelCommand,
    ) -> Result<CommittedCancellation, CancelLinesError> {
        let command = Arc::new(command);
        let base = &self.checkouts.base;
        let (refunds, entropy) = (self.refunds.clone(), Arc::clone(&base.entropy));
        base.db
            .transact(move |tx| {
                let (refunds, entropy) = (refunds.clone(), Arc::clone(&entropy));
                let command = Arc::clone(&command);
                Box::pin(async move { cancel(tx, &refunds, &*entropy, &command).await })
            })
            .await
    }
}

async fn cancel(
    tx: &Tx,
    refunds: &Refunds,
    entropy: &dyn Entropy,
    command: &CancelCommand,
) -> Result<CommittedCancellation, CancelLinesError> {
    if let Some(came) = claim(tx, command.attempt.as_ref()).await? {
        return Ok(CommittedCancellation::unchanged(came));
    }
    let found = confirmed::lock(tx, command.booking).await?;
    let (booking, lines) = found.ok_or(CancelLinesError::NotFound)?;
    let wanted = wanted(&lines, command.event, command.lines.as_deref())?;
    if booking.status != BookingState::Confirmed {
        if booking.status == BookingState::Cancelled {
            let came = answer(tx, command.attempt.as_ref(), command.booking).await?;
            return Ok(CommittedCancellation::unchanged(came));
        }
        return Err(CancelLinesError::NotConfirmed(booking.status));
    }
    let now_ms = db::now(tx).await?;
    tickets::lock(tx, booking.id).await?;
    let standing = confirmed::standing(tx, &wanted).await?;
    let shares =
        rules::cancel(command.asker, &standing, now_ms).map_err(CancelLinesError::Obstacles)?;
    let refund = match shares.is_empty() {
        true => None,
        false => void(tx, refunds, entropy, command, &booking, &wanted, &shares, now_ms).await?,
    };
    let came = answer(tx, command.attempt.as_ref(), command.booking).await?;
    let events = wanted.iter().map(|line| line.event_id).collect();
    Ok(CommittedCancellation { came, refund, events })
}

#[expect(clippy::too_many_arguments, reason = "the parts of one transaction")]
async fn void(
    tx: &Tx,
    refunds: &Refunds,
    entropy: &dyn Entropy,
    command: &CancelCommand,
    booking: &bookings::Model,
    wanted: &[booking_lines::Model],
    shares: &[Share],
    now_ms: i64,
) -> Result<Option<Work<Refund>>, CancelLinesError> {
    let cancelled: Vec<&booking_lines::Model> =
        wanted.iter().filter(|line| shares.iter().any(|share| share.line == line.id)).collect();
    let ids: Vec<LineId> = cancelled.iter().map(|line| line.id).collect();
    tickets::void(tx, booking.id, &ids).await?;
    let changes = sold::give_back(tx, &cancelled).await?;
    confirmed::cancelled(tx, command.booking, shares, now_ms).await?;
    let amount: i64 = shares.iter().map(|share| share.minor).sum();
    let refund = if amount > 0 {
        let payment = confirmed::captured(tx, command.booking).await?;
        let reason = match command.asker {
            Asker::Buyer => Reason::Buyer,
            Asker::Organizer => Reason::Organizer,
            Asker::CalledOff => Reason::CalledOff,
        };
        let asked_by = command.asked_by;
        let payment = &payment;
        Some(
            refunds
                .open(tx, RefundOrder { booking, payment, shares, reason, asked_by, now_ms })
                .await?,
        )
    } else {
        // No money is refunded, but the ledger's discounts and fees of the lines end, too.
        let entries = ledger::refund(0, books::cost_of(cancelled.iter().copied()));
        books::post(tx, entropy, booking, Kind::Refund, &entries, now_ms).await?;
        None
    };
    let kind = match command.asker {
        Asker::Buyer | Asker::Organizer => message::Kind::BookingCancelled,
        Asker::CalledOff => message::Kind::EventCancelled,
    };
    let mail = letters::cancelled(booking, kind, &ids, amount)?;
    messages::post(tx, entropy, mail, now_ms).await?;
    if let Some(actor) = command.actor {
        let detail = serde_json::json!({ "lines": ids, "amount_minor": amount });
        let subject = ("booking", booking.id.0);
        let entry = AuditRecord::new(entropy, actor, "booking.cancel", subject, &detail);
        audit::record(tx, &entry).await?;
    }
    for (event, change) in &changes {
        record::record(tx, *event, change).await?;
    }
    Ok(refund)
}

/// Claims the attempt. `None` for its first request, otherwise the traces of earlier requests.
pub(super) async fn claim(
    tx: &Tx,
    attempt: Option<&Attempt>,
) -> Result<Option<CancelOutcome>, CancelLinesError> {
    let Some(attempt) = attempt else { return Ok(None) };
    Ok(match attempt.claim(tx, None).await? {
        KeyClaim::First => None,
        KeyClaim::Known(AttemptTrace { answer: Some(answer), .. }) => {
            Some(CancelOutcome::Before(answer))
        }
        KeyClaim::Known(AttemptTrace { answer: None, .. }) => Some(CancelOutcome::InFlight),
    })
}

/// The booking as this transaction sees it. The answer is stored under the attempt's key.
pub(super) async fn answer(
    tx: &Tx,
    attempt: Option<&Attempt>,
    booking: BookingId,
) -> Result<CancelOutcome, CancelLinesError> {
    let booking = shown(tx, booking).await?.ok_or(CancelLinesError::NotFound)?;
    if let Some(attempt) = attempt {
        attempt.answer(tx, &StoredAnswer::json(200, &booking)).await?;
    }
    Ok(CancelOutcome::Now(Box::new(booking)))
}

/// The lines that the request names, or all lines if it names none.
pub(super) fn wanted(
    lines: &[booking_lines::Model],
    event: Option<EventId>,
    named: Option<&[LineId]>,
) -> Result<Vec<booking_lines::Model>, CancelLinesError> {
    let of_event = |line: &&booking_lines::Model| event.is_none_or(|event| line.event_id == event);
    let all = lines.iter().filter(of_event);
    let Some(named) = named else { return Ok(all.cloned().collect()) };
    let known: HashSet<LineId> = all.clone().map(|line| line.id).collect();
    if let Some(unknown) = named.iter().find(|id| !known.contains(id)) {
        return Err(CancelLinesError::NoLine(*unknown));
    }
    Ok(all.filter(|line| named.contains(&line.id)).cloned().collect())
}
