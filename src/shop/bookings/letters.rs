//! The mails about bookings.

mod calendar;
mod links;
mod moved;
mod texts;
mod times;
mod words;

use std::collections::HashMap;

use async_trait::async_trait;
use holdfast_domain::{
    booking::BookingState,
    checkout::Failure,
    ids::{BookingId, EventId, LineId},
    message::Kind,
};
use holdfast_entity::{booking_lines, bookings, events, messages};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use self::words::amount;
pub use self::{
    links::links,
    moved::{MoveDetail, moved},
};
use super::{
    page_of, read_link,
    store::{self, letters},
};
use crate::{
    kernel::{
        db::{Bug, Db, StoreError},
        keys::KeyRing,
        settings::WebAddress,
    },
    messages::{
        Letter, LetterWriter, NewMessage,
        letter::{Language, LetterAction, LetterFact, LetterGroup, LetterRow},
    },
};

/// The failure of a booking whose event was called off during the payment.
pub const EVENT_CANCELLED: &str = "event-cancelled";
/// How long the mail about a declined payment waits. The buyer usually stands before the page and takes another card.
const DECLINED_WAIT_MS: i64 = 15 * 60 * 1000;

/// Writes the mails about bookings.
#[derive(Debug, Clone)]
pub struct BookingLetters {
    pub db: Db,
    /// Signs the links to the bookings.
    pub keys: KeyRing,
    /// The address of the shop.
    pub home: WebAddress,
}

/// What a mail about a cancellation or a refund says besides the booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct CancelDetail {
    /// The cancelled lines; none for a refund without a cancellation.
    lines: Vec<LineId>,
    /// The amount that is returned, in minor units.
    refund_minor: i64,
}

/// The mail for a booking that is paid for or free. `None` if the booking has no address.
pub fn confirmed(booking: &bookings::Model) -> Option<NewMessage<'_>> {
    message(booking, Kind::BookingConfirmed)
}

/// The mail for a booking that was not paid for.
pub fn failed<'a>(booking: &'a bookings::Model, why: &Failure) -> Option<NewMessage<'a>> {
    let wait_ms = if matches!(why, Failure::Declined { .. }) { DECLINED_WAIT_MS } else { 0 };
    Some(NewMessage { wait_ms, ..message(booking, Kind::BookingFailed)? })
}

/// The mail for cancelled lines. `kind` says whether the buyer or the organizer cancelled them, or the event was called off.
///
/// # Errors
/// When the detail cannot be written, which is a bug.
pub fn cancelled<'a>(
    booking: &'a bookings::Model,
    kind: Kind,
    lines: &[LineId],
    refund_minor: i64,
) -> Result<Option<NewMessage<'a>>, StoreError> {
    // A line is cancelled only once.
    let instance = lines.iter().min().map(ToString::to_string).unwrap_or_default();
    with_detail(booking, kind, instance, &CancelDetail { lines: lines.to_vec(), refund_minor })
}

/// The mail for a refund without a cancellation. `refund` tells the refunds of a booking apart.
///
/// # Errors
/// When the detail cannot be written, which is a bug.
pub fn refunded(
    booking: &bookings::Model,
    refund: impl ToString,
    refund_minor: i64,
) -> Result<Option<NewMessage<'_>>, StoreError> {
    let detail = CancelDetail { lines: Vec::new(), refund_minor };
    with_detail(booking, Kind::RefundStarted, refund.to_string(), &detail)
}

fn with_detail<'a>(
    booking: &'a bookings::Model,
    kind: Kind,
    instance: String,
    detail: &CancelDetail,
) -> Result<Option<NewMessage<'a>>, StoreError> {
    let Some(message) = message(booking, kind) else { return Ok(None) };
    let detail = written(detail)?;
    Ok(Some(NewMessage { instance, detail: Some(detail), ..message }))
}

fn written(detail: &impl Serialize) -> Result<String, StoreError> {
    Ok(serde_json::to_string(detail).map_err(|error| Bug::new(error.to_string()))?)
}

fn read_detail<D: DeserializeOwned>(message: &messages::Model) -> Result<D, StoreError> {
    let read = serde_json::from_str(message.detail.as_deref().unwrap_or_default());
    Ok(read.map_err(|error| Bug::new(format!("message {}: {error}", message.id)))?)
}

fn message(booking: &bookings::Model, kind: Kind) -> Option<NewMessage<'_>> {
    let recipient = booking.email.as_deref()?;
    Some(NewMessage::once(kind, booking.id.0, recipient, &booking.locale))
}

#[async_trait]
impl LetterWriter for BookingLetters {
    fn kinds(&self) -> &'static [Kind] {
        &[
            Kind::BookingConfirmed,
            Kind::BookingFailed,
            Kind::BookingCancelled,
            Kind::EventCancelled,
            Kind::EventMoved,
            Kind::RefundStarted,
            Kind::BookingLinks,
        ]
    }

    async fn write(&self, message: &messages::Model) -> Result<Option<Letter>, StoreError> {
        if message.kind == Kind::BookingLinks {
            return self.with_links(message).await;
        }
        let id = BookingId(message.subject_id);
        let (booking, lines) = store::booking_with_lines(&self.db, id).await?;
        if message.kind == Kind::BookingFailed && letters::is_booked_again(&self.db, id).await? {
            return Ok(None);
        }
        let ids = lines.iter().map(|line| line.event_id);
        let events = letters::events(&self.db, ids).await?;
        let subject = self.subject(message, &booking, &events);
        let detail = || read_detail::<CancelDetail>(message);
        Ok(match message.kind {
            Kind::BookingConfirmed if booking.status != BookingState::Confirmed => None,
            Kind::BookingConfirmed => Some(subject.confirmed(&lines)),
            Kind::BookingFailed if booking.status != BookingState::Failed => None,
            Kind::BookingFailed => Some(subject.failed(&lines)),
            Kind::BookingCancelled => Some(subject.cancelled(&lines, &detail()?)),
            Kind::EventCancelled => Some(subject.called_off(&lines, &detail()?)),
            Kind::EventMoved => subject.moved(&self.db, message, &lines).await?,
            Kind::RefundStarted => Some(subject.refunded(&detail()?)),
            Kind::Activation
            | Kind::AccountKnown
            | Kind::Welcome
            | Kind::PasswordReset
            | Kind::PasswordChanged
            | Kind::EmailChange
            | Kind::EmailChanged
            | Kind::EmailReplaced
            | Kind::AccountErased
            | Kind::BookingLinks
            | Kind::BookingCode
            | Kind::SignInsRefused
            | Kind::Invitation
            | Kind::OrganizationDecided => None,
        })
    }
}

impl BookingLetters {
    /// The booking as this message is about it. `events` are those of the booking's lines.
    fn subject<'a>(
        &'a self,
        message: &messages::Model,
        booking: &'a bookings::Model,
        events: &'a Events,
    ) -> BookingSubject<'a> {
        BookingSubject {
            language: Language::of(&message.locale),
            home: &self.home,
            keys: &self.keys,
            written_at: message.created_at,
            booking,
            events,
        }
    }
}

type Events = HashMap<EventId, events::Model>;

/// A booking with the events of its lines, and the language in which a mail is about them.
struct BookingSubject<'a> {
    language: Language,
    home: &'a WebAddress,
    keys: &'a KeyRing,
    /// When the message was written. A mail that is sent twice has the same links.
    written_at: i64,
    booking: &'a bookings::Model,
    events: &'a Events,
}

impl BookingSubject<'_> {
    fn reference(&self) -> LetterFact {
        let label = self.language.pick("Reference", "Référence").to_owned();
        LetterFact { label, value: self.booking.reference.clone() }
    }

    fn show(&self) -> LetterAction {
        LetterAction {
            label: self.language.pick("Show my booking", "Voir ma réservation").to_owned(),
            url: self.page(),
        }
    }

    /// The address of the booking's page, with a link that shows the booking on every device.
    fn page(&self) -> String {
        let ends = self.events.values().map(|event| event.ends_at);
        let link = read_link(self.keys, self.booking, ends, self.written_at);
        page_of(self.home, &self.booking.reference, link.as_ref().map(|link| link.token.as_str()))
    }

    /// The events of these lines, each once.
    fn events_of<'l>(
        &self,
        lines: impl IntoIterator<Item = &'l booking_lines::Model>,
    ) -> Vec<&events::Model> {
        let mut events: Vec<&events::Model> = Vec::new();
        for event in lines.into_iter().filter_map(|line| self.events.get(&line.event_id)) {
            if !events.iter().any(|known| known.id == event.id) {
                events.push(event);
            }
        }
        events
    }

    /// The names of the lines' events, each once.
    fn names<'l>(&self, lines: impl IntoIterator<Item = &'l booking_lines::Model>) -> String {
        let mut names: Vec<&str> = Vec::new();
        for event in self.events_of(lines) {
            if !names.contains(&event.name.as_str()) {
                names.push(&event.name);
            }
        }
        names.join(", ")
    }

    fn groups(&self, lines: &[booking_lines::Model], amounts: Amounts) -> Vec<LetterGroup> {
        let mut groups: Vec<(EventId, LetterGroup)> = Vec::new();
        for line in lines {
            let row = self.row(line, amounts);
            match groups.iter_mut().find(|(event, _)| *event == line.event_id) {
                Some((_, group)) => group.rows.push(row),
                None => groups.push((line.event_id, self.group(line.event_id, row))),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    fn group(&self, event: EventId, row: LetterRow) -> LetterGroup {
        let (title, lines) = match self.events.get(&event) {
            Some(event) => (
                event.name.clone(),
                vec![times::beginning(self.language, event), event.place.clone()],
            ),
            None => (String::new(), Vec::new()),
        };
        LetterGroup { title, lines, rows: vec![row], link: None }
    }

    fn row(&self, line: &booking_lines::Model, amounts: Amounts) -> LetterRow {
        let count = if line.quantity > 1 { format!("× {}", line.quantity) } else { String::new() };
        let amount = match amounts {
            Amounts::Shown => self.money(line.price_minor),
            Amounts::Hidden => String::new(),
        };
        LetterRow { label: line.label.clone(), remark: count, amount }
    }

    fn money(&self, minor: i64) -> String {
        let point = self.language.pick('.', ',');
        amount(minor, self.booking.currency, point)
    }
}

/// Whether rows show what their places cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amounts {
    Shown,
    Hidden,
}
