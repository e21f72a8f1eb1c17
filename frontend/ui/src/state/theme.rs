//! The appearance of the pages: light, dark, or as the device is set.

use leptos::prelude::*;

use crate::{
    browser::{self, Keep},
    components::erased::follow,
};

/// The name under which the choice is stored.
pub const THEME: &str = "holdfast.theme";

/// The appearance that the reader has chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// As the device is set.
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// The theme that the button chooses next.
    pub const fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The chosen theme, and a counter for parts that draw their own colours.
#[derive(Clone, Copy)]
pub struct Appearance {
    pub theme: RwSignal<Theme>,
    /// Grows whenever colours may have changed. Canvases follow it.
    pub changes: RwSignal<u32>,
}

impl Appearance {
    /// Reads the stored choice, applies every choice to the document, and provides the appearance to every component.
    pub fn provide() {
        let theme = RwSignal::new(match browser::read(Keep::Device, THEME).as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::Auto,
        });
        let changes = RwSignal::new(0);
        follow(move || {
            let theme = theme.get();
            if let Some(root) = document().document_element() {
                let _ = root.set_attribute("data-theme", theme.name());
            }
            browser::write(Keep::Device, THEME, theme.name());
            changes.update(|count| *count += 1);
        });
        if let Ok(Some(query)) = window().match_media("(prefers-color-scheme: dark)") {
            let follow = wasm_bindgen::closure::Closure::<dyn Fn()>::new(move || {
                changes.update(|count| *count += 1);
            });
            use wasm_bindgen::JsCast;
            let _ =
                query.add_event_listener_with_callback("change", follow.as_ref().unchecked_ref());
            // The listener lives as long as the program, because the theme is provided only once.
            follow.forget();
        }
        provide_context(Self { theme, changes });
    }

    /// The appearance that [`Self::provide`] provided.
    pub fn expect() -> Self {
        expect_context()
    }
}
