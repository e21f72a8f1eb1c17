//! The address to which a visitor returns after signing in. Only addresses of our own pages are accepted.

use holdfast_contract::pages::Page;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Returns the address if it is one of our pages, otherwise `/`. A browser removes control characters before
/// it parses an address, so `/`, a tab and `/elsewhere` would become `//elsewhere`, which is another host (WHATWG URL,
/// "basic URL parser").
fn safe_return(path: Option<String>) -> String {
    let is_ours = |path: &String| {
        let page = path.split(['?', '#']).next().unwrap_or_default();
        !path.contains(|letter: char| letter.is_control() || letter == '\\')
            && Page::at(page).is_some()
    };
    path.filter(is_ours).unwrap_or_else(|| "/".into())
}

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
        let next = safe_return(query.with_untracked(|query| query.get("next")));
        let _ = window().location().replace(&next);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere_after_signing_in() {
        let check = |path: &str| safe_return(Some(path.into()));
        assert_eq!(check("/checkout/1"), "/checkout/1");
        assert_eq!(check("/desk/attention?page=2"), "/desk/attention?page=2");
        let elsewhere = [
            "//",
            "//evil.test",
            "https://evil.test",
            "/\\evil.test",
            "/\t/evil.test",
            "/\n/evil.test",
            "/no-such-page/at/all",
            "evil",
            "",
        ];
        for address in elsewhere {
            assert_eq!(check(address), "/", "{address:?}");
        }
        assert_eq!(safe_return(None), "/");
    }
}
