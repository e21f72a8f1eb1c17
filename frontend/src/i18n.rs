//! The words of the pages in each language, typed by the build script from `locales/`.
//!
//! Numbers, money and dates are the browser's work: see `intl`.

#[allow(
    dead_code,
    missing_docs,
    unused_imports,
    clippy::all,
    clippy::pedantic,
    reason = "made by leptos_i18n_build"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/i18n/mod.rs"));
}

pub use generated::i18n::{I18nContextProvider, Locale, use_i18n};
pub use leptos_i18n::{t, t_string, td_string};

use leptos::prelude::Signal;

/// A text that follows the language. One type for all of them: each closure of its own would bring its
/// own copy of the code that puts it on the page.
pub fn text(
    i18n: leptos_i18n::I18nContext<Locale>,
    words: fn(Locale) -> &'static str,
) -> Signal<&'static str> {
    Signal::derive(move || words(i18n.get_locale()))
}

/// Names the page in the tab, in the reader's language.
pub fn title(i18n: leptos_i18n::I18nContext<Locale>, words: fn(Locale) -> &'static str) {
    crate::components::erased::follow(move || {
        crate::browser::set_title(&format!("{} · Holdfast", words(i18n.get_locale())));
    });
}

/// A text without values, for the page and for attributes.
#[macro_export]
macro_rules! tx {
    ($i18n:expr, $($key:ident).+) => {
        $crate::i18n::text($i18n, |locale| $crate::i18n::td_string!(locale, $($key).+))
    };
}

/// Whether a number takes the singular form: French counts nought as one, English does not.
pub fn is_singular(locale: Locale, number: i64) -> bool {
    match locale {
        Locale::en => number == 1,
        Locale::fr => (0..=1).contains(&number),
    }
}

/// A count with the language's separators: `15,460`, `15 460`.
pub fn grouped(locale: Locale, number: i64) -> String {
    let separator = match locale {
        Locale::en => ',',
        Locale::fr => '\u{202f}',
    };
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { String::from("-") } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// Picks the form of a text that goes with a number.
#[macro_export]
macro_rules! counted {
    ($locale:expr, $number:expr, $($one:ident).+ | $($other:ident).+ $(, $name:ident = $value:expr)*) => {{
        let number: i64 = $number;
        let figures = $crate::i18n::grouped($locale, number);
        let figures = figures.as_str();
        if $crate::i18n::is_singular($locale, number) {
            $crate::i18n::td_string!($locale, $($one).+, count = figures $(, $name = $value)*).to_string()
        } else {
            $crate::i18n::td_string!($locale, $($other).+, count = figures $(, $name = $value)*).to_string()
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(Locale::en, 15_460), "15,460");
        assert_eq!(grouped(Locale::fr, 1_000_000), "1\u{202f}000\u{202f}000");
        assert_eq!(grouped(Locale::en, 999), "999");
        assert_eq!(grouped(Locale::en, -1_000), "-1,000");
    }

    #[test]
    fn nought_is_singular_in_french_alone() {
        assert!(is_singular(Locale::fr, 0));
        assert!(!is_singular(Locale::en, 0));
        assert!(is_singular(Locale::en, 1));
        assert!(!is_singular(Locale::fr, 2));
    }
}
