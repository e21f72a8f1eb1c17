//! Issuing tickets for the lines of a paid booking, and reading them.

use std::collections::HashMap;

use holdfast_contract::bookings::{Ticket, TicketStatus};
use holdfast_entity::{booking_lines, tickets};
use sea_orm::DbErr;
use uuid::Uuid;

use super::store;
use crate::kernel::{
    db::{Sql, Tx, Writes},
    ports::Entropy,
};

/// Issues one ticket a seat, and one an admission in general admission: three family tickets of four persons
/// are three tickets that admit four each. A seat that has a live ticket is a unique violation.
///
/// # Errors
/// When the database fails.
pub async fn issue(
    to: &impl Writes,
    entropy: &dyn Entropy,
    buyer: Uuid,
    lines: &[booking_lines::Model],
    now_ms: i64,
) -> Result<Vec<Ticket>, DbErr> {
    let mut rows = Vec::new();
    for line in lines {
        for ordinal in 1..=line.quantity {
            rows.push(tickets::Model {
                id: entropy.id(),
                event_id: line.event_id,
                booking_id: line.booking_id,
                line_id: line.id,
                buyer_id: buyer,
                ordinal,
                seat_id: line.seat_id,
                section_id: line.section_id,
                label: line.label.clone(),
                admits: line.admits / line.quantity.max(1),
                status: "valid".to_owned(),
                issued_at: now_ms,
            });
        }
    }
    store::insert(to, &rows).await?;
    rows.iter().map(wire).collect()
}

/// Locks the tickets of a booking: from here on no gate uses one before this transaction has ended.
///
/// # Errors
/// When the database fails.
pub async fn lock(tx: &Tx, booking: Uuid) -> Result<(), DbErr> {
    store::lock(tx, booking).await
}

/// The tickets of these lines, used ones too, admit nobody any more. Whether one was used was judged under
/// [`lock`].
///
/// # Errors
/// When the database fails.
pub async fn void(tx: &Tx, booking: Uuid, lines: &[Uuid]) -> Result<(), DbErr> {
    store::change(tx, booking, lines, "cancelled", &["valid", "used"]).await.map(|_| ())
}

/// What was paid for the cancelled tickets of these lines is given back.
///
/// # Errors
/// When the database fails.
pub async fn refunded(tx: &Tx, booking: Uuid, lines: &[Uuid]) -> Result<(), DbErr> {
    store::change(tx, booking, lines, "refunded", &["cancelled"]).await.map(|_| ())
}

/// What was given back for the tickets of these lines did not arrive: they are cancelled and not yet paid back.
///
/// # Errors
/// When the database fails.
pub async fn not_refunded(tx: &Tx, booking: Uuid, lines: &[Uuid]) -> Result<(), DbErr> {
    store::change(tx, booking, lines, "cancelled", &["refunded"]).await.map(|_| ())
}

/// The tickets of bookings, in the order in which they were issued.
///
/// # Errors
/// When the database fails.
pub async fn of_bookings(
    sql: &impl Sql,
    bookings: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Ticket>>, DbErr> {
    let mut found: HashMap<Uuid, Vec<Ticket>> = HashMap::new();
    for row in store::of_bookings(sql, bookings).await? {
        found.entry(row.booking_id).or_default().push(wire(&row)?);
    }
    Ok(found)
}

fn wire(row: &tickets::Model) -> Result<Ticket, DbErr> {
    Ok(Ticket {
        id: row.id,
        event_id: row.event_id,
        line_id: row.line_id,
        seat_id: row.seat_id,
        label: row.label.clone(),
        admits: row.admits,
        status: status(&row.status)?,
    })
}

fn status(word: &str) -> Result<TicketStatus, DbErr> {
    match word {
        "valid" => Ok(TicketStatus::Valid),
        "used" => Ok(TicketStatus::Used),
        "cancelled" => Ok(TicketStatus::Cancelled),
        "refunded" => Ok(TicketStatus::Refunded),
        "transferred" => Ok(TicketStatus::Transferred),
        unknown => Err(DbErr::Type(format!("{unknown} is no status of a ticket"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_nobody_knows_is_no_valid_ticket() {
        assert_eq!(status("valid").ok(), Some(TicketStatus::Valid));
        assert!(status("lost").is_err());
    }
}
