//! The desk: the events of an organizer, and for administrators the checkouts that need attention, the
//! organizations and the users.
//!
//! The pages show what the API lets the signed-in user see. Only the API decides who may see and do what.

#![allow(unreachable_pub, reason = "a program has no public surface")]

mod door;
mod i18n;
mod pages;

use holdfast_contract::pages::Program;
use leptos::prelude::*;
use leptos_router::{
    components::{FlatRoutes, Route},
    path,
};
use ui::components::{
    not_found::NotFoundPage,
    toasts::{ToastRack, Toasts},
};

use pages::{
    attention::AttentionPage, my_events::MyEventsPage, organizations::OrganizationsPage,
    users::UsersPage,
};

fn main() {
    ui::program::start(Program::Desk, || {
        Toasts::provide();
        view! {
            <FlatRoutes fallback=|| view! { <NotFoundPage/> }>
                <Route path=path!("/desk") view=MyEventsPage/>
                <Route path=path!("/desk/attention") view=AttentionPage/>
                <Route path=path!("/desk/organizations") view=OrganizationsPage/>
                <Route path=path!("/desk/users") view=UsersPage/>
            </FlatRoutes>
            <ToastRack/>
        }
        .into_any()
    });
}
