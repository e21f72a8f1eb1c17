//! The address to which a visitor returns after signing in. `program::way_back` checks that the address belongs to
//! these pages.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::program;

/// The address to return to: the query names it, or else it is the page with the link that led here.
fn next() -> Signal<Option<String>> {
    let query = use_query_map();
    let came_from = document().referrer();
    Signal::derive(move || {
        let named = query.with(|query| query.get("next"));
        named.or_else(|| (!came_from.is_empty()).then(|| program::way_back(Some(&came_from))))
    })
}

/// The address of a page of this program, with the return address of the current page appended.
pub fn with_return(path: &'static str) -> impl Fn() -> String + Clone + Send + Sync {
    let next = next();
    move || match next.get() {
        Some(next) => format!("{path}?next={}", String::from(js_sys::encode_uri_component(&next))),
        None => path.to_owned(),
    }
}

/// Leads the visitor back to the page they came from. That page usually belongs to another program, so the browser
/// loads it, in the language of the account if nobody has chosen another one in this browser.
pub fn after_sign_in() -> Callback<()> {
    let next = next();
    Callback::new(move |()| {
        let next = program::way_back(next.get_untracked().as_deref());
        let _ = window().location().replace(&next);
    })
}
