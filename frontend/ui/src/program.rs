//! The program that runs in this tab: its start, and the links that lead to other programs.
//!
//! Each program draws the addresses that `holdfast_contract::pages` assigns to it. A link to an address of another
//! program is an ordinary link, which the router must ignore.

use std::cell::Cell;

use holdfast_contract::pages::{Page, Program};
use leptos::{prelude::*, wasm_bindgen::JsCast};
use leptos_router::components::Router;

use crate::{
    components::{footer::Footer, header::Header},
    state::{
        holds::Holds, language::I18n, legal::Legal, network::Network, session::SignedInUser,
        theme::Appearance,
    },
};

thread_local! {
    static RUNNING: Cell<Program> = const { Cell::new(Program::Shop) };
}

/// Draws the program's pages below the header, in place of the shell's skeleton.
pub fn start(program: Program, pages: fn() -> AnyView) {
    console_error_panic_hook::set_once();
    RUNNING.set(program);
    let Some(root) = document().get_element_by_id("app") else { return };
    root.set_inner_html("");
    leptos::mount::mount_to(root.unchecked_into(), move || {
        I18n::provide();
        SignedInUser::provide();
        Appearance::provide();
        Holds::provide();
        Legal::provide();
        Network::provide();
        view! {
            <Router>
                <Header/>
                {pages()}
                <Footer/>
            </Router>
        }
    })
    .forget();
}

/// The `rel` attribute of a link to this address. `external` makes the router ignore a link to another program.
pub fn rel(path: &str) -> Option<&'static str> {
    let path = path.split('?').next().unwrap_or(path);
    (Program::of(path) != RUNNING.get()).then_some("external")
}

/// The path of the page that is open.
pub fn here() -> String {
    window().location().pathname().unwrap_or_default()
}

/// The address of the sign-in page that leads back to `path`.
pub fn sign_in_path(path: &str) -> String {
    format!("/login?next={}", String::from(js_sys::encode_uri_component(path)))
}

/// The address to which a visitor returns: the wanted address if it leads to a page of these programs, otherwise the
/// start page. The forms for signing in are no such pages. The browser resolves the address, because only the browser knows how it treats backslashes, control
/// characters and dots (WHATWG URL, "basic URL parser"). The returned address is absolute: a path such as
/// `//elsewhere` would lead to another host when the browser resolves it once more.
pub fn way_back(wanted: Option<&str>) -> String {
    let origin = window().location().origin().unwrap_or_default();
    wanted
        .and_then(|wanted| web_sys::Url::new_with_base(wanted, &origin).ok())
        .filter(|url| url.origin() == origin)
        .filter(|url| {
            Page::at(&url.pathname())
                .is_some_and(|page| !matches!(page, Page::SignIn | Page::Register | Page::Activate))
        })
        .map_or_else(|| "/".to_owned(), |url| url.href())
}
