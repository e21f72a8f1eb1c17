//! Dates and times in the time zone of the event.

use js_sys::Date;
use wasm_bindgen::{JsCast, JsValue};

use super::{applied, formatter, intl};
use crate::{
    i18n::Locale,
    js::{call, member},
};

/// The parts of a date that a text shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DateStyle {
    /// Weekday, day, month, year and time.
    Full,
    /// Weekday, day, month, year and time, short enough for one line on a phone.
    Short,
    /// The short name of the weekday.
    Weekday,
    /// The time of day, in hours and minutes.
    Time,
    /// The day of the month.
    Day,
    /// The short name of the month.
    Month,
}

impl DateStyle {
    const fn parts(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Full => &[
                ("weekday", "long"),
                ("day", "numeric"),
                ("month", "long"),
                ("year", "numeric"),
                ("hour", "numeric"),
                ("minute", "2-digit"),
            ],
            Self::Short => &[
                ("weekday", "short"),
                ("day", "numeric"),
                ("month", "short"),
                ("year", "numeric"),
                ("hour", "numeric"),
                ("minute", "2-digit"),
            ],
            Self::Weekday => &[("weekday", "short")],
            Self::Time => &[("hour", "numeric"), ("minute", "2-digit")],
            Self::Day => &[("day", "numeric")],
            Self::Month => &[("month", "short")],
        }
    }

    /// Whether the text contains a time of day, so that the reader must know the time zone.
    const fn tells_a_moment(self) -> bool {
        match self {
            Self::Full | Self::Short => true,
            Self::Weekday | Self::Time | Self::Day | Self::Month => false,
        }
    }
}

/// The steps by which clocks are set back: an hour, and half an hour on Lord Howe Island.
const STEPS_MS: [f64; 2] = [3_600_000.0, 1_800_000.0];

/// Whether the text names the time zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ZoneMention {
    Untold,
    Told,
}

/// An RFC 3339 time, shown in a time zone of the IANA database. On the night when the clocks go back, some times of
/// day occur twice; then the text contains the abbreviation of the zone. If the browser does not know the zone, the
/// text shows the time in UTC beside the name of the zone.
pub fn date(locale: Locale, time: &str, zone: &str, style: DateStyle) -> String {
    let moment = Date::new(&time.into()).get_time();
    let Some(text) = written(locale, moment, zone, style, ZoneMention::Untold) else {
        let told = if style.tells_a_moment() { ZoneMention::Told } else { ZoneMention::Untold };
        let text = written(locale, moment, "UTC", style, told).unwrap_or_else(|| time.to_owned());
        return if style.tells_a_moment() { format!("{text} ({zone})") } else { text };
    };
    let comes_again = |step: &f64| {
        [moment - step, moment + step].into_iter().any(|other| {
            written(locale, other, zone, style, ZoneMention::Untold).as_ref() == Some(&text)
        })
    };
    if style.tells_a_moment() && STEPS_MS.iter().any(comes_again) {
        return written(locale, moment, zone, style, ZoneMention::Told).unwrap_or(text);
    }
    text
}

/// The text of a moment, in milliseconds since 1970. `None` if the browser does not know the zone.
fn written(
    locale: Locale,
    moment: f64,
    zone: &str,
    style: DateStyle,
    told: ZoneMention,
) -> Option<String> {
    let mut wishes = vec![("timeZone", JsValue::from(zone))];
    wishes.extend(style.parts().iter().map(|(name, value)| (*name, JsValue::from(*value))));
    if told == ZoneMention::Told {
        wishes.push(("timeZoneName", "short".into()));
    }
    let name = format!("d{locale:?}{zone}{style:?}{told:?}");
    let format = formatter(name, locale, "DateTimeFormat", &wishes)?;
    applied(&format, Date::new(&moment.into()).unchecked_ref())
}

/// The time zone of this device, for times that belong to no event.
pub fn device_zone() -> String {
    let options = call(&intl(), "DateTimeFormat", &[])
        .and_then(|format| call(&format, "resolvedOptions", &[]))
        .unwrap_or_default();
    member(&options, "timeZone").as_string().unwrap_or_else(|| "UTC".to_owned())
}
