//! The texts that all programs share, as typed functions that the build script makes from `locales/`, and the macros
//! with which every package uses its texts.
//!
//! Each package with texts has a module `i18n`, which [`texts!`](crate::texts) creates. All packages use the same
//! language: [`Locale`]. The browser formats numbers, money and dates; see `intl`.

/// Includes the module of typed texts that the build script made from the package's `locales/`.
#[macro_export]
macro_rules! generated_texts {
    () => {
        #[allow(
            dead_code,
            missing_docs,
            unused_imports,
            clippy::all,
            clippy::pedantic,
            reason = "made by leptos_i18n_codegen"
        )]
        mod generated {
            include!(concat!(env!("OUT_DIR"), "/i18n/mod.rs"));
        }
    };
}

/// Creates the texts of a package that depends on this one. The function `own` converts the common language into the
/// language type of those texts.
#[macro_export]
macro_rules! texts {
    () => {
        $crate::generated_texts!();

        pub const fn own(locale: $crate::i18n::Locale) -> generated::i18n::Locale {
            match locale {
                $crate::i18n::Locale::en => generated::i18n::Locale::en,
                $crate::i18n::Locale::fr => generated::i18n::Locale::fr,
            }
        }
    };
}

generated_texts!();

pub use crate::state::language::{I18n, use_i18n};
pub use generated::i18n::Locale;

use leptos::prelude::Signal;

/// The language type of this package's texts, which is the common language.
pub const fn own(locale: Locale) -> Locale {
    locale
}

/// A text that follows the language. All texts have this one type: each separate closure type would add a copy of the
/// rendering code.
pub fn text(i18n: I18n, words: fn(Locale) -> &'static str) -> Signal<&'static str> {
    Signal::derive(move || words(i18n.get_locale()))
}

/// Sets the title of the page in the language of the page.
pub fn title(i18n: I18n, words: fn(Locale) -> &'static str) {
    crate::components::erased::follow(move || {
        crate::browser::set_title(words(i18n.get_locale()));
    });
}

/// The words “Sign in”, which pages of all programs use.
pub fn sign_in(locale: Locale) -> &'static str {
    crate::td_string!(locale, common.sign_in)
}

/// A text of the calling package, in the given language.
#[macro_export]
#[allow(clippy::crate_in_macro_def, reason = "each package has texts of its own")]
macro_rules! td_string {
    ($locale:expr, $($rest:tt)*) => {
        leptos_i18n::td_string!(crate::i18n::own($locale), $($rest)*)
    };
}

/// A text of the calling package, in the language of the page; reactive.
#[macro_export]
macro_rules! t_string {
    ($i18n:expr, $($rest:tt)*) => {
        $crate::td_string!($i18n.get_locale(), $($rest)*)
    };
}

/// A text without values, for elements and attributes; reactive.
#[macro_export]
macro_rules! tx {
    ($i18n:expr, $($key:ident).+) => {
        $crate::i18n::text($i18n, |locale| $crate::td_string!(locale, $($key).+))
    };
}

/// A text of the group `common`, which all programs share; reactive.
#[macro_export]
macro_rules! common {
    ($i18n:expr, $key:ident) => {
        $crate::i18n::text($i18n, |locale| leptos_i18n::td_string!(locale, common.$key))
    };
}

/// Whether a number takes the singular form. French uses the singular for zero, English does not.
pub fn is_singular(locale: Locale, number: i64) -> bool {
    match locale {
        Locale::en => number == 1,
        Locale::fr => (0..=1).contains(&number),
    }
}

/// A number with the language's thousands separators: `15,460`, `15 460`.
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

/// Chooses the singular or plural text for a number.
#[macro_export]
macro_rules! counted {
    ($locale:expr, $number:expr, $($one:ident).+ | $($other:ident).+ $(, $name:ident = $value:expr)*) => {{
        let number: i64 = $number;
        let figures = $crate::i18n::grouped($locale, number);
        let figures = figures.as_str();
        if $crate::i18n::is_singular($locale, number) {
            $crate::td_string!($locale, $($one).+, count = figures $(, $name = $value)*).to_string()
        } else {
            $crate::td_string!($locale, $($other).+, count = figures $(, $name = $value)*).to_string()
        }
    }};
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fmt, fs, path::Path};

    use serde::{
        Deserialize,
        de::{Deserializer, Error, MapAccess, Visitor},
    };

    use super::*;

    /// An object of texts and further objects in which no key stands twice. Other readers of JSON take the last of two
    /// texts with one key, and the first one is lost without a word.
    struct Texts;

    impl<'de> Deserialize<'de> for Texts {
        fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
            reader.deserialize_any(TextsVisitor)
        }
    }

    struct TextsVisitor;

    impl<'de> Visitor<'de> for TextsVisitor {
        type Value = Texts;

        fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str("a text or an object of texts")
        }

        fn visit_str<E: Error>(self, _: &str) -> Result<Texts, E> {
            Ok(Texts)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
            let mut known = BTreeSet::new();
            while let Some(key) = map.next_key::<String>()? {
                map.next_value::<Texts>()?;
                if !known.insert(key.clone()) {
                    return Err(A::Error::custom(format!("{key} stands twice")));
                }
            }
            Ok(Texts)
        }
    }

    #[test]
    fn no_key_stands_twice_in_the_texts_of_any_package() {
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for package in ["ui", "map", "shop", "account", "desk"] {
            for locale in [Locale::en, Locale::fr] {
                let tag = crate::state::language::tag(locale);
                let path = packages.join(package).join("locales").join(format!("{tag}.json"));
                let json = fs::read_to_string(&path).expect("texts");
                if let Err(error) = serde_json::from_str::<Texts>(&json) {
                    panic!("{}: {error}", path.display());
                }
            }
        }
        let twice = serde_json::from_str::<Texts>(r#"{ "a": { "b": "1" }, "a": { "c": "2" } }"#);
        assert!(twice.is_err_and(|error| error.to_string().starts_with("a stands twice")));
    }

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
