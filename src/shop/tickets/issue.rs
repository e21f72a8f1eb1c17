//! Issues tickets for the lines of a paid booking, changes their state, and reads them.

use std::collections::HashMap;

use holdfast_contract::bookings::{Ticket, TicketStatus};
use holdfast_domain::{
    booking::TicketState,
    ids::{BookingId, Buyer, EventId, LineId, TicketId},
};
use holdfast_entity::{booking_lines, tickets};
use uuid::Uuid;

use super::store;
use crate::kernel::{
    db::{self, Sql, StoreError, Tx, Writes},
    ports::Entropy,
};

/// Issues one ticket for each seat, and one for each admission in general admission: three family tickets of four
/// persons are three tickets that admit four persons each. The lines come with their buyers. Returns the tickets of each
/// buyer's lines.
///
/// # Errors
/// When the database fails. A second live ticket of a seat is a unique violation.
pub async fn issue(
    to: &impl Writes,
    entropy: &dyn Entropy,
    bought: &[(Uuid, &[booking_lines::Model])],
    now_ms: i64,
) -> Result<Vec<Vec<Ticket>>, StoreError> {
    let issued = bought.iter().map(|(buyer, lines)| {
        let of_line = |line| tickets_of(entropy, *buyer, line, now_ms);
        lines.iter().flat_map(of_line).collect::<Vec<tickets::Model>>()
    });
    let issued: Vec<Vec<tickets::Model>> = issued.collect();
    let shown = issued.iter().map(|rows| rows.iter().map(wire).collect()).collect();
    db::insert_all(to, issued.into_iter().flatten().collect()).await?;
    Ok(shown)
}

fn tickets_of(
    entropy: &dyn Entropy,
    buyer: Uuid,
    line: &booking_lines::Model,
    now_ms: i64,
) -> Vec<tickets::Model> {
    let ticket = |ordinal| tickets::Model {
        id: TicketId(entropy.id()),
        event_id: line.event_id,
        booking_id: line.booking_id,
        line_id: line.id,
        buyer_id: buyer,
        ordinal,
        seat_id: line.seat_id,
        section_id: line.section_id,
        label: line.label.clone(),
        admits: line.admits / line.quantity.max(1),
        status: TicketState::Valid,
        issued_at: now_ms,
    };
    (1..=line.quantity).map(ticket).collect()
}

/// Locks the tickets of a booking. From here on, no gate uses a ticket before this transaction has ended.
pub async fn lock(tx: &Tx, booking: BookingId) -> Result<(), StoreError> {
    store::lock(tx, booking).await
}

/// Cancels the tickets of these lines, used tickets included, so that they admit nobody any more. The caller has
/// judged under [`lock`] whether a ticket was used.
pub async fn void(tx: &Tx, booking: BookingId, lines: &[LineId]) -> Result<(), StoreError> {
    let admitting = [TicketState::Valid, TicketState::Used];
    store::change(tx, booking, lines, TicketState::Cancelled, &admitting).await.map(|_| ())
}

/// Marks the cancelled tickets of these lines as refunded.
pub async fn refunded(tx: &Tx, booking: BookingId, lines: &[LineId]) -> Result<(), StoreError> {
    let (to, from) = (TicketState::Refunded, TicketState::Cancelled);
    store::change(tx, booking, lines, to, &[from]).await.map(|_| ())
}

/// Marks the refunded tickets of these lines as cancelled again, because the refund did not arrive.
pub async fn not_refunded(tx: &Tx, booking: BookingId, lines: &[LineId]) -> Result<(), StoreError> {
    let (to, from) = (TicketState::Cancelled, TicketState::Refunded);
    store::change(tx, booking, lines, to, &[from]).await.map(|_| ())
}

/// Locks the tickets of bookings, and returns how many persons each event admits by them.
pub async fn lock_all(
    tx: &Tx,
    bookings: &[BookingId],
) -> Result<HashMap<EventId, i64>, StoreError> {
    let mut admitted: HashMap<EventId, i64> = HashMap::new();
    for ticket in store::lock_all(tx, bookings).await? {
        match ticket.status {
            TicketState::Valid | TicketState::Used => {
                *admitted.entry(ticket.event_id).or_default() += i64::from(ticket.admits);
            }
            TicketState::Cancelled | TicketState::Refunded | TicketState::Transferred => {}
        }
    }
    Ok(admitted)
}

/// Moves the locked tickets of bookings to another buyer. Returns their number.
pub async fn give(tx: &Tx, bookings: &[BookingId], to: Buyer) -> Result<u64, StoreError> {
    store::give(tx, bookings, to).await
}

/// The tickets of bookings, in the order in which they were issued.
pub async fn of_bookings(
    sql: &impl Sql,
    bookings: &[BookingId],
) -> Result<HashMap<BookingId, Vec<Ticket>>, StoreError> {
    let mut found: HashMap<BookingId, Vec<Ticket>> = HashMap::new();
    for row in store::of_bookings(sql, bookings).await? {
        found.entry(row.booking_id).or_default().push(wire(&row));
    }
    Ok(found)
}

fn wire(row: &tickets::Model) -> Ticket {
    Ticket {
        id: row.id.0,
        event_id: row.event_id.0,
        line_id: row.line_id.0,
        seat_id: row.seat_id.map(|seat| seat.0),
        label: row.label.clone(),
        admits: row.admits,
        status: status(row.status),
    }
}

fn status(state: TicketState) -> TicketStatus {
    match state {
        TicketState::Valid => TicketStatus::Valid,
        TicketState::Used => TicketStatus::Used,
        TicketState::Cancelled => TicketStatus::Cancelled,
        TicketState::Refunded => TicketStatus::Refunded,
        TicketState::Transferred => TicketStatus::Transferred,
    }
}
