//! The rows that a checkout writes when it begins.

use holdfast_domain::{
    booking::{BookingState, Reference},
    ids::{LineId, OfferId},
    legal::Subject,
};
use holdfast_entity::{
    acceptances, booking_lines, booking_reservations, bookings, reservation_items,
};

use super::{ClaimedCheckout, DecidedCheckout};
use crate::kernel::ports::Entropy;

/// The booking of a member.
pub(super) fn booking_row(
    member: &DecidedCheckout<'_>,
    entropy: &dyn Entropy,
    now_ms: i64,
) -> bookings::Model {
    let (first, claimed) = (&member.candidates[0].reservation, &member.claimed);
    let command = claimed.command;
    bookings::Model {
        id: claimed.booking,
        reference: reference(entropy).as_str().to_owned(),
        organization_id: first.organization_id,
        buyer_id: command.buyer.id(),
        buyer_kind: command.buyer.kind(),
        email: Some(command.email.clone()),
        locale: command.locale.to_owned(),
        status: BookingState::Pending,
        failure: None,
        currency: first.currency,
        total_minor: member.items.iter().map(|item| item.price_minor).sum(),
        discount_minor: 0,
        refunded_minor: 0,
        created_at: now_ms,
        settled_at: None,
        version: 1,
    }
}

/// The reservations for which the booking pays. A reservation for which another live booking pays is a unique violation.
pub(super) fn reservation_rows(
    member: &ClaimedCheckout<'_>,
) -> impl Iterator<Item = booking_reservations::Model> {
    let booking_id = member.booking;
    let row =
        move |id: &_| booking_reservations::Model { booking_id, reservation_id: *id, live: 1 };
    member.command.reservations.iter().map(row)
}

/// What the member accepts.
pub(super) fn acceptance(
    member: &ClaimedCheckout<'_>,
    entropy: &dyn Entropy,
    now_ms: i64,
) -> Option<acceptances::Model> {
    let terms = member.command.terms.as_ref().ok()?.as_ref()?;
    Some(terms.row(entropy, Subject::Booking(member.booking), now_ms))
}

/// The line of the booking for this item.
pub(super) fn line(
    member: &DecidedCheckout<'_>,
    item: &reservation_items::Model,
    refundable: &[OfferId],
    entropy: &dyn Entropy,
) -> booking_lines::Model {
    booking_lines::Model {
        booking_id: member.claimed.booking,
        id: LineId(entropy.id()),
        event_id: item.event_id,
        organization_id: member.candidates[0].reservation.organization_id,
        reservation_id: item.reservation_id,
        item_id: item.id,
        kind: item.kind,
        seat_id: item.seat_id,
        section_id: item.section_id,
        offer_id: item.offer_id,
        label: item.label.clone(),
        quantity: item.quantity,
        admits: item.admits,
        price_minor: item.price_minor,
        discount_minor: 0,
        fee_minor: 0,
        tax_rate_bp: 0,
        tax_minor: 0,
        refunded_minor: 0,
        refunding_minor: 0,
        refundable: refundable.contains(&item.offer_id).into(),
        cancelled_at: None,
    }
}

fn reference(entropy: &dyn Entropy) -> Reference {
    let mut bytes = [0_u8; 8];
    entropy.fill(&mut bytes);
    Reference::of_chance(bytes)
}
