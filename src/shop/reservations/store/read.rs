//! SQL that reads reservations and their items.

use holdfast_domain::{
    ids::{Buyer, EventId, ReservationId},
    reservation::ReservationState,
};
use holdfast_entity::{reservation_items, reservations};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Value,
};
use uuid::Uuid;

use super::write::{Item, Reserved};
use crate::kernel::db::{Sql, StoreError};

/// A reservation with the data that the API shows about it.
#[derive(Debug, Clone)]
pub struct StoredReservation {
    pub reserved: Reserved,
    /// The stored state. [`ReservationState::seen_at`] says what people see.
    pub status: ReservationState,
    /// The booking that pays, or has paid, for the reservation.
    pub booking: Option<Uuid>,
    /// The database's clock, in milliseconds since 1970.
    pub now: i64,
}

// No booking begins for a confirmed reservation, so the newest of its bookings is the booking that confirmed it.
const STORED: &str = "SELECT r.*, {now} AS now, \
     (SELECT b.booking_id FROM booking_reservations b JOIN bookings k ON k.id = b.booking_id \
     WHERE b.reservation_id = r.id AND (b.live = 1 OR r.status = 'confirmed') \
     ORDER BY b.live DESC, k.created_at DESC LIMIT 1) AS booking \
     FROM reservations r";

#[derive(FromQueryResult)]
struct StoredRow {
    #[sea_orm(nested)]
    row: reservations::Model,
    booking: Option<Uuid>,
    now: i64,
}

impl From<StoredRow> for StoredReservation {
    fn from(StoredRow { row, booking, now }: StoredRow) -> Self {
        let reserved = Reserved {
            id: row.id,
            event: row.event_id,
            organization: row.organization_id,
            buyer: Buyer::stored(row.buyer_kind, row.buyer_id),
            total_minor: row.total_minor,
            currency: row.currency,
            persons: row.persons,
            max_per_user: row.max_per_user,
            created_at: row.created_at,
            expires_at: row.expires_at,
            cap_at: row.cap_at,
        };
        Self { reserved, status: row.status, booking, now }
    }
}

/// The events in which a buyer holds something.
pub async fn active_events_of(sql: &impl Sql, buyer: Uuid) -> Result<Vec<EventId>, StoreError> {
    Ok(reservations::Entity::find()
        .select_only()
        .column(reservations::Column::EventId)
        .distinct()
        .filter(reservations::Column::BuyerId.eq(buyer))
        .filter(reservations::Column::Status.eq(ReservationState::Active))
        .into_tuple()
        .all(sql.reading())
        .await?)
}

/// All reservations of a buyer, oldest first.
pub async fn all_of_buyer(
    sql: &impl Sql,
    buyer: Uuid,
) -> Result<Vec<reservations::Model>, StoreError> {
    let found = reservations::Entity::find()
        .filter(reservations::Column::BuyerId.eq(buyer))
        .order_by_asc(reservations::Column::Id);
    Ok(found.all(sql.reading()).await?)
}

pub async fn find(
    sql: &impl Sql,
    id: ReservationId,
) -> Result<Option<StoredReservation>, StoreError> {
    let found: Option<StoredRow> =
        sql.find(&format!("{STORED} WHERE r.id = $1"), vec![id.into()]).await?;
    Ok(found.map(StoredReservation::from))
}

/// A buyer's reservations of an event, newest first, after `after`.
pub async fn list(
    sql: &impl Sql,
    event: EventId,
    buyer: Uuid,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<StoredReservation>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut values: Vec<Value> = vec![event.into(), buyer.into(), limit.into()];
    let mut text = format!("{STORED} WHERE r.event_id = $1 AND r.buyer_id = $2");
    if let Some(after) = after {
        text.push_str(" AND r.id < $4");
        values.push(after.into());
    }
    text.push_str(" ORDER BY r.id DESC LIMIT $3");
    let found: Vec<StoredRow> = sql.list(&text, values).await?;
    Ok(found.into_iter().map(StoredReservation::from).collect())
}

/// What the buyer holds or is paying for in the event, the newest first.
pub async fn pending(
    sql: &impl Sql,
    event: EventId,
    buyer: Uuid,
) -> Result<Vec<StoredReservation>, StoreError> {
    let text = format!(
        "{STORED} WHERE r.event_id = $1 AND r.buyer_id = $2 AND (r.status = 'in_payment' \
         OR (r.status = 'active' AND r.expires_at > {{now}})) ORDER BY r.id DESC"
    );
    let found: Vec<StoredRow> = sql.list(&text, vec![event.into(), buyer.into()]).await?;
    Ok(found.into_iter().map(StoredReservation::from).collect())
}

/// The items of a reservation, in the order of the request.
pub async fn items(sql: &impl Sql, id: ReservationId) -> Result<Vec<Item>, StoreError> {
    let rows = reservation_items::Entity::find()
        .filter(reservation_items::Column::ReservationId.eq(id))
        .order_by_asc(reservation_items::Column::Id)
        .all(sql.reading())
        .await?;
    let item = |row: reservation_items::Model| Item {
        id: row.id,
        seat: row.seat_id,
        section: row.section_id,
        offer: row.offer_id,
        label: row.label,
        quantity: row.quantity,
        admits: row.admits,
        price_minor: row.price_minor,
        fence: row.fence,
    };
    Ok(rows.into_iter().map(item).collect())
}
