//! Times in the words of mails, in the time zone of the event.

use chrono::{DateTime, Datelike as _, Locale, Utc};
use chrono_tz::Tz;
use holdfast_domain::event::moves::TimeAndPlace;
use holdfast_entity::events;

use crate::messages::letter::Language;

/// The beginning of the event, such as `Friday, 1 January 2100 at 18:00 (CET)`.
pub(super) fn beginning(language: Language, event: &events::Model) -> String {
    let at = local(event.starts_at, &event.time_zone);
    let (day, time) = (day(language, at), at.format("%H:%M (%Z)"));
    language.pick(format!("{day} at {time}"), format!("{day} à {time}"))
}

/// Beginning and end, such as `Friday, 1 January 2100, 18:00 to 21:00 (CET)`. The day of the end is named if it is another
/// day.
pub(super) fn span(language: Language, held: &TimeAndPlace) -> String {
    let [from, to] = [held.starts_at, held.ends_at].map(|at| local(at, &held.time_zone));
    let begins = format!("{}, {}", day(language, from), from.format("%H:%M"));
    let ends = if from.date_naive() == to.date_naive() {
        to.format("%H:%M (%Z)").to_string()
    } else {
        format!("{}, {}", day(language, to), to.format("%H:%M (%Z)"))
    };
    language.pick(format!("{begins} to {ends}"), format!("{begins} à {ends}"))
}

/// The time of the database in UTC.
pub(super) fn utc(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

fn local(ms: i64, zone: &str) -> DateTime<Tz> {
    utc(ms).with_timezone(&zone.parse().unwrap_or(chrono_tz::UTC))
}

/// The weekday and the date.
fn day(language: Language, at: DateTime<Tz>) -> String {
    match language {
        Language::English => at.format_localized("%A, %-d %B %Y", Locale::en_GB).to_string(),
        Language::French => {
            let day = if at.day() == 1 { "%-der" } else { "%-d" };
            at.format_localized(&format!("%A {day} %B %Y"), Locale::fr_FR).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_names_the_day_of_its_end_if_it_is_another() {
        let minute = 60_000;
        let check = |zone: &str, minutes: i64, english: &str, french: &str| {
            let (time_zone, place) = (zone.to_owned(), "Hall".to_owned());
            let starts_at = 4_102_506_000_000;
            let held =
                TimeAndPlace { starts_at, ends_at: starts_at + minutes * minute, time_zone, place };
            assert_eq!(span(Language::English, &held), english);
            assert_eq!(span(Language::French, &held), french);
        };
        check(
            "Europe/Berlin",
            150,
            "Friday, 1 January 2100, 18:00 to 20:30 (CET)",
            "vendredi 1er janvier 2100, 18:00 à 20:30 (CET)",
        );
        check(
            "America/New_York",
            12 * 60 + 1,
            "Friday, 1 January 2100, 12:00 to Saturday, 2 January 2100, 00:01 (EST)",
            "vendredi 1er janvier 2100, 12:00 à samedi 2 janvier 2100, 00:01 (EST)",
        );
    }
}
