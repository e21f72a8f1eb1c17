//! Parses and checks what organizers type about an event. One error names all faulty fields.

use holdfast_contract::{
    catalogue::{EventPatch, NewEvent},
    problem::FieldError,
};
use holdfast_domain::{
    event::{Schedule, Slug},
    money::Currency,
    text,
};
use icu_locale_core::Locale;

use crate::http::time;

/// The maximum length of a name or a place, in characters.
pub const MAX_NAME: usize = 200;
/// The maximum length of a description, in characters.
pub const MAX_DESCRIPTION: usize = 10_000;
/// The maximum length of a category, in characters.
pub const MAX_CATEGORY: usize = 60;
/// The maximum length of a language tag, in characters.
const MAX_TAG: usize = 64;
/// The maximum of `max_per_user` and `max_per_order`, in persons.
const MAX_PERSONS: i32 = 1_000;
/// The maximum `hold_seconds` of an event.
const MAX_HOLD_SECONDS: i64 = 24 * 60 * 60;
/// The default of `max_per_user` and `max_per_order`, in persons.
const DEFAULT_PERSONS: i32 = 10;

/// Collects the faulty fields of one request, so that one response names them all.
#[derive(Debug, Default)]
pub struct FieldFaults(Vec<FieldError>);

impl FieldFaults {
    /// Returns a good value, or adds the field to the faults.
    pub fn take<T, E: ToString>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(fault) => {
                self.0.push(FieldError { field: field.to_owned(), message: fault.to_string() });
                None
            }
        }
    }

    /// Adds the field to the faults unless the value lies in the range.
    pub fn range<T>(&mut self, field: &str, value: T, range: std::ops::RangeInclusive<T>) -> T
    where
        T: PartialOrd + std::fmt::Display + Copy,
    {
        if !range.contains(&value) {
            let message = format!("must be between {} and {}", range.start(), range.end());
            self.0.push(FieldError { field: field.to_owned(), message });
        }
        value
    }

    /// Ends the collection: succeeds only without a fault.
    ///
    /// # Errors
    /// The faulty fields, if there are any.
    pub fn none(self) -> Result<(), Vec<FieldError>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

/// A new event whose fields are checked.
#[derive(Debug, Clone)]
pub struct Details {
    pub name: String,
    /// `None` when the organizer asked for no slug.
    pub slug: Option<Slug>,
    pub description: String,
    pub category: String,
    /// A BCP 47 language tag.
    pub language: String,
    pub place: String,
    /// The name of an IANA time zone.
    pub time_zone: String,
    pub schedule: Schedule,
    /// The ISO 4217 code of the currency of all prices.
    pub currency: Currency,
    /// The limit of persons for one buyer.
    pub max_per_user: i32,
    /// The limit of persons for one reservation.
    pub max_per_order: i32,
    /// The duration of a hold, in seconds. `None` when the event has no hold time of its own.
    pub hold_seconds: Option<i64>,
}

/// Checks the price of an offer or a seat, in minor units of the event's currency.
///
/// # Errors
/// The faulty field `price_minor`.
pub fn price(currency: Currency, minor: i64) -> Result<(), Vec<FieldError>> {
    let mut faults = FieldFaults::default();
    faults.take("price_minor", currency.price(minor));
    faults.none()
}

/// Parses and checks a new event.
///
/// # Errors
/// Every field of the request that is invalid, so that one response names them all.
pub fn read(new: NewEvent) -> Result<Details, Vec<FieldError>> {
    let mut faults = FieldFaults::default();
    let name = faults.take("name", text::line(&new.name, MAX_NAME));
    let slug = new.slug.map(|slug| faults.take("slug", Slug::parse(&slug)));
    let description =
        faults.take("description", text::paragraphs(&new.description, MAX_DESCRIPTION));
    let category = faults.take("category", text::line(&new.category, MAX_CATEGORY));
    let language = faults.take("language", language(new.language.as_deref().unwrap_or("en")));
    let place = faults.take("place", text::line(&new.place, MAX_NAME));
    let time_zone = faults.take("time_zone", time_zone(&new.time_zone));
    let currency = faults.take("currency", Currency::parse(&new.currency));
    let mut at = |field, text: &str| faults.take(field, time::read(text));
    let starts = at("starts_at", &new.starts_at);
    let ends = at("ends_at", &new.ends_at);
    let sale_starts = at("sale_starts_at", &new.sale_starts_at);
    let sale_ends = new.sale_ends_at.as_deref().map_or(starts, |text| at("sale_ends_at", text));
    let schedule = match (starts, ends, sale_starts, sale_ends) {
        (Some(starts), Some(ends), Some(sale_starts), Some(sale_ends)) => {
            schedule(&mut faults, (starts, ends, sale_starts, sale_ends))
        }
        _ => None,
    };
    let persons = new.max_per_user.unwrap_or(DEFAULT_PERSONS);
    let max_per_user = faults.range("max_per_user", persons, 1..=MAX_PERSONS);
    let persons = new.max_per_order.unwrap_or(DEFAULT_PERSONS);
    let max_per_order = faults.range("max_per_order", persons, 1..=MAX_PERSONS);
    let hold_seconds =
        new.hold_seconds.map(|secs| faults.range("hold_seconds", secs, 1..=MAX_HOLD_SECONDS));
    faults.none()?;
    let read = || {
        Some(Details {
            name: name?,
            slug: slug.flatten(),
            description: description?,
            category: category?,
            language: language?,
            place: place?,
            time_zone: time_zone?,
            schedule: schedule?,
            currency: currency?,
            max_per_user,
            max_per_order,
            hold_seconds,
        })
    };
    Ok(read().expect("what is not there was noted as a fault"))
}

fn schedule(
    faults: &mut FieldFaults,
    (starts, ends, sale_starts, sale_ends): (i64, i64, i64, i64),
) -> Option<Schedule> {
    let made = Schedule::new(starts, ends, sale_starts, sale_ends);
    let field = made.as_ref().err().map_or("", |fault| fault.field());
    faults.take(field, made)
}

/// Changes to an event whose fields are checked. `schedule` is the event's present schedule with the changes
/// applied.
#[derive(Debug, Clone)]
pub struct EventChanges {
    pub name: Option<String>,
    pub description: Option<String>,
    pub category: Option<String>,
    pub place: Option<String>,
    /// The name of an IANA time zone.
    pub time_zone: Option<String>,
    pub schedule: Schedule,
    /// The limit of persons for one buyer.
    pub max_per_user: Option<i32>,
    /// The limit of persons for one reservation.
    pub max_per_order: Option<i32>,
    pub hold_seconds: Option<i64>,
}

/// Parses and checks changes to an event. `now` is the present schedule of the event.
///
/// # Errors
/// Every field of the request that is invalid, so that one response names them all.
pub fn read_changes(patch: &EventPatch, now: Schedule) -> Result<EventChanges, Vec<FieldError>> {
    let mut faults = FieldFaults::default();
    let mut line = |field, text: &Option<String>, max| {
        text.as_deref().and_then(|text| faults.take(field, text::line(text, max)))
    };
    let name = line("name", &patch.name, MAX_NAME);
    let category = line("category", &patch.category, MAX_CATEGORY);
    let place = line("place", &patch.place, MAX_NAME);
    let description = patch.description.as_deref().and_then(|description| {
        faults.take("description", text::paragraphs(description, MAX_DESCRIPTION))
    });
    let zone = patch.time_zone.as_deref();
    let time_zone = zone.and_then(|zone| faults.take("time_zone", time_zone(zone)));
    let mut at = |field, text: &Option<String>, before| match text {
        Some(text) => faults.take(field, time::read(text)),
        None => Some(before),
    };
    let read = (
        at("starts_at", &patch.starts_at, now.starts_at()),
        at("ends_at", &patch.ends_at, now.ends_at()),
        at("sale_starts_at", &patch.sale_starts_at, now.sale_starts_at()),
        at("sale_ends_at", &patch.sale_ends_at, now.sale_ends_at()),
    );
    let schedule = match read {
        (Some(starts), Some(ends), Some(sale_starts), Some(sale_ends)) => {
            schedule(&mut faults, (starts, ends, sale_starts, sale_ends))
        }
        _ => None,
    };
    let mut persons = |field, value: Option<i32>| {
        value.map(|persons| faults.range(field, persons, 1..=MAX_PERSONS))
    };
    let max_per_user = persons("max_per_user", patch.max_per_user);
    let max_per_order = persons("max_per_order", patch.max_per_order);
    let hold_seconds =
        patch.hold_seconds.map(|secs| faults.range("hold_seconds", secs, 1..=MAX_HOLD_SECONDS));
    faults.none()?;
    let schedule = schedule.expect("what is not there was noted as a fault");
    Ok(EventChanges {
        name,
        description,
        category,
        place,
        time_zone,
        schedule,
        max_per_user,
        max_per_order,
        hold_seconds,
    })
}

/// Reads a BCP 47 tag and writes it in its usual case. A tag that is no Unicode locale identifier (UTS 35) makes
/// browsers fail, so this function refuses it.
fn language(text: &str) -> Result<String, &'static str> {
    let locale = (text.len() <= MAX_TAG).then(|| Locale::try_from_str(text).ok()).flatten();
    locale
        .filter(|locale| !locale.id.language.is_unknown())
        .map(|locale| locale.to_string())
        .ok_or("must be a language tag such as en or de-CH")
}

/// Reads the name of a zone of the tz database. Browsers fail for an unknown name, so only names of the database are
/// accepted, in its spelling.
fn time_zone(text: &str) -> Result<String, &'static str> {
    text.parse::<chrono_tz::Tz>()
        .map(|zone| zone.name().to_owned())
        .map_err(|_| "must be a zone of the tz database, such as Europe/Berlin")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> NewEvent {
        NewEvent {
            organization_id: None,
            name: " Gala ".into(),
            slug: None,
            description: String::new(),
            category: "concert".into(),
            language: None,
            place: "Erfurt".into(),
            time_zone: "Europe/Berlin".into(),
            starts_at: "2030-01-01T20:00:00Z".into(),
            ends_at: "2030-01-01T22:00:00Z".into(),
            sale_starts_at: "2029-01-01T00:00:00Z".into(),
            sale_ends_at: None,
            currency: "EUR".into(),
            max_per_user: None,
            max_per_order: None,
            hold_seconds: None,
        }
    }

    fn check(edit: impl FnOnce(&mut NewEvent), fields: &[&str]) {
        let mut event = new();
        edit(&mut event);
        let found = read(event).err().unwrap_or_default();
        let found: Vec<&str> = found.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(found, fields);
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let read = read(new()).expect("a good event");
        assert_eq!((read.name.as_str(), read.language.as_str()), ("Gala", "en"));
        assert_eq!((read.max_per_user, read.max_per_order, read.hold_seconds), (10, 10, None));
        assert_eq!(read.schedule.sale_ends_at(), read.schedule.starts_at());
    }

    #[test]
    fn every_faulty_field_is_named_at_once() {
        check(|_| (), &[]);
        check(
            |event| {
                event.name = "  ".into();
                event.slug = Some("No".into());
                event.language = Some("e".into());
                event.time_zone = "berlin".into();
                event.currency = "eur".into();
                event.starts_at = "tomorrow".into();
                event.max_per_order = Some(0);
                event.hold_seconds = Some(0);
            },
            &[
                "name",
                "slug",
                "language",
                "time_zone",
                "currency",
                "starts_at",
                "max_per_order",
                "hold_seconds",
            ],
        );
        check(|event| event.ends_at = event.starts_at.clone(), &["ends_at"]);
    }

    #[test]
    fn names_of_zones_currencies_and_languages_are_those_that_browsers_know() {
        for zone in chrono_tz::TZ_VARIANTS {
            check(|event| event.time_zone = zone.name().into(), &[]);
        }
        for wrong in [
            "Europe/Berln",
            "europe/berlin",
            "Mars/Olympus",
            "+02:00",
            "",
            " UTC",
            "Europe/Berlin/<script>",
        ] {
            check(|event| event.time_zone = wrong.into(), &["time_zone"]);
        }
        for wrong in ["XXX", "ABC", "XTS", "EURO"] {
            check(|event| event.currency = wrong.into(), &["currency"]);
        }
        for wrong in ["", "e", "en-a", "en_US@posix", "english-", "de--CH", "und"] {
            check(|event| event.language = Some(wrong.into()), &["language"]);
        }
        for (given, kept) in [("de-ch", "de-CH"), ("zh-hans-tw", "zh-Hans-TW"), ("EN", "en")] {
            let event = NewEvent { language: Some(given.into()), ..new() };
            assert_eq!(read(event).expect("a good event").language, kept);
        }
    }

    #[test]
    fn changed_times_must_fit_those_that_stay() {
        let before = read(new()).expect("a good event").schedule;
        let patch =
            EventPatch { starts_at: Some("2031-01-01T00:00:00Z".into()), ..EventPatch::default() };
        let faults = read_changes(&patch, before).expect_err("ends before it begins");
        assert_eq!(faults[0].field, "ends_at");
    }
}
