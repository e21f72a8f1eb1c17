//! Extending, cancelling, expiring: by owner and fence, rows counted.

use holdfast_domain::ids::{Buyer, EventId, ReservationId, SeatId};
use sea_orm::{DbErr, QueryResult};

use crate::{
    kernel::db::{Sql, placeholders},
    live::record::ChangedSeat,
};

fn changed_seats(rows: &[QueryResult]) -> Result<Vec<ChangedSeat>, DbErr> {
    rows.iter()
        .map(|row| {
            Ok(ChangedSeat {
                event: EventId(row.try_get("", "event_id")?),
                seat: SeatId(row.try_get("", "seat_id")?),
                version: row.try_get("", "version")?,
            })
        })
        .collect()
}

/// Frees the held seats of reservations: by owner and fence, so that a seat taken over meanwhile stays its
/// new owner's.
pub async fn free_seats(
    tx: &impl Sql,
    reservations: &[ReservationId],
) -> Result<Vec<ChangedSeat>, DbErr> {
    let text = format!(
        "UPDATE seats SET status = 'available', version = seats.version + 1, reservation_id = NULL, \
         expires_at = NULL \
         FROM (SELECT s.event_id, s.seat_id, i.reservation_id, i.fence FROM reservation_items i \
               JOIN seats s ON s.event_id = i.event_id AND s.seat_id = i.seat_id \
               WHERE i.reservation_id IN ({}) AND i.kind = 'seat' \
               ORDER BY s.event_id, s.seat_id {{lock_seats}}) w \
         WHERE seats.event_id = w.event_id AND seats.seat_id = w.seat_id \
         [[state: AND seats.status = 'held']] \
         [[owner: AND seats.reservation_id = w.reservation_id]] \
         [[fence: AND seats.fence = w.fence]] \
         RETURNING seats.event_id, seats.seat_id, seats.version",
        placeholders(1, reservations.len())
    );
    let values = reservations.iter().map(|id| id.0.into()).collect();
    changed_seats(&tx.all(&text, values).await?)
}

/// Ends an active reservation of its buyer; answers its event, or none when it was not active.
pub async fn cancel(
    tx: &impl Sql,
    id: ReservationId,
    buyer: Buyer,
) -> Result<Option<EventId>, DbErr> {
    let row = tx
        .one(
            "UPDATE reservations SET status = 'cancelled', version = version + 1 \
             WHERE id = $1 AND buyer_id = $2 AND status = 'active' RETURNING event_id",
            vec![id.0.into(), buyer.id().into()],
        )
        .await?;
    row.map(|row| row.try_get("", "event_id").map(EventId)).transpose()
}

/// Gives an active reservation that has not lapsed a whole hold time of its event from now, under its cap; answers
/// its event and when it lapses then.
pub async fn extend(
    tx: &impl Sql,
    id: ReservationId,
    buyer: Buyer,
) -> Result<Option<(EventId, i64)>, DbErr> {
    let row = tx
        .one(
            // The clock is read once: a second reading could be past the cap that the first was under.
            "UPDATE reservations SET version = version + 1, expires_at = \
             (SELECT CASE WHEN t.wanted > reservations.cap_at THEN reservations.cap_at ELSE t.wanted END \
              FROM (SELECT {now} + e.hold_seconds * 1000 AS wanted FROM events e \
                    WHERE e.id = reservations.event_id) t) \
             WHERE id = $1 AND buyer_id = $2 AND status = 'active' AND expires_at > {now} \
             AND expires_at < cap_at RETURNING event_id, expires_at",
            vec![id.0.into(), buyer.id().into()],
        )
        .await?;
    row.map(|row| Ok((EventId(row.try_get("", "event_id")?), row.try_get("", "expires_at")?)))
        .transpose()
}

/// Moves the time of a reservation's held seats.
pub async fn extend_seats(
    tx: &impl Sql,
    id: ReservationId,
    expires_at: i64,
) -> Result<Vec<ChangedSeat>, DbErr> {
    let rows = tx
        .all(
            "UPDATE seats SET version = seats.version + 1, expires_at = $2 \
             FROM (SELECT s.event_id, s.seat_id, i.fence FROM reservation_items i \
                   JOIN seats s ON s.event_id = i.event_id AND s.seat_id = i.seat_id \
                   WHERE i.reservation_id = $1 AND i.kind = 'seat' \
                   ORDER BY s.event_id, s.seat_id {lock_seats}) w \
             WHERE seats.event_id = w.event_id AND seats.seat_id = w.seat_id \
             [[state: AND seats.status = 'held']] [[owner: AND seats.reservation_id = $1]] \
             [[fence: AND seats.fence = w.fence]] \
             RETURNING seats.event_id, seats.seat_id, seats.version",
            vec![id.0.into(), expires_at.into()],
        )
        .await?;
    changed_seats(&rows)
}

/// Marks up to `limit` active reservations past their time as expired. Rows that somebody else is at are left
/// for the next round.
pub async fn expire_due(tx: &impl Sql, limit: u64) -> Result<Vec<ReservationId>, DbErr> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx
        .all(
            "UPDATE reservations SET status = 'expired', version = version + 1 \
             WHERE id IN (SELECT id FROM reservations WHERE status = 'active' AND expires_at <= {now} \
                          ORDER BY id LIMIT $1 {skip}) \
             AND status = 'active' AND expires_at <= {now} RETURNING id",
            vec![limit.into()],
        )
        .await?;
    rows.iter().map(|row| row.try_get("", "id").map(ReservationId)).collect()
}
