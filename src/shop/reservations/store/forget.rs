//! SQL that deletes reservations which ended long ago.

use std::collections::BTreeSet;

use holdfast_domain::{
    ids::{EventId, ReservationId},
    reservation::ReservationState,
};
use holdfast_entity::{
    adopted_reservations, booking_reservations, reservation_items, reservations,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use crate::kernel::db::{self, Sql as _, StoreError, Tx};

/// The result of one transaction.
#[derive(Debug, Default)]
pub struct Round {
    pub deleted: u64,
    /// The last reservation that is old enough. `None` when there was none.
    pub last: Option<ReservationId>,
}

/// Looks at the next `most` reservations after this one, in the order of their ids, as far as they were made more than
/// `kept_ms` ago. Deletes those that lapsed or were cancelled and belong to no booking, with their items, and the
/// rows of buyers who have no reservation in the event any more.
///
/// # Errors
/// When the database fails.
pub async fn some(
    tx: &Tx,
    after: ReservationId,
    kept_ms: i64,
    most: u64,
) -> Result<Round, StoreError> {
    let made_before = db::now(tx).await? - kept_ms;
    let found = reservations::Entity::find()
        .filter(reservations::Column::Id.gt(after))
        .order_by_asc(reservations::Column::Id)
        .limit(most);
    let found: Vec<reservations::Model> = db::list(tx, found).await?;
    let is_old = |row: &reservations::Model| row.created_at < made_before;
    let old: Vec<reservations::Model> = found.into_iter().take_while(is_old).collect();
    let last = old.last().map(|row| row.id);
    let ended: Vec<&reservations::Model> = old.iter().filter(|row| has_ended(row)).collect();
    let paid = paid_among(tx, &ended).await?;
    let unpaid: Vec<_> = ended.into_iter().filter(|row| !paid.contains(&row.id)).collect();
    let deleted = delete(tx, &unpaid, made_before).await?;
    Ok(Round { deleted, last })
}

/// Whether the reservation has lapsed or was cancelled.
fn has_ended(row: &reservations::Model) -> bool {
    match row.status {
        ReservationState::Expired | ReservationState::Cancelled => true,
        ReservationState::Active | ReservationState::InPayment | ReservationState::Confirmed => {
            false
        }
    }
}

async fn paid_among(
    tx: &Tx,
    rows: &[&reservations::Model],
) -> Result<BTreeSet<ReservationId>, StoreError> {
    if rows.is_empty() {
        return Ok(BTreeSet::new());
    }
    let column = booking_reservations::Column::ReservationId;
    let found = booking_reservations::Entity::find().filter(db::is_among(
        tx,
        column,
        rows.iter().map(|row| row.id),
    ));
    let found: Vec<booking_reservations::Model> = db::list(tx, found).await?;
    Ok(found.into_iter().map(|row| row.reservation_id).collect())
}

async fn delete(
    tx: &Tx,
    rows: &[&reservations::Model],
    made_before: i64,
) -> Result<u64, StoreError> {
    if rows.is_empty() {
        return Ok(0);
    }
    let ids = || rows.iter().map(|row| row.id);
    let adopted = db::is_among(tx, adopted_reservations::Column::ReservationId, ids());
    db::change(tx, adopted_reservations::Entity::delete_many().filter(adopted)).await?;
    let items = db::is_among(tx, reservation_items::Column::ReservationId, ids());
    db::change(tx, reservation_items::Entity::delete_many().filter(items)).await?;
    let reservations = db::is_among(tx, reservations::Column::Id, ids());
    let deleted = db::change(tx, reservations::Entity::delete_many().filter(reservations)).await?;
    delete_buyers(tx, rows, made_before).await?;
    Ok(deleted)
}

async fn delete_buyers(
    tx: &Tx,
    rows: &[&reservations::Model],
    touched_before: i64,
) -> Result<(), StoreError> {
    #[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
    struct EventBuyer {
        event_id: EventId,
        buyer_id: Uuid,
    }
    let row =
        |row: &&reservations::Model| EventBuyer { event_id: row.event_id, buyer_id: row.buyer_id };
    let buyers: BTreeSet<EventBuyer> = rows.iter().map(row).collect();
    let text = "DELETE FROM buyers WHERE touched_at < $1 AND (event_id, buyer_id) IN \
             (SELECT rows.event_id, rows.buyer_id FROM {rows $2 (event_id uuid, buyer_id uuid)}) \
         AND NOT EXISTS (SELECT 1 FROM reservations r \
             WHERE r.event_id = buyers.event_id AND r.buyer_id = buyers.buyer_id)";
    tx.run(text, vec![touched_before.into(), db::rows(buyers)?]).await.map(|_| ())
}
