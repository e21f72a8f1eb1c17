//! The focus after a navigation within a program: it goes to the heading of the new page. Otherwise a keyboard user
//! would start at the top of every page, and a screen reader would not name the new page.

use std::cell::RefCell;

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{FocusOptions, HtmlElement};

use crate::{browser, program};

/// The router changes the address only after it has drawn the page.
const AFTER_MS: i32 = 50;
/// The heading of a page that has loaded.
const HEADING: &str = "main:not([aria-busy]) h1";

thread_local! {
    static HERE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Called when a page is drawn. Moves the focus to the heading of the page. Does nothing for the first page, where
/// the browser sets the focus, and for a page that is only drawn again.
pub fn arrive() {
    let from = document().active_element();
    leptos::task::spawn_local(async move {
        browser::sleep(AFTER_MS).await;
        let path = program::here();
        let before = HERE.replace(Some(path.clone()));
        let at = document().active_element();
        let has_moved_on = at != from && at != document().body().map(Into::into);
        if has_moved_on || before.is_none_or(|before| before == path) {
            return;
        }
        let heading = document().query_selector(HEADING).ok().flatten();
        if let Some(heading) = heading.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
            let _ = heading.set_attribute("tabindex", "-1");
            let options = FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = heading.focus_with_options(&options);
        }
    });
}
