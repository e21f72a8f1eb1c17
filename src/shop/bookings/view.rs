//! Bookings on the wire.

use holdfast_contract::{
    bookings::{Booking, BookingLine, BookingStatus, Ticket},
    money::Money,
    reservations::ItemKind,
};
use holdfast_domain::refund::rules::{Asker, LineStatus};
use holdfast_entity::{booking_lines, bookings};
use sea_orm::DbErr;

use super::confirmed::Occasions;
use crate::http::time::rfc3339;

/// A booking on the wire, with what its buyer may do with it by the rules.
///
/// # Errors
/// When the store holds what its CHECKs forbid.
pub fn booking(
    stored: &bookings::Model,
    lines: &[booking_lines::Model],
    tickets: Vec<Ticket>,
    occasions: &Occasions,
) -> Result<Booking, DbErr> {
    let money = |amount| Money { amount, currency: stored.currency.clone() };
    let status = status(&stored.status)?;
    let standing: Vec<_> = lines.iter().map(|line| occasions.line(line, &tickets)).collect();
    let live = || standing.iter().filter(|line| line.standing == LineStatus::Live);
    let free_of_obstacles = |line: &holdfast_domain::refund::rules::Line| {
        line.obstacle(Asker::Buyer, occasions.now_ms).is_none()
    };
    let can_give_back = status == BookingStatus::Confirmed && live().all(free_of_obstacles);
    Ok(Booking {
        id: stored.id,
        reference: stored.reference.clone(),
        status,
        total: money(stored.total_minor),
        cancellable: can_give_back || status == BookingStatus::Pending,
        refundable: can_give_back.then(|| money(live().map(|line| line.left_minor()).sum())),
        lines: lines
            .iter()
            .zip(&standing)
            .map(|(line, standing)| BookingLine {
                id: line.id,
                event_id: line.event_id,
                kind: if line.seat_id.is_some() { ItemKind::Seat } else { ItemKind::General },
                seat_id: line.seat_id,
                section_id: line.section_id,
                offer_id: line.offer_id,
                label: line.label.clone(),
                quantity: line.quantity,
                admits: line.admits,
                price: money(line.price_minor),
                refunded: money(standing.returned_minor),
                cancelled: standing.standing == LineStatus::Cancelled,
                cancellable: status == BookingStatus::Confirmed
                    && standing.standing == LineStatus::Live
                    && free_of_obstacles(standing),
            })
            .collect(),
        tickets,
        next_action: None,
        failure: stored.failure.clone(),
        email: stored.email.clone(),
        created_at: rfc3339(stored.created_at),
    })
}

fn status(word: &str) -> Result<BookingStatus, DbErr> {
    match word {
        "pending" => Ok(BookingStatus::Pending),
        "confirmed" => Ok(BookingStatus::Confirmed),
        "failed" => Ok(BookingStatus::Failed),
        "cancelled" => Ok(BookingStatus::Cancelled),
        unknown => Err(DbErr::Type(format!("{unknown} is no status of a booking"))),
    }
}

/// A status as stored.
pub fn stored_status(status: BookingStatus) -> &'static str {
    match status {
        BookingStatus::Pending => "pending",
        BookingStatus::Confirmed => "confirmed",
        BookingStatus::Failed => "failed",
        BookingStatus::Cancelled => "cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_nobody_knows_is_no_pending_booking() {
        assert_eq!(status("pending").ok(), Some(BookingStatus::Pending));
        assert!(status("paused").is_err());
    }
}
