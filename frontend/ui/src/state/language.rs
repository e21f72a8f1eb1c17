//! Which language the pages speak: the reader's choice, else the browser's.
//!
//! Of leptos_i18n the typed texts are used and not its context: that one brings a parser of language tags and a
//! cookie, 22 kB gzipped, to choose between two languages.

use leptos::prelude::*;

use crate::{
    browser::{self, Keep},
    components::erased::follow,
    i18n::Locale,
};

const LANGUAGE: &str = "holdfast.language";
const LOCALES: [Locale; 2] = [Locale::en, Locale::fr];

/// The language of the page, which everything that has words follows.
#[derive(Clone, Copy)]
pub struct I18n(RwSignal<Locale>);

impl I18n {
    /// Takes up what was chosen before, else what the browser asks for, and keeps what is chosen from now on.
    pub fn provide() {
        let kept = browser::read(Keep::Device, LANGUAGE);
        let locale = RwSignal::new(kept.as_deref().and_then(locale_of).unwrap_or_else(asked_for));
        provide_context(Self(locale));
        let mut has_begun = false;
        follow(move || {
            let tag = tag(locale.get());
            if std::mem::replace(&mut has_begun, true) {
                browser::write(Keep::Device, LANGUAGE, tag);
            }
            if let Some(root) = document().document_element() {
                let _ = root.set_attribute("lang", tag);
            }
        });
    }

    /// The language, followed.
    pub fn get_locale(self) -> Locale {
        self.0.get()
    }

    /// The language, not followed.
    pub fn get_locale_untracked(self) -> Locale {
        self.0.get_untracked()
    }

    /// The reader chose.
    pub fn set_locale(self, locale: Locale) {
        self.0.set(locale);
    }
}

/// The language of the page.
pub fn use_i18n() -> I18n {
    expect_context()
}

/// The language's tag.
pub const fn tag(locale: Locale) -> &'static str {
    match locale {
        Locale::en => "en",
        Locale::fr => "fr",
    }
}

/// The language that a tag such as `fr-CA` names, where the pages speak it.
fn locale_of(wanted: &str) -> Option<Locale> {
    let language = wanted.split('-').next().unwrap_or(wanted);
    LOCALES.into_iter().find(|locale| language.eq_ignore_ascii_case(tag(*locale)))
}

/// The first language of the browser's list that the pages speak.
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
            ("fro", None),
            ("de-DE", None),
            ("", None),
        ] {
            assert_eq!(locale_of(wanted), locale, "{wanted}");
        }
    }
}
