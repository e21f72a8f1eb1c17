//! SQL that writes reservations with their items.

use holdfast_domain::{
    ids::{Buyer, EventId, ItemId, OfferId, OrganizationId, ReservationId, SeatId, SectionId},
    money::Currency,
    reservation::{ItemKind, ItemState, ReservationState},
};
use holdfast_entity::{reservation_items, reservations};

use super::{TakeTimes, TakenSeat, take_seats};
use crate::{
    kernel::db::{self, Sql, StoreError, Together},
    live::record,
    shop::reservations::terms::Terms,
};

/// An item of a reservation: a seat, or places in general admission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: ItemId,
    /// The id of the seat; `None` in general admission.
    pub seat: Option<SeatId>,
    pub section: SectionId,
    pub offer: OfferId,
    /// The name of the place for people.
    pub label: String,
    /// The number of units of the offer.
    pub quantity: i32,
    /// The number of persons of the whole item.
    pub admits: i32,
    /// The price of the whole item, in minor units.
    pub price_minor: i64,
    /// The fence under which the place was taken.
    pub fence: i64,
}

/// The row of a reservation. Times are in milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Reserved {
    pub id: ReservationId,
    pub event: EventId,
    pub organization: OrganizationId,
    pub buyer: Buyer,
    /// The price of all items, in minor units.
    pub total_minor: i64,
    pub currency: Currency,
    /// The number of persons of all items.
    pub persons: i32,
    /// The limit of persons for one buyer at the time of the hold.
    pub max_per_user: i32,
    pub created_at: i64,
    pub expires_at: i64,
    /// The time beyond which the reservation cannot be extended.
    pub cap_at: i64,
}

/// A reservation that is about to be written, with its items.
#[derive(Debug, Clone)]
pub struct NewReservation {
    pub reserved: Reserved,
    pub items: Vec<Item>,
}

impl Reserved {
    fn row(&self) -> reservations::Model {
        reservations::Model {
            id: self.id,
            event_id: self.event,
            organization_id: self.organization,
            buyer_id: self.buyer.id(),
            buyer_kind: self.buyer.kind(),
            status: ReservationState::Active,
            persons: self.persons,
            max_per_user: self.max_per_user,
            total_minor: self.total_minor,
            currency: self.currency,
            created_at: self.created_at,
            expires_at: self.expires_at,
            cap_at: self.cap_at,
            version: 1,
        }
    }

    fn item_row(&self, item: &Item) -> reservation_items::Model {
        reservation_items::Model {
            event_id: self.event,
            reservation_id: self.id,
            id: item.id,
            kind: if item.seat.is_some() { ItemKind::Seat } else { ItemKind::General },
            seat_id: item.seat,
            section_id: item.section,
            offer_id: item.offer,
            label: item.label.clone(),
            quantity: item.quantity,
            admits: item.admits,
            price_minor: item.price_minor,
            fence: item.fence,
            state: ItemState::Held,
            expires_at: self.expires_at,
        }
    }
}

/// Takes the seats of new reservations of one event, and writes the reservations with their items and the outbox row: one
/// statement on PostgreSQL. Returns whether the event still has the version whose terms the reservations were made
/// under; otherwise the transaction must be rolled back.
///
/// The seats are locked by now. On PostgreSQL, a change of a section's name may have been committed after
/// [`lock_buyers`](super::lock_buyers) and before these locks, so this statement looks again. Later changes wait
/// for the locks.
pub async fn write_holds(
    tx: &impl Sql,
    terms: &Terms,
    taking: &TakeTimes,
    taken: &[TakenSeat],
    holds: &[NewReservation],
    change: String,
) -> Result<bool, StoreError> {
    let rows = holds.iter().map(|hold| hold.reserved.row()).collect();
    let items = holds
        .iter()
        .flat_map(|hold| hold.items.iter().map(|item| hold.reserved.item_row(item)))
        .collect();
    let together = Together::of(tx);
    if !taken.is_empty() {
        take_seats(&together, taking, taken).await?;
    }
    db::insert_all(&together, rows).await?;
    db::insert_all(&together, items).await?;
    record::write_at_version(&together, terms.event, terms.version, change).await?;
    let written = together.send(tx).await?;
    written.check()?;
    Ok(written.rows.last() == Some(&1))
}
