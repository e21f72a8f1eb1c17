//! Builds reservations in the form of the API.

use holdfast_contract::{
    catalogue::PendingReservation,
    money::Money as WireMoney,
    problem::RefusedSeat,
    reservations::{ItemKind, Reservation, ReservationItem, ReservationStatus},
    words::SeatRefusal as Word,
};
use holdfast_domain::{
    ids::{Buyer, EventId, ReservationId, SeatId},
    inventory::SeatRefusal,
    reservation::ReservationState,
};

use super::{
    Reservations,
    hold::HeldReservation,
    store::{self, Item, Reserved, StoredReservation},
};
use crate::{
    http::time,
    kernel::{
        db::{Db, StoreError},
        idempotency::NewObject,
    },
};

/// The reservation on the wire, as it is at `now`.
pub fn wire(reserved: &Reserved, state: ReservationState, items: &[Item], now: i64) -> Reservation {
    let money = |amount| WireMoney { amount, currency: reserved.currency.as_str().to_owned() };
    let active = state == ReservationState::Active;
    // Rounded down, so that a page never promises time that is not left.
    let left = if active { (reserved.expires_at - now).max(0) / 1000 } else { 0 };
    Reservation {
        id: reserved.id.0,
        event_id: reserved.event.0,
        status: status(state),
        expires_at: time::rfc3339(reserved.expires_at),
        expires_in_seconds: left,
        extendable: active && reserved.expires_at < reserved.cap_at,
        items: items
            .iter()
            .map(|item| ReservationItem {
                id: item.id.0,
                kind: if item.seat.is_some() { ItemKind::Seat } else { ItemKind::General },
                seat_id: item.seat.map(|seat| seat.0),
                section_id: item.section.0,
                offer_id: item.offer.0,
                label: item.label.clone(),
                quantity: item.quantity,
                admits: item.admits,
                price: money(item.price_minor),
            })
            .collect(),
        total: money(reserved.total_minor),
        refused: Vec::new(),
        guest_token: None,
        booking_id: None,
    }
}

/// How many persons a buyer holds places for, is paying for or has tickets for. This number counts against the
/// event's limit for one buyer.
pub async fn persons_of(db: &Db, event: EventId, buyer: Buyer) -> Result<i64, StoreError> {
    let now = db.now().await?;
    Ok(store::usage(db, event, buyer, now).await?.persons)
}

/// What the buyer holds or is paying for in the event, the newest first.
pub async fn pending_of(
    db: &Db,
    event: EventId,
    buyer: Buyer,
) -> Result<Vec<PendingReservation>, StoreError> {
    let found = store::pending(db, event, buyer.id()).await?;
    let shown = found.into_iter().map(|StoredReservation { reserved, status, now, .. }| {
        let left = (reserved.expires_at - now).max(0) / 1000;
        PendingReservation {
            id: reserved.id.0,
            persons: reserved.persons,
            expires_in_seconds: (status == ReservationState::Active).then_some(left),
        }
    });
    Ok(shown.collect())
}

/// The response to a hold.
pub fn told(held: &HeldReservation) -> NewObject<Reservation> {
    let reserved = &held.reserved;
    let mut shown = wire(reserved, ReservationState::Active, &held.items, reserved.created_at);
    shown.refused = held.refused.iter().map(refused).collect();
    NewObject { path: format!("/reservations/{}", shown.id), body: shown }
}

/// A refused seat on the wire.
pub fn refused((seat, refusal): &(SeatId, SeatRefusal)) -> RefusedSeat {
    let reason = match refusal {
        SeatRefusal::Held => Word::Held,
        SeatRefusal::Sold => Word::Sold,
        SeatRefusal::Blocked => Word::Blocked,
        SeatRefusal::Yours => Word::Yours,
        SeatRefusal::StaleVersion => Word::StaleVersion,
        SeatRefusal::Contended => Word::Contended,
        SeatRefusal::Unknown => Word::Unknown,
    };
    RefusedSeat::new(seat.0, reason)
}

fn status(state: ReservationState) -> ReservationStatus {
    match state {
        ReservationState::Active => ReservationStatus::Active,
        ReservationState::InPayment => ReservationStatus::InPayment,
        ReservationState::Confirmed => ReservationStatus::Confirmed,
        ReservationState::Expired => ReservationStatus::Expired,
        ReservationState::Cancelled => ReservationStatus::Cancelled,
    }
}

impl Reservations {
    /// The reservation, and its form on the wire. Does not check who asks: the caller must.
    pub async fn find(
        &self,
        id: ReservationId,
    ) -> Result<Option<(StoredReservation, Reservation)>, StoreError> {
        let Some(stored) = store::find(&self.base.db, id).await? else { return Ok(None) };
        let shown = self.show(&stored).await?;
        Ok(Some((stored, shown)))
    }

    /// The stored reservation on the wire.
    pub async fn show(&self, stored: &StoredReservation) -> Result<Reservation, StoreError> {
        let items = store::items(&self.base.db, stored.reserved.id).await?;
        let state = stored.status.seen_at(stored.reserved.expires_at, stored.now);
        let mut shown = wire(&stored.reserved, state, &items, stored.now);
        shown.booking_id = stored.booking;
        Ok(shown)
    }
}
