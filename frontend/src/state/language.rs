//! Which language the pages speak: the reader's choice, else the browser's.

use leptos::prelude::*;

use crate::{
    browser::{self, Keep},
    components::erased::follow,
    i18n::{Locale, use_i18n},
};

const LANGUAGE: &str = "holdfast.language";

/// The language's tag.
pub const fn tag(locale: Locale) -> &'static str {
    match locale {
        Locale::en => "en",
        Locale::fr => "fr",
    }
}

/// Takes up what was chosen before, and keeps what is chosen from now on.
pub fn remember() {
    let i18n = use_i18n();
    let mut has_begun = false;
    follow(move || {
        let locale = i18n.get_locale();
        if !std::mem::replace(&mut has_begun, true) {
            match browser::read(Keep::Device, LANGUAGE).as_deref() {
                Some("en") => i18n.set_locale(Locale::en),
                Some("fr") => i18n.set_locale(Locale::fr),
                _ => {}
            }
        } else {
            browser::write(Keep::Device, LANGUAGE, tag(locale));
        }
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("lang", tag(locale));
        }
    });
}
