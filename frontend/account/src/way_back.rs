//! Where a visitor goes after signing in: back to where they came from, and nowhere else.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Only addresses of ours: `/…`, never `//elsewhere`.
fn safe_return(path: Option<String>) -> String {
    path.filter(|path| {
        path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r'])
    })
    .unwrap_or_else(|| "/".into())
}

/// The same page with the way back that this one was given.
pub fn with_return(path: &'static str) -> impl Fn() -> String + Clone + Send + Sync {
    let query = use_query_map();
    move || match query.with(|query| query.get("next")) {
        Some(next) => format!("{path}?next={}", String::from(js_sys::encode_uri_component(&next))),
        None => path.to_owned(),
    }
}

/// Leads back to where the visitor came from, which is mostly a page of another program.
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
        for elsewhere in ["//evil.test", "https://evil.test", "/\\evil.test", "evil", ""] {
            assert_eq!(check(elsewhere), "/", "{elsewhere}");
        }
        assert_eq!(safe_return(None), "/");
    }
}
