//! Builds bookings in the form of the API.

use holdfast_contract::{
    bookings::{Booking, BookingLine, BookingStatus, Ticket},
    money::Money,
    reservations::ItemKind,
};
use holdfast_domain::{
    booking::BookingState,
    refund::rules::{Asker, LineStatus},
};
use holdfast_entity::{booking_lines, bookings};

use super::confirmed::Occasions;
use crate::http::time::rfc3339;

/// A booking in the form of the API, including the changes that the refund rules allow its buyer.
pub fn booking(
    stored: &bookings::Model,
    lines: &[booking_lines::Model],
    tickets: Vec<Ticket>,
    occasions: &Occasions,
) -> Booking {
    let money = |amount| Money { amount, currency: stored.currency.to_string() };
    let status = status(stored.status);
    let standing: Vec<_> = lines.iter().map(|line| occasions.line(line, &tickets)).collect();
    let live = || standing.iter().filter(|line| line.standing == LineStatus::Live);
    let free_of_obstacles = |line: &holdfast_domain::refund::rules::Line| {
        line.obstacle(Asker::Buyer, occasions.now_ms).is_none()
    };
    let can_give_back = status == BookingStatus::Confirmed && live().all(free_of_obstacles);
    let is_cancellable = |line: &holdfast_domain::refund::rules::Line| {
        status == BookingStatus::Confirmed
            && line.standing == LineStatus::Live
            && free_of_obstacles(line)
    };
    Booking {
        id: stored.id.0,
        reference: stored.reference.clone(),
        status,
        total: money(stored.total_minor),
        cancellable: can_give_back || status == BookingStatus::Pending,
        refundable: can_give_back.then(|| money(live().map(|line| line.left_minor()).sum())),
        lines: lines
            .iter()
            .zip(&standing)
            .map(|(line, standing)| BookingLine {
                id: line.id.0,
                event_id: line.event_id.0,
                kind: if line.seat_id.is_some() { ItemKind::Seat } else { ItemKind::General },
                seat_id: line.seat_id.map(|seat| seat.0),
                section_id: line.section_id.0,
                offer_id: line.offer_id.0,
                label: line.label.clone(),
                quantity: line.quantity,
                admits: line.admits,
                price: money(line.price_minor),
                refunded: money(standing.returned_minor),
                cancelled: standing.standing == LineStatus::Cancelled,
                cancellable: is_cancellable(standing),
                refundable: is_cancellable(standing).then(|| money(standing.left_minor())),
            })
            .collect(),
        tickets,
        next_action: None,
        failure: stored.failure.clone(),
        email: stored.email.clone(),
        payment_expires_in_seconds: None,
        created_at: rfc3339(stored.created_at),
    }
}

fn status(state: BookingState) -> BookingStatus {
    match state {
        BookingState::Pending => BookingStatus::Pending,
        BookingState::Confirmed => BookingStatus::Confirmed,
        BookingState::Failed => BookingStatus::Failed,
        BookingState::Cancelled => BookingStatus::Cancelled,
    }
}

/// The status as the database stores it.
pub fn stored_status(status: BookingStatus) -> BookingState {
    match status {
        BookingStatus::Pending => BookingState::Pending,
        BookingStatus::Confirmed => BookingState::Confirmed,
        BookingStatus::Failed => BookingState::Failed,
        BookingStatus::Cancelled => BookingState::Cancelled,
    }
}
