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

/// Whether a number takes the singular form: French counts nought as one, English does not.
pub fn is_singular(locale: Locale, number: i64) -> bool {
    match locale {
        Locale::en => number == 1,
        Locale::fr => (0..=1).contains(&number),
    }
}

/// Picks the form of a text that goes with a number.
#[macro_export]
macro_rules! counted {
    ($locale:expr, $number:expr, $($one:ident).+ | $($other:ident).+ $(, $name:ident = $value:expr)*) => {{
        let number: i64 = $number;
        if $crate::i18n::is_singular($locale, number) {
            $crate::i18n::td_string!($locale, $($one).+, count = number $(, $name = $value)*).to_string()
        } else {
            $crate::i18n::td_string!($locale, $($other).+, count = number $(, $name = $value)*).to_string()
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nought_is_singular_in_french_alone() {
        assert!(is_singular(Locale::fr, 0));
        assert!(!is_singular(Locale::en, 0));
        assert!(is_singular(Locale::en, 1));
        assert!(!is_singular(Locale::fr, 2));
    }
}
