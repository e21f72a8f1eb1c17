//! Light, dark, or as the device says.

use leptos::prelude::*;

use crate::{
    browser::{self, Keep},
    components::erased::follow,
};

const THEME: &str = "holdfast.theme";

/// What the reader chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// As the device says.
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The next in the round of the button.
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

/// The chosen theme and whether it comes out dark.
#[derive(Clone, Copy)]
pub struct Appearance {
    /// What the reader chose.
    pub theme: RwSignal<Theme>,
    /// Grows whenever colours may have changed; what is drawn on a canvas follows it.
    pub changes: RwSignal<u32>,
}

impl Appearance {
    /// Reads the choice, keeps the document in step with it, and lets every component use it.
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
            // Lives as long as the program: the theme is provided once.
            follow.forget();
        }
        provide_context(Self { theme, changes });
    }

    /// The one that was provided.
    pub fn expect() -> Self {
        expect_context()
    }
}
