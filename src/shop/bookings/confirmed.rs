//! Changes of paid bookings, for use cases that cancel lines and refund them. Each function runs in its caller's
//! transaction, after [`lock`].

use std::collections::HashMap;

use holdfast_contract::bookings::{Ticket, TicketStatus};
use holdfast_domain::{
    ids::{BookingId, EventId, LineId},
    refund::rules::{Admission, CancelTerms, Line, LineStatus, Occasion, Share},
};
use holdfast_entity::{booking_lines, bookings, payments};

use super::store::{self, confirmed};
use crate::{
    kernel::db::{Bug, Sql, StoreError, Tx},
    money::ledger,
    shop::tickets,
};

/// Locks a booking and reads it with its lines.
pub async fn lock(
    tx: &Tx,
    id: BookingId,
) -> Result<Option<(bookings::Model, Vec<booking_lines::Model>)>, StoreError> {
    let Some(booking) = confirmed::lock(tx, id).await? else { return Ok(None) };
    Ok(Some((booking, store::lines_of(tx, &[id]).await?)))
}

/// The payment that paid for the booking, whose amount was captured.
///
/// # Errors
/// When the booking has no captured payment, or the database fails.
pub async fn captured(tx: &Tx, id: BookingId) -> Result<payments::Model, StoreError> {
    let found = confirmed::captured(tx, id).await?;
    Ok(found.ok_or_else(|| Bug::new(format!("the captured payment of booking {id}")))?)
}

pub async fn is_captured(sql: &impl Sql, id: BookingId) -> Result<bool, StoreError> {
    Ok(confirmed::captured(sql, id).await?.is_some())
}

/// Cancels the lines and promises the refunds in `shares`. The booking is cancelled together with its last line.
///
/// # Errors
/// When a line is cancelled already, more than the paid amount would be refunded, or the database fails.
pub async fn cancelled(
    tx: &Tx,
    id: BookingId,
    shares: &[Share],
    now_ms: i64,
) -> Result<(), StoreError> {
    for share in shares {
        let changed = confirmed::cancel_line(tx, id, *share, now_ms).await?;
        expect_one(changed, share.line)?;
    }
    confirmed::end_empty(tx, id).await
}

/// Promises refunds without cancelling anything.
///
/// # Errors
/// When more than the paid amount would be refunded, or the database fails.
pub async fn promised(tx: &Tx, id: BookingId, shares: &[Share]) -> Result<(), StoreError> {
    for share in shares {
        expect_one(confirmed::promise(tx, id, *share).await?, share.line)?;
    }
    Ok(())
}

/// Records that promised refunds have arrived.
///
/// # Errors
/// When the refunds were not promised, or the database fails.
pub async fn given_back(
    tx: &Tx,
    id: BookingId,
    shares: &[Share],
    now_ms: i64,
) -> Result<(), StoreError> {
    for share in shares {
        expect_one(confirmed::keep_promise(tx, id, *share).await?, share.line)?;
    }
    let sum = shares.iter().map(|share| share.minor).sum();
    confirmed::refund_booking(tx, id, sum, now_ms).await
}

/// Reverses [`given_back`]: the refunds have not arrived after all, and are promised again.
///
/// # Errors
/// When the refunds were not recorded as arrived, or the database fails.
pub async fn taken_back(
    tx: &Tx,
    id: BookingId,
    shares: &[Share],
    now_ms: i64,
) -> Result<(), StoreError> {
    let negative = |share: &Share| Share { minor: -share.minor, ..*share };
    let shares: Vec<Share> = shares.iter().map(negative).collect();
    given_back(tx, id, &shares, now_ms).await
}

fn expect_one(changed: u64, line: LineId) -> Result<(), StoreError> {
    if changed == 1 {
        Ok(())
    } else {
        Err(Bug::new(format!("line {line} is not as it was")).into())
    }
}

/// The times of events, and which of them are called off. Read once for all lines that are shown or judged together.
#[derive(Debug, Clone)]
pub struct Occasions {
    /// The time of the database in milliseconds since 1970.
    pub now_ms: i64,
    events: HashMap<EventId, Occasion>,
}

impl Occasions {
    /// Reads the events of these lines.
    pub async fn of<'a>(
        sql: &impl Sql,
        lines: impl Iterator<Item = &'a booking_lines::Model> + Send,
    ) -> Result<Self, StoreError> {
        let mut events: Vec<EventId> = lines.map(|line| line.event_id).collect();
        events.sort_unstable();
        events.dedup();
        let (events, now_ms) = store::occasions(sql, &events).await?;
        Ok(Self { now_ms, events })
    }

    /// A line as the refund rules see it. A deleted event counts as begun long ago.
    pub fn line(&self, line: &booking_lines::Model, tickets: &[Ticket]) -> Line {
        let used = tickets
            .iter()
            .any(|ticket| ticket.line_id == line.id.0 && ticket.status == TicketStatus::Used);
        Line {
            id: line.id,
            paid_minor: ledger::cost(line).paid_minor(),
            returned_minor: line.refunded_minor + line.refunding_minor,
            standing: match line.cancelled_at {
                Some(_) => LineStatus::Cancelled,
                None => LineStatus::Live,
            },
            terms: if line.refundable == 1 { CancelTerms::Refundable } else { CancelTerms::Final },
            admission: if used { Admission::Used } else { Admission::Unused },
            occasion: self
                .events
                .get(&line.event_id)
                .copied()
                .unwrap_or(Occasion::StartsAt(i64::MIN)),
        }
    }
}

/// Lines as the refund rules see them. All lines belong to one booking.
pub async fn standing(tx: &Tx, lines: &[booking_lines::Model]) -> Result<Vec<Line>, StoreError> {
    let Some(booking) = lines.first().map(|line| line.booking_id) else { return Ok(Vec::new()) };
    let tickets = tickets::of_bookings(tx, &[booking]).await?.remove(&booking).unwrap_or_default();
    let occasions = Occasions::of(tx, lines.iter()).await?;
    Ok(lines.iter().map(|line| occasions.line(line, &tickets)).collect())
}
