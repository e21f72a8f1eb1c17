//! The account program: the pages for signing in, registering and a new password, and the list of bookings. Further
//! pages that belong to an account (profile, sessions) will be part of this program.

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

use pages::{
    bookings::BookingsPage, forgot::ForgotPage, register::RegisterPage, reset::ResetPage,
    sign_in::SignInPage,
};

fn main() {
    ui::program::start(Program::Account, || {
        view! {
            <FlatRoutes fallback=|| view! { <NotFoundPage/> }>
                <Route path=path!("/login") view=SignInPage/>
                <Route path=path!("/register") view=RegisterPage/>
                <Route path=path!("/forgot") view=ForgotPage/>
                <Route path=path!("/reset") view=ResetPage/>
                <Route path=path!("/bookings") view=BookingsPage/>
            </FlatRoutes>
        }
        .into_any()
    });
}
