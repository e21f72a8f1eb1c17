//! The account program: the pages for signing in, registering and a new password, the list of bookings, and the
//! signed-in user's password and sessions.

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
use ui::components::{
    not_found::NotFoundPage,
    toasts::{ToastRack, Toasts},
};

use pages::{
    account::AccountPage,
    activate::ActivatePage,
    apply::ApplyPage,
    bookings::BookingsPage,
    email::EmailPage,
    find::FindBookingPage,
    forgot::ForgotPage,
    invitation::InvitationPage,
    legal::{CookiesPage, ImprintPage, PrivacyPage, TermsPage},
    organization::OrganizationPage,
    register::RegisterPage,
    reset::ResetPage,
    settings::SettingsPage,
    sign_in::SignInPage,
};

fn main() {
    ui::program::start(Program::Account, || {
        Toasts::provide();
        view! {
            <FlatRoutes fallback=|| view! { <NotFoundPage/> }>
                <Route path=path!("/login") view=SignInPage/>
                <Route path=path!("/register") view=RegisterPage/>
                <Route path=path!("/activate") view=ActivatePage/>
                <Route path=path!("/forgot") view=ForgotPage/>
                <Route path=path!("/reset") view=ResetPage/>
                <Route path=path!("/bookings") view=BookingsPage/>
                <Route path=path!("/find-booking") view=FindBookingPage/>
                <Route path=path!("/account") view=AccountPage/>
                <Route path=path!("/email") view=EmailPage/>
                <Route path=path!("/apply") view=ApplyPage/>
                <Route path=path!("/invitation") view=InvitationPage/>
                <Route path=path!("/organizations/:slug") view=OrganizationPage/>
                <Route path=path!("/terms") view=TermsPage/>
                <Route path=path!("/privacy") view=PrivacyPage/>
                <Route path=path!("/cookies") view=CookiesPage/>
                <Route path=path!("/imprint") view=ImprintPage/>
                <Route path=path!("/settings") view=SettingsPage/>
            </FlatRoutes>
            <ToastRack/>
        }
        .into_any()
    });
}
