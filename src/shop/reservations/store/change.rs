//! SQL that extends, cancels and expires reservations. Statements on seats name the owner and the fence, and return the
//! seats that they changed.

use holdfast_domain::{
    ids::{Buyer, EventId, ReservationId},
    reservation::ReservationState,
};
use holdfast_entity::reservations;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, UpdateMany};
use uuid::Uuid;

use crate::{
    kernel::db::{self, Sql, StoreError, Writes},
    live::record::ChangedSeat,
};

/// A change of the status of reservations that raises their version.
pub(super) fn change_reservations(
    sql: &impl Writes,
    ids: &[ReservationId],
    from: ReservationState,
    to: ReservationState,
) -> UpdateMany<reservations::Entity> {
    reservations::Entity::update_many()
        .col_expr(reservations::Column::Status, to.into())
        .col_expr(reservations::Column::Version, db::plus(reservations::Column::Version, 1))
        .filter(db::is_among(sql, reservations::Column::Id, ids.iter().copied()))
        .filter(reservations::Column::Status.eq(from))
}

/// Frees the held seats of reservations. The statement compares owner and fence, so a seat that another reservation has
/// taken over keeps its new owner.
pub async fn free_seats(
    tx: &impl Sql,
    reservations: &[ReservationId],
) -> Result<Vec<ChangedSeat>, StoreError> {
    tx.list(
        "UPDATE seats SET status = 'available', version = seats.version + 1, reservation_id = NULL, \
         expires_at = NULL \
         FROM (SELECT s.event_id, s.seat_id, i.reservation_id, i.fence FROM reservation_items i \
               JOIN seats s ON s.event_id = i.event_id AND s.seat_id = i.seat_id \
               WHERE i.reservation_id {among_ids $1} AND i.kind = 'seat' \
               ORDER BY s.event_id, s.seat_id {lock_seats}) w \
         WHERE seats.event_id = w.event_id AND seats.seat_id = w.seat_id \
         [[state: AND seats.status = 'held']] \
         [[owner: AND seats.reservation_id = w.reservation_id]] \
         [[fence: AND seats.fence = w.fence]] \
         RETURNING seats.event_id, seats.seat_id, seats.version",
        vec![db::set(tx.writing().dialect(), reservations.iter().copied())],
    )
    .await
}

/// Cancels an active reservation of this buyer. Returns its event; `None` when the buyer has no such active
/// reservation.
pub async fn cancel(
    tx: &impl Sql,
    id: ReservationId,
    buyer: Buyer,
) -> Result<Option<EventId>, StoreError> {
    tx.value(
        "UPDATE reservations SET status = 'cancelled', version = version + 1 \
         WHERE id = $1 AND buyer_id = $2 AND status = 'active' RETURNING event_id",
        vec![id.into(), buyer.id().into()],
    )
    .await
}

/// Extends an active reservation to a full hold time from now, but not beyond its cap. Returns its event and new
/// expiry.
pub async fn extend(
    tx: &impl Sql,
    id: ReservationId,
    buyer: Buyer,
) -> Result<Option<Extended>, StoreError> {
    tx.find(
            // The statement reads the clock once: a second reading could be later than the cap, although the first
            // reading was earlier.
            "UPDATE reservations SET version = version + 1, expires_at = \
             (SELECT CASE WHEN t.wanted > reservations.cap_at THEN reservations.cap_at ELSE t.wanted END \
              FROM (SELECT {now} + e.hold_seconds * 1000 AS wanted FROM events e \
                    WHERE e.id = reservations.event_id) t) \
             WHERE id = $1 AND buyer_id = $2 AND status = 'active' AND expires_at > {now} \
             AND expires_at < cap_at RETURNING event_id, expires_at",
            vec![id.into(), buyer.id().into()],
        )
        .await
}

/// A reservation after its extension.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub struct Extended {
    pub event_id: EventId,
    /// The new expiry, in milliseconds since 1970.
    pub expires_at: i64,
}

/// Sets the expiry of a reservation's held seats.
pub async fn extend_seats(
    tx: &impl Sql,
    id: ReservationId,
    expires_at: i64,
) -> Result<Vec<ChangedSeat>, StoreError> {
    tx.list(
        "UPDATE seats SET version = seats.version + 1, expires_at = $2 \
             FROM (SELECT s.event_id, s.seat_id, i.fence FROM reservation_items i \
                   JOIN seats s ON s.event_id = i.event_id AND s.seat_id = i.seat_id \
                   WHERE i.reservation_id = $1 AND i.kind = 'seat' \
                   ORDER BY s.event_id, s.seat_id {lock_seats}) w \
             WHERE seats.event_id = w.event_id AND seats.seat_id = w.seat_id \
             [[state: AND seats.status = 'held']] [[owner: AND seats.reservation_id = $1]] \
             [[fence: AND seats.fence = w.fence]] \
             RETURNING seats.event_id, seats.seat_id, seats.version",
        vec![id.into(), expires_at.into()],
    )
    .await
}

/// A reservation whose hold has lapsed.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub struct Lapsed {
    pub id: ReservationId,
    pub event_id: EventId,
    expires_at: i64,
}

/// Reservations whose hold has lapsed, after `after`; the hold that lapsed first is the first. Not locked.
pub async fn lapsed(
    sql: &impl Sql,
    after: Option<Lapsed>,
    limit: u64,
) -> Result<Vec<Lapsed>, StoreError> {
    // The first id of all. A hold that ends at the epoch does not exist.
    let (at, id) =
        after.map_or((0, ReservationId(Uuid::nil())), |after| (after.expires_at, after.id));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    sql.list(
        "SELECT id, event_id, expires_at FROM reservations \
         WHERE status = 'active' AND expires_at <= (SELECT {now}) \
         AND (expires_at, id) > ($1, $2) ORDER BY expires_at, id LIMIT $3",
        vec![at.into(), id.into(), limit.into()],
    )
    .await
}

/// How many reservations have lapsed and are not cleared away.
pub async fn count_lapsed(sql: &impl Sql) -> Result<u64, StoreError> {
    // The clock is read once, so that the index finds the rows.
    let text = "SELECT count(*) FROM reservations WHERE status = 'active' AND expires_at <= (SELECT {now})";
    let count: Option<i64> = sql.value(text, Vec::new()).await?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
}

/// Marks those of these reservations that have lapsed as expired; returns them. Skips rows locked by another transaction.
///
/// The conditions of the UPDATE fit no index. Otherwise PostgreSQL, when its statistics know of no active reservations,
/// begins with all that have lapsed, and locks the set anew for each of them.
pub async fn expire(
    tx: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<ReservationId>, StoreError> {
    tx.values(
        "UPDATE reservations SET status = 'expired', version = version + 1 \
         WHERE id IN (SELECT id FROM reservations WHERE id {among_ids $1} ORDER BY id {skip}) \
         AND status || '' = 'active' AND expires_at + 0 <= {now} RETURNING id",
        vec![db::set(tx.writing().dialect(), ids.iter().copied())],
    )
    .await
}
