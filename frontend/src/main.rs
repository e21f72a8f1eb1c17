//! The pages of Holdfast: what is on, the hall, checkout, tickets, signing in.
//!
//! Everything runs in the browser and knows the server only through `api`. Nothing here decides what
//! can be sold or what it costs: the pages show what the server said and ask it again.
//! Start reading at `app`.

#![allow(unreachable_pub, reason = "a program has no public surface")]

mod api;
mod app;
mod browser;
mod components;
mod i18n;
mod intl;
mod js;
mod json;
mod map;
mod pages;
mod state;
mod stripe;
mod words;

use leptos::{prelude::document, wasm_bindgen::JsCast};

fn main() {
    console_error_panic_hook::set_once();
    let Some(root) = document().get_element_by_id("app") else { return };
    root.set_inner_html("");
    leptos::mount::mount_to(root.unchecked_into(), app::App).forget();
}
