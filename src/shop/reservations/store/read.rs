//! Reading reservations back.

use holdfast_domain::{
    ids::{
        Buyer, BuyerKind, EventId, ItemId, OfferId, OrganizationId, ReservationId, SeatId,
        SectionId,
    },
    money::Currency,
};
use sea_orm::{DbErr, QueryResult, Value};
use uuid::Uuid;

use super::write::{Item, Reserved};
use crate::kernel::db::{Sql, stored_word};

/// Reads a buyer from `buyer_id` and `buyer_kind`.
pub(crate) fn buyer(row: &QueryResult) -> Result<Option<Buyer>, DbErr> {
    let id: Option<Uuid> = row.try_get("", "buyer_id")?;
    let kind: Option<String> = row.try_get("", "buyer_kind")?;
    let Some(id) = id else { return Ok(None) };
    let kind = stored_word(&kind.unwrap_or_default(), "kind of a buyer", BuyerKind::parse)?;
    Ok(Some(Buyer::stored(kind, id)))
}

/// A reservation as stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// What it is.
    pub reserved: Reserved,
    /// The stored state; [`holdfast_domain::reservation::ReservationState::seen_at`] says what people see.
    pub status: String,
    /// The booking that pays for it, or did.
    pub booking: Option<Uuid>,
    /// The database's clock.
    pub now: i64,
}

// No booking begins for a confirmed reservation, so the newest of its bookings is the one that confirmed it.
const STORED: &str = "SELECT r.id, r.event_id, r.organization_id, r.buyer_id, r.buyer_kind, r.status, r.persons, r.max_per_user, \
     r.total_minor, r.currency, r.created_at, r.expires_at, r.cap_at, {now} AS now, \
     (SELECT b.booking_id FROM booking_reservations b JOIN bookings k ON k.id = b.booking_id \
     WHERE b.reservation_id = r.id AND (b.live = 1 OR r.status = 'confirmed') \
     ORDER BY b.live DESC, k.created_at DESC LIMIT 1) AS booking \
     FROM reservations r";

fn stored(row: &QueryResult) -> Result<Stored, DbErr> {
    let currency: String = row.try_get("", "currency")?;
    Ok(Stored {
        reserved: Reserved {
            id: ReservationId(row.try_get("", "id")?),
            event: EventId(row.try_get("", "event_id")?),
            organization: OrganizationId(row.try_get("", "organization_id")?),
            buyer: buyer(row)?.ok_or_else(|| DbErr::Type("a reservation has a buyer".into()))?,
            total_minor: row.try_get("", "total_minor")?,
            currency: Currency::parse(&currency).map_err(|error| DbErr::Type(error.to_string()))?,
            persons: row.try_get("", "persons")?,
            max_per_user: row.try_get("", "max_per_user")?,
            created_at: row.try_get("", "created_at")?,
            expires_at: row.try_get("", "expires_at")?,
            cap_at: row.try_get("", "cap_at")?,
        },
        status: row.try_get("", "status")?,
        booking: row.try_get("", "booking")?,
        now: row.try_get("", "now")?,
    })
}

/// The reservation.
pub async fn find(sql: &impl Sql, id: ReservationId) -> Result<Option<Stored>, DbErr> {
    let row = sql.one(&format!("{STORED} WHERE r.id = $1"), vec![id.0.into()]).await?;
    row.as_ref().map(stored).transpose()
}

/// A buyer's reservations of an event, newest first, after `after`.
pub async fn list(
    sql: &impl Sql,
    event: EventId,
    buyer: Uuid,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Stored>, DbErr> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut values: Vec<Value> = vec![event.0.into(), buyer.into(), limit.into()];
    let mut text = format!("{STORED} WHERE r.event_id = $1 AND r.buyer_id = $2");
    if let Some(after) = after {
        text.push_str(" AND r.id < $4");
        values.push(after.into());
    }
    text.push_str(" ORDER BY r.id DESC LIMIT $3");
    sql.all(&text, values).await?.iter().map(stored).collect()
}

/// What a reservation holds, in the order in which it was asked for.
pub async fn items(sql: &impl Sql, id: ReservationId) -> Result<Vec<Item>, DbErr> {
    let rows = sql
        .all(
            "SELECT id, seat_id, section_id, offer_id, label, quantity, admits, price_minor, fence \
             FROM reservation_items WHERE reservation_id = $1 ORDER BY id",
            vec![id.0.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Item {
                id: ItemId(row.try_get("", "id")?),
                seat: row.try_get::<Option<i32>>("", "seat_id")?.map(SeatId),
                section: SectionId(row.try_get("", "section_id")?),
                offer: OfferId(row.try_get("", "offer_id")?),
                label: row.try_get("", "label")?,
                quantity: row.try_get("", "quantity")?,
                admits: row.try_get("", "admits")?,
                price_minor: row.try_get("", "price_minor")?,
                fence: row.try_get("", "fence")?,
            })
        })
        .collect()
}
