//! Looks at seats before any lock. Looks that come at the same time share a statement, see
//! [`crate::kernel::batches`].

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use holdfast_domain::{
    ids::{EventId, SeatId},
    inventory::SeatView,
    reservation::SeatWish,
};
use tokio::sync::oneshot;

use crate::{
    kernel::{
        base::Base,
        batches::{Batches, Job, take_at},
        db::{Db, StoreError},
    },
    shop::reservations::store,
};

/// The maximum number of seats in one statement, beyond those of its first look.
const MAX_SEATS: usize = 64;

/// The waiting looks, which share statements. Cheap to clone.
pub type Looks = Batches<WaitingLook>;

/// The result of a statement: the seats of all looks that shared it.
#[derive(Debug)]
pub(super) struct SeatsSeen {
    /// The time of the database.
    pub(super) now: i64,
    /// The seats as they are. Seats that do not exist are missing.
    pub(super) views: HashMap<SeatId, SeatView>,
}

/// A look that waits for its statement.
#[derive(Debug)]
pub struct WaitingLook {
    event: EventId,
    seats: Vec<SeatId>,
    answer: oneshot::Sender<Result<Arc<SeatsSeen>, StoreError>>,
}

/// Looks at seats. The result is newer than this call.
pub(super) async fn look(
    looks: &Looks,
    base: &Base,
    event: EventId,
    wishes: &[SeatWish],
) -> Result<Arc<SeatsSeen>, StoreError> {
    let seats = wishes.iter().map(|wish| wish.seat).collect();
    looks.submit(base, |answer| WaitingLook { event, seats, answer }).await?
}

impl Job for WaitingLook {
    const MAX_UNDER_WAY: usize = 1;

    fn next_group(waiting: &mut VecDeque<Self>) -> Vec<Self> {
        let Some(event) = waiting.front().map(|first| first.event) else { return Vec::new() };
        let (mut places, mut seats) = (Vec::new(), 0);
        for (place, look) in waiting.iter().enumerate() {
            if look.event == event && (place == 0 || seats + look.seats.len() <= MAX_SEATS) {
                places.push(place);
                seats += look.seats.len();
            }
        }
        take_at(waiting, &places)
    }

    async fn run(db: &Db, group: Vec<Self>) {
        let Some(event) = group.first().map(|first| first.event) else { return };
        let mut seats: Vec<SeatId> = group.iter().flat_map(|look| look.seats.clone()).collect();
        seats.sort_unstable();
        seats.dedup();
        match store::look(db, event, &seats).await {
            Ok((now, views)) => {
                let seen = Arc::new(SeatsSeen { now, views });
                for look in group {
                    look.answer.send(Ok(Arc::clone(&seen))).ok();
                }
            }
            Err(error) => {
                for look in group {
                    look.answer.send(Err(error.clone())).ok();
                }
            }
        }
    }
}
