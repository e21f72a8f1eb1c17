//! Money and dates in the reader's format, through the browser's `Intl`.
//!
//! A formatter is created once for each locale and kept, because creating one takes longer than a thousand uses.

use std::cell::RefCell;

use holdfast_contract::money::Money;
use js_sys::{Array, Date, Function, Intl};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};

use crate::{
    i18n::Locale,
    js::{member, object},
};

/// A formatter and, for money, the number of minor units in a major unit.
#[derive(Clone)]
struct Formatter {
    format: Function,
    minor_per_major: f64,
}

thread_local! {
    // There are only a few formatters, and searching a short list is faster than hashing a name.
    static FORMATTERS: RefCell<Vec<(String, Formatter)>> = const { RefCell::new(Vec::new()) };
}

/// Which parts of a date are shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DateStyle {
    /// Weekday, day, month, year and time.
    Full,
    /// Weekday, day, month, year and time, short enough for one line on a phone.
    Short,
    /// Weekday and time.
    WeekdayTime,
    /// The day of the month.
    Day,
    /// The short name of the month.
    Month,
}

/// The reader's own variant of the language, such as `en-US`, if the browser names one.
fn tag(locale: Locale) -> String {
    let language = match locale {
        Locale::en => "en",
        Locale::fr => "fr",
    };
    window()
        .navigator()
        .languages()
        .iter()
        .filter_map(|entry| entry.as_string())
        .find(|entry| entry.starts_with(language))
        .unwrap_or_else(|| if language == "en" { "en-GB".into() } else { "fr-FR".into() })
}

fn formatter(key: String, make: impl FnOnce() -> Formatter) -> Formatter {
    FORMATTERS.with_borrow_mut(|known| {
        if let Some((_, formatter)) = known.iter().find(|(name, _)| *name == key) {
            return formatter.clone();
        }
        let made = make();
        known.push((key, made.clone()));
        made
    })
}

fn number_formatter(locale: Locale, currency: &str, short: bool) -> Formatter {
    formatter(format!("n{locale:?}{currency}{short}"), || {
        let zeros = if short { "stripIfInteger" } else { "auto" };
        let options = object(&[
            ("style", "currency".into()),
            ("currency", currency.into()),
            ("trailingZeroDisplay", zeros.into()),
        ]);
        let format = Intl::NumberFormat::new(&Array::of1(&tag(locale).into()), &options);
        let digits = member(&format.resolved_options(), "maximumFractionDigits");
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a digit")]
        let digits = digits.as_f64().map_or(2, |digits| digits as u32);
        Formatter { format: format.format(), minor_per_major: f64::from(10_u32.pow(digits)) }
    })
}

fn applied(format: &Function, value: &JsValue) -> String {
    format
        .call1(&JsValue::UNDEFINED, value)
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_default()
}

#[allow(clippy::cast_precision_loss, reason = "prices are far below 2^53 minor units")]
fn amount(locale: Locale, money: &Money, short: bool) -> String {
    let formatter = number_formatter(locale, &money.currency, short);
    applied(&formatter.format, &(money.amount as f64 / formatter.minor_per_major).into())
}

/// An amount with its currency: `€25.00`.
pub fn money(locale: Locale, money: &Money) -> String {
    amount(locale, money, false)
}

/// An amount without empty minor units, for narrow places: `€25`.
pub fn money_short(locale: Locale, money: &Money) -> String {
    amount(locale, money, true)
}

/// An RFC 3339 time, shown in a time zone of the IANA database.
pub fn date(locale: Locale, time: &str, zone: &str, style: DateStyle) -> String {
    let formatter = formatter(format!("d{locale:?}{zone}{style:?}"), || {
        let parts: &[(&str, &str)] = match style {
            DateStyle::Full => &[
                ("weekday", "long"),
                ("day", "numeric"),
                ("month", "long"),
                ("year", "numeric"),
                ("hour", "numeric"),
                ("minute", "2-digit"),
            ],
            DateStyle::Short => &[
                ("weekday", "short"),
                ("day", "numeric"),
                ("month", "short"),
                ("year", "numeric"),
                ("hour", "numeric"),
                ("minute", "2-digit"),
            ],
            DateStyle::WeekdayTime => {
                &[("weekday", "short"), ("hour", "numeric"), ("minute", "2-digit")]
            }
            DateStyle::Day => &[("day", "numeric")],
            DateStyle::Month => &[("month", "short")],
        };
        let mut options = vec![("timeZone", JsValue::from(zone))];
        options.extend(parts.iter().map(|(name, value)| (*name, JsValue::from(*value))));
        let options = object(&options);
        let format = Intl::DateTimeFormat::new(&Array::of1(&tag(locale).into()), &options);
        Formatter { format: format.format(), minor_per_major: 1.0 }
    });
    applied(&formatter.format, Date::new(&time.into()).unchecked_ref())
}
