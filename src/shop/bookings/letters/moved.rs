//! The mail that tells a buyer of another time or place of an event.
//!
//! The message has the time and place in which the buyer believed when the message was written. The event's present
//! time and place are read when the mail is sent. A mail is not sent if a later move is waiting to be told, because that move gets a
//! message of its own.

use holdfast_domain::{
    booking::BookingState, event::moves::TimeAndPlace, ids::EventId, message::Kind,
};
use holdfast_entity::{booking_lines, bookings, messages};
use serde::{Deserialize, Serialize};

use super::{Amounts, BookingSubject, message, read_detail, times, written};
use crate::{
    catalogue::moves,
    kernel::db::{Db, StoreError},
    messages::{Letter, NewMessage, posted},
};

/// What a message about a move says besides the booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveDetail {
    pub event: EventId,
    /// The version of the event that began with the last move of which the message tells.
    pub version: i32,
    /// The time and place in which the buyer believed.
    pub before: TimeAndPlace,
}

impl MoveDetail {
    /// The detail of a message about a move.
    ///
    /// # Errors
    /// When the message has none, which is a bug.
    pub fn of(message: &messages::Model) -> Result<Self, StoreError> {
        read_detail(message)
    }
}

/// The mail about a move, once for each booking and move. `None` if the booking has no address.
///
/// # Errors
/// When the detail cannot be written, which is a bug.
pub fn moved<'a>(
    booking: &'a bookings::Model,
    detail: &MoveDetail,
) -> Result<Option<NewMessage<'a>>, StoreError> {
    let Some(message) = message(booking, Kind::EventMoved) else { return Ok(None) };
    let instance = format!("{}:{}", detail.event, detail.version);
    Ok(Some(NewMessage { instance, detail: Some(written(detail)?), ..message }))
}

/// The changed parts, as a letter names them.
struct Changed {
    subject: String,
    heading: &'static str,
}

impl BookingSubject<'_> {
    pub(super) async fn moved(
        &self,
        db: &Db,
        message: &messages::Model,
        lines: &[booking_lines::Model],
    ) -> Result<Option<Letter>, StoreError> {
        let MoveDetail { event: id, version, before } = MoveDetail::of(message)?;
        let live: Vec<_> = lines
            .iter()
            .filter(|line| line.event_id == id && line.cancelled_at.is_none())
            .cloned()
            .collect();
        let Some(event) = self.events.get(&id) else { return Ok(None) };
        let after = moves::time_and_place(event);
        if !event.status.lies_ahead()
            || self.booking.status != BookingState::Confirmed
            || live.is_empty()
            || before == after
            || moves::has_later(db, id, version).await?
            || is_replaced(db, message, id, version).await?
        {
            return Ok(None);
        }
        Ok(Some(self.moved_letter(&live, &before, &after)))
    }

    fn moved_letter(
        &self,
        live: &[booking_lines::Model],
        before: &TimeAndPlace,
        after: &TimeAndPlace,
    ) -> Letter {
        let (language, what) = (self.language, self.names(live));
        let Changed { subject, heading } = self.changed(&what, before, after);
        let mut letter = Letter {
            groups: self.groups(live, Amounts::Hidden),
            facts: vec![self.reference()],
            action: Some(self.show()),
            notes: vec![
                language
                    .pick(
                        "The attached file moves the date in your calendar.",
                        "Le fichier joint déplace la date dans votre agenda.",
                    )
                    .to_owned(),
            ],
            calendar: Some(self.calendar(live)),
            ..Letter::new(
                language,
                subject,
                heading,
                language.pick(
                    format!("The organizer changed {what}. Your tickets stay valid."),
                    format!("L’organisateur a modifié {what}. Vos billets restent valables."),
                ),
            )
        };
        let [old, new] = language.pick(["Until now", "Now"], ["Jusqu’ici", "Désormais"]);
        let mut told = |from: String, to: String| {
            let colon = language.colon();
            letter.paragraphs.push(format!("{old}{colon} {from}"));
            letter.paragraphs.push(format!("{new}{colon} {to}"));
        };
        if is_other_time(before, after) {
            told(times::span(language, before), times::span(language, after));
        }
        if before.place != after.place {
            told(before.place.clone(), after.place.clone());
        }
        letter
    }

    fn changed(&self, what: &str, before: &TimeAndPlace, after: &TimeAndPlace) -> Changed {
        let (language, reference) = (self.language, &self.booking.reference);
        let (news, heading) = match (is_other_time(before, after), before.place != after.place) {
            (true, true) => (
                language.pick("New time and place", "Nouvel horaire et nouveau lieu"),
                language.pick("The event has been moved", "L’événement a été déplacé"),
            ),
            (false, true) => (
                language.pick("New place", "Nouveau lieu"),
                language.pick("The event has another place", "L’événement change de lieu"),
            ),
            (true | false, false) => (
                language.pick("New time", "Nouvel horaire"),
                language.pick("The event has another time", "L’événement change d’horaire"),
            ),
        };
        let subject = format!("{news}{} {what} ({reference})", language.colon());
        Changed { subject, heading }
    }
}

fn is_other_time(before: &TimeAndPlace, after: &TimeAndPlace) -> bool {
    (before.starts_at, before.ends_at, &before.time_zone)
        != (after.starts_at, after.ends_at, &after.time_zone)
}

/// Whether a message about a later move of the event was written to the same booking.
async fn is_replaced(
    db: &Db,
    message: &messages::Model,
    event: EventId,
    version: i32,
) -> Result<bool, StoreError> {
    for other in posted(db, &[Kind::EventMoved], &[message.subject_id]).await? {
        let other = MoveDetail::of(&other)?;
        if other.event == event && other.version > version {
            return Ok(true);
        }
    }
    Ok(false)
}
