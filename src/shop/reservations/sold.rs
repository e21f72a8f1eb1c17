//! Changes to sold places: they are released line by line, or taken again for a payment that succeeded late. Each
//! step runs in its caller's transaction, names owner and fence, and counts rows.

use std::collections::BTreeSet;

use holdfast_contract::catalogue::SeatStatus;
use holdfast_domain::{ids::ReservationId, reservation::ItemKind};
use holdfast_entity::booking_lines;

use super::{
    in_payment::{ChangeDrafts, note_seats, note_section, sums},
    store::{
        payment::{count_items, move_counter, sell_places},
        sold::{self as store, ReservationItems},
    },
};
use crate::kernel::db::{Bug, StoreError, Tx};

/// Changes all places of these lines from sold to available. A reservation without any places left is cancelled.
///
/// # Errors
/// When the database fails, or a place does not belong to its line. The latter is a bug, because every ticket
/// needs a sold place.
pub async fn give_back(
    tx: &Tx,
    lines: &[&booking_lines::Model],
) -> Result<ChangeDrafts, StoreError> {
    let reservations: BTreeSet<ReservationId> =
        lines.iter().map(|line| line.reservation_id).collect();
    let of = ReservationItems {
        reservations: reservations.into_iter().collect(),
        items: lines.iter().map(|line| line.item_id).collect(),
    };
    store::lock(tx, &of.reservations).await?;
    let seats = store::free_seats(tx, &of).await?;
    let places = store::free_places(tx, &of).await?;
    if seats.len() + places.len() != lines.len() {
        let freed = seats.len() + places.len();
        return Err(Bug::new(format!("{freed} of {} places come back", lines.len())).into());
    }
    let mut changes = ChangeDrafts::new();
    note_seats(&mut changes, &seats, SeatStatus::Available);
    for (event, section, persons) in sums(&places) {
        let state = move_counter(tx, event, section, 0, -persons).await?;
        note_section(&mut changes, event, state);
    }
    store::end_empty(tx, &of.reservations).await?;
    Ok(changes)
}

/// Whether an event of these reservations is called off.
pub async fn any_called_off(tx: &Tx, ids: &[ReservationId]) -> Result<bool, StoreError> {
    store::any_called_off(tx, ids).await
}

/// Sells the places of these reservations that are still paying for them or free again: all of them or none. `None`
/// when a place belongs to another buyer, a seat has another zone, row or number than when it was sold, or an event
/// is called off; the transaction must then be rolled back. General-admission places never left the reservation,
/// because, like paying seats, they do not lapse.
pub async fn reclaim(tx: &Tx, ids: &[ReservationId]) -> Result<Option<ChangeDrafts>, StoreError> {
    if store::any_called_off(tx, ids).await? {
        return Ok(None);
    }
    let wanted = count_items(tx, ids).await?;
    let seats = store::reclaim_seats(tx, ids).await?;
    let places = sell_places(tx, ids).await?;
    let of_kind = |kind| wanted.iter().filter(|it| it.kind == kind).map(|it| it.items).sum::<i64>();
    let found = (seats.len() as i64, places.len() as i64);
    if found != (of_kind(ItemKind::Seat), of_kind(ItemKind::General)) {
        return Ok(None);
    }
    // The seats are locked, so their places cannot change any more.
    if store::any_moved(tx, ids).await? {
        return Ok(None);
    }
    store::follow_fences(tx, ids).await?;
    let mut changes = ChangeDrafts::new();
    note_seats(&mut changes, &seats, SeatStatus::Sold);
    for (event, section, persons) in sums(&places) {
        move_counter(tx, event, section, -persons, persons).await?;
    }
    Ok(Some(changes))
}
