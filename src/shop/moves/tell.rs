//! The periodic pass that writes the messages about moved events.
//!
//! The pass stores no position. The moves of an event are settled once every booking has its message, and until then each
//! run begins anew, also after a crash. Several runs at once write nothing twice, because a booking has one message for each
//! move.

use std::collections::HashMap;

use holdfast_domain::{
    booking::BookingState,
    event::moves::{LastTold, Move, TimeAndPlace, believed},
    ids::{BookingId, EventId},
    message::{self, Kind},
};
use holdfast_entity::{bookings, messages};
use uuid::Uuid;

use super::Moves;
use crate::{
    catalogue::moves,
    kernel::{
        db::{self, StoreError, Tx},
        failpoint::{self, HaltMoment},
        passes::Tally,
        ports::Entropy,
    },
    messages::{NewMessage, is_first, post, posted},
    shop::bookings::{
        letters::{MoveDetail, moved},
        live_of_event, of_ids,
    },
};

/// How long after the last change of an event its buyers are told. Organizers often correct a change at once.
const QUIET_MS: i64 = 5 * 60 * 1000;
/// How long after the first change buyers are told at the latest, even if the event is changed again and again.
const MOST_MS: i64 = 30 * 60 * 1000;
/// The maximum number of events of one pass; the next pass finds the rest.
const MAX_EVENTS: i64 = 100;
/// How many bookings get their messages in one transaction.
const BATCH: usize = 100;

impl Moves {
    /// Writes the messages about moves that are due. Returns their number.
    ///
    /// # Errors
    /// When the database fails, or the buyers of an event cannot be told. Those of all other events are told.
    pub async fn tell_pass(&self) -> Result<u64, StoreError> {
        let mut tally = Tally::default();
        for event in moves::due(&self.base.db, QUIET_MS, MOST_MS, MAX_EVENTS).await? {
            tally.add(event, self.tell(event).await)?;
        }
        tally.end()
    }

    async fn tell(&self, id: EventId) -> Result<u64, StoreError> {
        let (moves, event) = moves::unsettled(&self.base.db, id).await?;
        let Some(last) = moves.last() else { return Ok(0) };
        let last = last.version;
        let mut told = 0;
        if let Some(event) = event.filter(|event| event.status.lies_ahead()) {
            let news =
                News { event: id, version: last, after: moves::time_and_place(&event), moves };
            let Some(all) = self.tell_all(&news).await? else { return Ok(0) };
            told = all;
        }
        moves::settle(&self.base.db, id, last).await?;
        Ok(told)
    }

    /// Tells the buyers of the event. `None` if the process is about to end before all of them are told.
    async fn tell_all(&self, news: &News) -> Result<Option<u64>, StoreError> {
        let ids: Vec<BookingId> =
            live_of_event(&self.base.db, news.event).await?.into_iter().collect();
        let mut told = 0;
        for batch in ids.chunks(BATCH) {
            if self.base.tasks.stopping().is_cancelled() {
                return Ok(None);
            }
            told += self.tell_some(news, batch).await?;
            failpoint::reach("tell_move", HaltMoment::AfterRecord);
        }
        Ok(Some(told))
    }

    /// Writes the messages of these bookings, in one transaction.
    async fn tell_some(&self, news: &News, batch: &[BookingId]) -> Result<u64, StoreError> {
        let entropy = &self.base.entropy;
        self.base
            .db
            .transact(move |tx| {
                let (news, batch, entropy) = (news.clone(), batch.to_vec(), entropy.clone());
                Box::pin(async move { news.post(tx, &*entropy, &batch).await })
            })
            .await
    }
}

/// The moves of an event up to a version.
#[derive(Debug, Clone)]
struct News {
    event: EventId,
    version: i32,
    after: TimeAndPlace,
    moves: Vec<Move>,
}

impl News {
    /// Writes the messages of those bookings whose buyers believe in another time or place. Returns their number.
    async fn post(
        &self,
        tx: &Tx,
        entropy: &dyn Entropy,
        batch: &[BookingId],
    ) -> Result<u64, StoreError> {
        let subjects: Vec<Uuid> = batch.iter().map(|id| id.0).collect();
        let kinds = [Kind::BookingConfirmed, Kind::EventMoved];
        let mut mails: HashMap<Uuid, Vec<messages::Model>> = HashMap::new();
        for mail in posted(tx, &kinds, &subjects).await? {
            mails.entry(mail.subject_id).or_default().push(mail);
        }
        let bookings = of_ids(tx, batch).await?;
        let mut new = Vec::new();
        for booking in bookings.iter().filter(|it| it.status == BookingState::Confirmed) {
            let mails = mails.get(&booking.id.0).map_or(&[][..], Vec::as_slice);
            new.extend(self.message(booking, mails)?);
        }
        let count = new.len() as u64;
        post(tx, entropy, new, db::now(tx).await?).await?;
        Ok(count)
    }

    /// The message to a booking that has got these mails.
    fn message<'a>(
        &self,
        booking: &'a bookings::Model,
        mails: &[messages::Model],
    ) -> Result<Option<NewMessage<'a>>, StoreError> {
        let told = match self.last_move(mails)? {
            Some(told) => told,
            // The confirmation is still to be written, and will name the present time and place.
            None if mails.iter().any(is_unwritten) => return Ok(None),
            None => LastTold::Confirmation(booking.settled_at.unwrap_or(booking.created_at)),
        };
        let Some(before) = believed(&self.moves, &told).filter(|before| **before != self.after)
        else {
            return Ok(None);
        };
        let (event, version) = (self.event, self.version);
        moved(booking, &MoveDetail { event, version, before: before.clone() })
    }

    /// What became of the last message about a move of this event.
    fn last_move(&self, mails: &[messages::Model]) -> Result<Option<LastTold>, StoreError> {
        let mut last: Option<(MoveDetail, &messages::Model)> = None;
        for mail in mails.iter().filter(|mail| mail.kind == Kind::EventMoved) {
            let detail = MoveDetail::of(mail)?;
            let is_later = last.as_ref().is_none_or(|(other, _)| other.version < detail.version);
            if detail.event == self.event && is_later {
                last = Some((detail, mail));
            }
        }
        Ok(last.map(|(detail, mail)| match mail.status {
            message::Status::Sent => LastTold::Move(detail.version),
            message::Status::Waiting | message::Status::Unneeded | message::Status::Failed => {
                LastTold::Unsent(detail.before)
            }
        }))
    }
}

/// Whether the mail is a confirmation that no node has begun to write.
fn is_unwritten(mail: &messages::Model) -> bool {
    mail.kind == Kind::BookingConfirmed
        && is_first(mail)
        && mail.status == message::Status::Waiting
        && mail.attempts == 0
}
