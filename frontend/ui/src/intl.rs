//! Money and dates in the reader's format, through the browser's `Intl`.
//!
//! `Intl` throws an error for a language, a currency or a time zone that it does not know. All three come from
//! outside: from the browser's settings or from the server. Therefore the program asks for a formatter with ever
//! plainer options until the browser creates one. A formatter is kept for each format, because creating a formatter
//! takes longer than a thousand uses.

mod dates;

use std::cell::RefCell;

use holdfast_contract::money::Money;
use holdfast_domain::money::Currency;
use js_sys::{Array, Function, Object, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};

use crate::{
    i18n::Locale,
    js::{call, member, object},
    state::language,
};

pub use dates::{DateStyle, date, device_zone};

thread_local! {
    // There are only a few formatters, and searching a short list is faster than hashing a name.
    static FORMATTERS: RefCell<Vec<(String, Option<Function>)>> = const { RefCell::new(Vec::new()) };
}

/// The `Intl` of this browser.
fn intl() -> JsValue {
    member(&js_sys::global(), "Intl")
}

/// The language tags to try, the best first: the reader's own variant of the language, such as `en-US`, then ours.
fn tags(locale: Locale) -> Vec<String> {
    let canonical = |wanted: String| {
        let wanted = language::bcp47(&wanted);
        let list = call(&intl(), "getCanonicalLocales", &[wanted.into()]).ok()?;
        list.dyn_into::<Array>().ok()?.get(0).as_string()
    };
    let ours = match locale {
        Locale::en => "en-GB",
        Locale::fr => "fr-FR",
    };
    let mut tags: Vec<_> = window()
        .navigator()
        .languages()
        .into_iter()
        .filter_map(|entry| entry.as_string())
        .filter(|entry| language::locale_of(entry) == Some(locale))
        .filter_map(canonical)
        .take(1)
        .collect();
    tags.push(ours.to_owned());
    tags
}

/// The `format` function of a new formatter of this class. `None` if the browser refuses the options.
fn made(class: &str, tag: &str, wishes: &Object) -> Option<Function> {
    let class: Function = member(&intl(), class).dyn_into().ok()?;
    let arguments = Array::of2(&tag.into(), wishes);
    let formatter = Reflect::construct(&class, &arguments).ok()?;
    member(&formatter, "format").dyn_into().ok()
}

/// The formatter with this name. The function creates it in the first of the reader's languages that the browser
/// supports.
fn formatter(
    name: String,
    locale: Locale,
    class: &str,
    wishes: &[(&str, JsValue)],
) -> Option<Function> {
    FORMATTERS.with_borrow_mut(|known| {
        if let Some((_, formatter)) = known.iter().find(|(it, _)| *it == name) {
            return formatter.clone();
        }
        let wishes = object(wishes);
        let formatter = tags(locale).iter().find_map(|tag| made(class, tag, &wishes));
        known.push((name, formatter.clone()));
        formatter
    })
}

fn applied(format: &Function, value: &JsValue) -> Option<String> {
    format.call1(&JsValue::UNDEFINED, value).ok()?.as_string()
}

/// The number of digits after the decimal point of an amount in the currency. The server's table decides. The
/// browser's own number follows the coins in use.
fn digits(currency: &str) -> u32 {
    Currency::of_code(currency).map_or(2, Currency::decimals)
}

#[allow(clippy::cast_precision_loss, reason = "prices are far below 2^53 minor units")]
fn amount(locale: Locale, money: &Money, short: bool) -> String {
    let Money { currency, .. } = money;
    let digits = digits(currency);
    let zeros = if short { "stripIfInteger" } else { "auto" };
    let wishes = [
        ("style", "currency".into()),
        ("currency", currency.as_str().into()),
        ("minimumFractionDigits", digits.into()),
        ("maximumFractionDigits", digits.into()),
        ("trailingZeroDisplay", zeros.into()),
    ];
    let name = format!("n{locale:?}{currency}{short}");
    let value = money.amount as f64 / f64::from(10_u32.pow(digits));
    formatter(name, locale, "NumberFormat", &wishes)
        .and_then(|format| applied(&format, &value.into()))
        .unwrap_or_else(|| plain(money, digits))
}

/// An amount in figures, with the code of its currency, for browsers that cannot format the amount. The function uses
/// no fractional numbers, because the code that formats them is larger than this module.
fn plain(money: &Money, digits: u32) -> String {
    let width = digits as usize + 1;
    let mut figures = format!("{:0width$}", money.amount.unsigned_abs());
    if digits > 0 {
        figures.insert(figures.len() - digits as usize, '.');
    }
    let sign = if money.amount < 0 { "-" } else { "" };
    format!("{} {sign}{figures}", money.currency)
}

/// An amount with its currency: `€25.00`.
pub fn money(locale: Locale, money: &Money) -> String {
    amount(locale, money, false)
}

/// An amount without empty minor units, for narrow places: `€25`.
pub fn money_short(locale: Locale, money: &Money) -> String {
    amount(locale, money, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_the_digits_of_its_currency() {
        for (amount, currency, text) in [
            (150_000_000, "IDR", "IDR 1500000.00"),
            (250_000, "HUF", "HUF 2500.00"),
            (2500, "JPY", "JPY 2500"),
            (1250, "KWD", "KWD 1.250"),
            (-5, "EUR", "EUR -0.05"),
            (1250, "?", "? 12.50"),
        ] {
            let money = Money { amount, currency: currency.into() };
            assert_eq!(plain(&money, digits(currency)), text);
        }
    }
}
