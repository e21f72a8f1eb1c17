//! The SQL of [`super::super::sold`]: what is sold and comes back, line by line, and what was paid for too late.

use holdfast_domain::ids::{EventId, ReservationId};
use sea_orm::{DbErr, Value};
use uuid::Uuid;

use super::payment::{ChangedPlaces, ChangedSeat, changed_seat, update_seats_of};
use crate::kernel::db::{Sql, placeholders};

/// Some items of some reservations.
#[derive(Debug, Clone, Default)]
pub struct Items {
    pub reservations: Vec<ReservationId>,
    pub items: Vec<Uuid>,
}

impl Items {
    fn values(&self) -> Vec<Value> {
        let reservations = self.reservations.iter().map(|id| Value::from(id.0));
        reservations.chain(self.items.iter().map(|id| Value::from(*id))).collect()
    }

    fn reservations(&self) -> String {
        placeholders(1, self.reservations.len())
    }

    fn items(&self) -> String {
        placeholders(self.reservations.len() + 1, self.items.len())
    }
}

/// Locks the reservations in the order of their ids.
pub async fn lock(sql: &impl Sql, ids: &[ReservationId]) -> Result<(), DbErr> {
    let text = format!(
        "SELECT id FROM reservations WHERE id IN ({}) ORDER BY id {{lock}}",
        placeholders(1, ids.len())
    );
    sql.all(&text, ids.iter().map(|id| id.0.into()).collect()).await.map(|_| ())
}

/// sold → available.
pub async fn free_seats(sql: &impl Sql, of: &Items) -> Result<Vec<ChangedSeat>, DbErr> {
    let text = update_seats_of(
        &of.reservations(),
        &format!("AND i.id IN ({})", of.items()),
        "status = 'available', reservation_id = NULL, expires_at = NULL",
        "seats.status = 'sold'",
    );
    sql.all(&text, of.values()).await?.iter().map(changed_seat).collect()
}

/// Marks the items as given back; the places among them with their persons.
pub async fn free_places(sql: &impl Sql, of: &Items) -> Result<Vec<ChangedPlaces>, DbErr> {
    let text = format!(
        "UPDATE reservation_items SET state = 'released' \
         WHERE reservation_id IN ({}) AND id IN ({}) AND (kind = 'seat' OR state = 'sold') \
         RETURNING kind, event_id, section_id, admits",
        of.reservations(),
        of.items()
    );
    let mut places = Vec::new();
    for row in sql.all(&text, of.values()).await? {
        if row.try_get::<String>("", "kind")? == "general" {
            places.push(ChangedPlaces {
                event: EventId(row.try_get("", "event_id")?),
                section: row.try_get("", "section_id")?,
                persons: row.try_get("", "admits")?,
            });
        }
    }
    Ok(places)
}

/// confirmed → cancelled, where nothing is left of them.
pub async fn end_empty(sql: &impl Sql, ids: &[ReservationId]) -> Result<u64, DbErr> {
    let text = format!(
        "UPDATE reservations SET status = 'cancelled', version = version + 1 \
         WHERE id IN ({}) AND status = 'confirmed' AND NOT EXISTS (SELECT 1 FROM reservation_items i \
             WHERE i.reservation_id = reservations.id AND i.state <> 'released')",
        placeholders(1, ids.len())
    );
    sql.run(&text, ids.iter().map(|id| id.0.into()).collect()).await
}

/// Whether an event of these reservations is called off.
pub async fn any_called_off(sql: &impl Sql, ids: &[ReservationId]) -> Result<bool, DbErr> {
    let text = format!(
        "SELECT 1 AS found FROM reservations r JOIN events e ON e.id = r.event_id \
         WHERE r.id IN ({}) AND e.status = 'cancelled' LIMIT 1",
        placeholders(1, ids.len())
    );
    let found = sql.one(&text, ids.iter().map(|id| id.0.into()).collect()).await?;
    Ok(found.is_some())
}

/// Own and still paying, or free, → sold. A seat that was free gets a new fence, as with every new owner.
pub async fn reclaim_seats(
    sql: &impl Sql,
    ids: &[ReservationId],
) -> Result<Vec<ChangedSeat>, DbErr> {
    let list = placeholders(1, ids.len());
    let text = format!(
        "UPDATE seats SET version = version + 1, status = 'sold', expires_at = NULL, \
             fence = CASE WHEN seats.status = 'paying' THEN seats.fence ELSE seats.fence + 1 END, \
             reservation_id = item.item_owner \
         FROM (SELECT s.event_id AS of_event, s.seat_id AS of_seat, i.fence AS item_fence, \
                 i.reservation_id AS item_owner \
             FROM reservation_items i \
             JOIN seats s ON s.event_id = i.event_id AND s.seat_id = i.seat_id \
             WHERE i.reservation_id IN ({list}) AND i.kind = 'seat' \
             ORDER BY s.event_id, s.seat_id {{lock_seats}}) AS item \
         WHERE seats.event_id = item.of_event AND seats.seat_id = item.of_seat \
         [[state: AND ((seats.status = 'paying' AND seats.reservation_id = item.item_owner \
                 AND seats.fence = item.item_fence) \
             OR seats.status = 'available' \
             OR (seats.status = 'held' AND seats.expires_at <= {{now}}))]] \
         RETURNING event_id, seat_id, version, expires_at"
    );
    let values = ids.iter().map(|id| id.0.into()).collect();
    sql.all(&text, values).await?.iter().map(changed_seat).collect()
}

/// Takes the fences of the reservations' own seats over into their items.
pub async fn follow_fences(sql: &impl Sql, ids: &[ReservationId]) -> Result<(), DbErr> {
    let text = format!(
        "UPDATE reservation_items SET fence = (SELECT s.fence FROM seats s \
             WHERE s.event_id = reservation_items.event_id \
             AND s.seat_id = reservation_items.seat_id) \
         WHERE reservation_id IN ({}) AND kind = 'seat'",
        placeholders(1, ids.len())
    );
    sql.run(&text, ids.iter().map(|id| id.0.into()).collect()).await.map(|_| ())
}
