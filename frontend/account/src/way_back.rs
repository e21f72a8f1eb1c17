//! The address to which a visitor returns after signing in. `program::way_back` checks that the address belongs to
//! these pages.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::program;

/// The address of a page of this program, with the return address of the current page appended.
pub fn with_return(path: &'static str) -> impl Fn() -> String + Clone + Send + Sync {
    let query = use_query_map();
    move || match query.with(|query| query.get("next")) {
        Some(next) => format!("{path}?next={}", String::from(js_sys::encode_uri_component(&next))),
        None => path.to_owned(),
    }
}

/// Leads the visitor back to the page they came from. That page usually belongs to another program, so the browser
/// loads it.
pub fn after_sign_in() -> Callback<()> {
    let query = use_query_map();
    Callback::new(move |()| {
        let next = program::way_back(query.with_untracked(|query| query.get("next")).as_deref());
        let _ = window().location().replace(&next);
    })
}
