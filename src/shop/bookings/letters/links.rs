//! The mail with links to the bookings of an address.

use holdfast_domain::{ids::BookingId, message::Kind};
use holdfast_entity::{booking_lines, bookings, events, messages};
use serde::{Deserialize, Serialize};

use super::{BookingLetters, BookingSubject, Events, letters, read_detail, store, times, written};
use crate::{
    kernel::db::StoreError,
    messages::{
        Letter, NewMessage,
        letter::{Language, LetterGroup},
    },
};

/// The detail of a message with links. Its subject is the newest booking.
#[derive(Debug, Serialize, Deserialize)]
struct LinksDetail {
    /// The bookings, newest first.
    bookings: Vec<BookingId>,
}

/// The mail with links to these bookings of one address, newest first. `None` without bookings. `instance` tells the mails
/// with the same newest booking apart.
///
/// # Errors
/// When the detail cannot be written, which is a bug.
pub fn links<'a>(
    bookings: &'a [bookings::Model],
    instance: &str,
    locale: &'a str,
) -> Result<Option<NewMessage<'a>>, StoreError> {
    let newest = bookings.first().and_then(|newest| Some((newest.id.0, newest.email.as_deref()?)));
    let Some((subject, recipient)) = newest else { return Ok(None) };
    let detail = LinksDetail { bookings: bookings.iter().map(|booking| booking.id).collect() };
    let detail = written(&detail)?;
    let mail = NewMessage::once(Kind::BookingLinks, subject, recipient, locale);
    Ok(Some(NewMessage { instance: instance.to_owned(), detail: Some(detail), ..mail }))
}

impl BookingLetters {
    /// The letter with links to those bookings that still have the recipient's address. `None` if none of them has.
    pub(super) async fn with_links(
        &self,
        message: &messages::Model,
    ) -> Result<Option<Letter>, StoreError> {
        let detail: LinksDetail = read_detail(message)?;
        let found = store::of_ids(&self.db, &detail.bookings).await?;
        let is_theirs = |it: &bookings::Model| it.email.as_deref() == Some(&message.recipient);
        let mut found: Vec<_> = found.into_iter().filter(is_theirs).collect();
        // The newest is the first.
        found.reverse();
        let ids: Vec<BookingId> = found.iter().map(|booking| booking.id).collect();
        let lines = store::lines_of(&self.db, &ids).await?;
        let events = lines.iter().map(|line| line.event_id);
        let events = letters::events(&self.db, events).await?;
        let language = Language::of(&message.locale);
        let mut letter = heading(language, found.len());
        for booking in &found {
            let lines: Vec<_> = lines.iter().filter(|line| line.booking_id == booking.id).collect();
            // The link ends after the events of this booking.
            let own: Events = lines
                .iter()
                .filter_map(|line| Some((line.event_id, events.get(&line.event_id)?.clone())))
                .collect();
            let subject = self.subject(message, booking, &own);
            if found.len() == 1 {
                letter.facts.push(subject.reference());
                letter.action = Some(subject.show());
            }
            letter.groups.push(subject.linked(&lines, found.len() > 1));
        }
        Ok((!found.is_empty()).then_some(letter))
    }
}

impl BookingSubject<'_> {
    /// Time and place in one line.
    fn held_at(&self, event: &events::Model) -> String {
        format!("{}, {}", times::beginning(self.language, event), event.place)
    }

    /// The booking's events with their times, the reference, and the link if the letter has one for each booking.
    fn linked(&self, lines: &[&booking_lines::Model], has_link: bool) -> LetterGroup {
        let events = self.events_of(lines.iter().copied());
        let mut texts: Vec<String> = events.iter().map(|event| self.held_at(event)).collect();
        // With one booking, the letter says it below.
        texts.extend(has_link.then(|| self.booking.reference.clone()));
        let link = has_link.then(|| self.show());
        LetterGroup {
            title: self.names(lines.iter().copied()),
            lines: texts,
            rows: Vec::new(),
            link,
        }
    }
}

fn heading(language: Language, count: usize) -> Letter {
    let (subject, paragraph) = match count {
        1 => (
            language.pick("Your booking", "Votre réservation"),
            language.pick(
                "Somebody, probably you, has asked for the link to this booking. It opens the booking on every device.",
                "Quelqu’un, sans doute vous, a demandé le lien vers cette réservation. Il l’ouvre sur tous vos appareils.",
            ),
        ),
        _ => (
            language.pick("Your bookings", "Vos réservations"),
            language.pick(
                "Somebody, probably you, has asked for the links to your bookings. Each opens its booking on every device.",
                "Quelqu’un, sans doute vous, a demandé les liens vers vos réservations. Chacun ouvre sa réservation sur tous vos appareils.",
            ),
        ),
    };
    let note = language.pick(
        "Whoever has a link can see the booking. To change the booking, a code is needed that we send to this address.",
        "Toute personne qui possède un lien peut voir la réservation. Pour la modifier, il faut un code que nous envoyons à cette adresse.",
    );
    Letter {
        notes: vec![note.to_owned()],
        ..Letter::new(language, subject.to_owned(), subject, paragraph.to_owned())
    }
}
