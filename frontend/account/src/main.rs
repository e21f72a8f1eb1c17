//! The account program: signing in and registering. What belongs to an account alone (profile, sessions, a new
//! password) gets its page here.

#![allow(unreachable_pub, reason = "a program has no public surface")]

mod i18n;
mod pages;
mod way_back;

use holdfast_contract::pages::Program;
use leptos::prelude::*;
use leptos_router::{
    components::{FlatRoutes, Route},
    path,
};
use ui::components::not_found::NotFoundPage;

use pages::{register::RegisterPage, sign_in::SignInPage};

fn main() {
    ui::program::start(Program::Account, || {
        view! {
            <FlatRoutes fallback=|| view! { <NotFoundPage/> }>
                <Route path=path!("/login") view=SignInPage/>
                <Route path=path!("/register") view=RegisterPage/>
            </FlatRoutes>
        }
        .into_any()
    });
}
