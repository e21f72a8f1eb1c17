//! The language of the pages: the reader's choice in this browser, or else the language of the signed-in user's account, or else
//! the browser's language.
//!
//! The programs use the typed texts of leptos_i18n but not its context, which would add a parser of language tags and a
//! cookie, 22 kB gzipped, to choose between two languages.

use leptos::prelude::*;

use crate::{
    browser::{self, Keep},
    components::erased::follow,
    i18n::Locale,
    state::session,
};

/// The name under which the choice is stored.
pub const LANGUAGE: &str = "holdfast.language";
/// The languages of pages and mails.
pub const LOCALES: [Locale; 2] = [Locale::en, Locale::fr];

/// The language of the page. Everything with text follows it.
#[derive(Clone, Copy)]
pub struct I18n(RwSignal<Locale>);

impl I18n {
    /// Starts with the stored choice, or else the language of the account or of the browser. Stores every later choice, and
    /// nothing else: the next user of this browser has an account of their own.
    pub fn provide() {
        let wanted = browser::read(Keep::Device, LANGUAGE).or_else(session::language);
        let locale = RwSignal::new(wanted.as_deref().and_then(locale_of).unwrap_or_else(asked_for));
        provide_context(Self(locale));
        let mut has_begun = false;
        follow(move || {
            let locale = locale.get();
            let tag = tag(locale);
            if std::mem::replace(&mut has_begun, true) {
                keep(locale);
            }
            if let Some(root) = document().document_element() {
                let _ = root.set_attribute("lang", tag);
            }
        });
    }

    /// The language of the page. Readers run again when it changes.
    pub fn get_locale(self) -> Locale {
        self.0.get()
    }

    /// The language of the page. Readers do not run again when it changes.
    pub fn get_locale_untracked(self) -> Locale {
        self.0.get_untracked()
    }

    /// Sets the language that the reader chose.
    pub fn set_locale(self, locale: Locale) {
        self.0.set(locale);
    }
}

/// Stores a choice for the pages that are opened from now on.
fn keep(locale: Locale) {
    browser::write(Keep::Device, LANGUAGE, tag(locale));
}

/// The language of the page.
pub fn use_i18n() -> I18n {
    expect_context()
}

/// The BCP 47 tag of the language.
pub const fn tag(locale: Locale) -> &'static str {
    match locale {
        Locale::en => "en",
        Locale::fr => "fr",
    }
}

/// The name of the language in the language itself.
pub const fn name(locale: Locale) -> &'static str {
    match locale {
        Locale::en => "English",
        Locale::fr => "Français",
    }
}

/// A language tag in the form of BCP 47. Some systems hand their POSIX name to the browser: `en_US.UTF-8@posix`.
pub fn bcp47(wanted: &str) -> String {
    wanted.split(['.', '@']).next().unwrap_or_default().replace('_', "-")
}

/// The language of a tag such as `fr-CA`. `None` if the pages are not translated into it.
pub fn locale_of(wanted: &str) -> Option<Locale> {
    let wanted = bcp47(wanted);
    let language = wanted.split('-').next().unwrap_or_default();
    LOCALES.into_iter().find(|locale| language.eq_ignore_ascii_case(tag(*locale)))
}

/// The first language in the browser's list into which the pages are translated.
fn asked_for() -> Locale {
    let languages = window().navigator().languages();
    let mut languages = languages.iter().filter_map(|it| it.as_string());
    languages.find_map(|it| locale_of(&it)).unwrap_or(LOCALES[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_a_language_that_the_pages_speak_or_none() {
        for (wanted, locale) in [
            ("en", Some(Locale::en)),
            ("fr-CA", Some(Locale::fr)),
            ("FR", Some(Locale::fr)),
            ("fr_CA", Some(Locale::fr)),
            ("en-US@posix", Some(Locale::en)),
            ("fr.UTF-8", Some(Locale::fr)),
            ("fro", None),
            ("de-DE", None),
            ("", None),
        ] {
            assert_eq!(locale_of(wanted), locale, "{wanted}");
        }
    }
}
