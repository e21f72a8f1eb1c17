//! The calendar file of a mail (RFC 5545): an entry for each event of a booking.
//!
//! All mails about a booking name an entry by the same UID, so that a calendar moves the entry that it has. The SEQUENCE is
//! the version of the event, which grows with each change (3.8.7.4).

use holdfast_entity::booking_lines;
use icalendar::{Calendar, Component as _, EventLike as _};

use super::{BookingSubject, page_of, times::utc};

impl BookingSubject<'_> {
    /// The calendar file with the events of these lines.
    pub(super) fn calendar(&self, lines: &[booking_lines::Model]) -> String {
        let mut calendar = Calendar::new();
        // The attachment is sent as this method, and both must agree (RFC 6047, 2.4).
        calendar.append_property(("METHOD", "PUBLISH"));
        for event in self.events_of(lines) {
            let places: Vec<&str> = lines
                .iter()
                .filter(|line| line.event_id == event.id)
                .map(|line| line.label.as_str())
                .collect();
            let uid = format!("{}-{}@holdfast", self.booking.id, event.id);
            let settled_at = self.booking.settled_at.unwrap_or(self.booking.created_at);
            calendar.push(
                icalendar::Event::new()
                    .uid(&uid)
                    .sequence(u32::try_from(event.version).unwrap_or(0))
                    .timestamp(utc(settled_at.max(event.updated_at)))
                    .summary(&event.name)
                    .location(&event.place)
                    .description(&format!("{}\n{}", self.booking.reference, places.join("\n")))
                    // Calendars are shared, so their entries contain no link that opens the booking.
                    .url(&page_of(self.home, &self.booking.reference, None))
                    .starts(utc(event.starts_at))
                    .ends(utc(event.ends_at))
                    .done(),
            );
        }
        calendar.to_string()
    }
}
