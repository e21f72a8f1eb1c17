//! The shell: what every page shares, and which address is which page.

use leptos::prelude::*;
use leptos_router::{
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    components::header::Header,
    i18n::I18nContextProvider,
    pages::{
        account::{LoginPage, RegisterPage},
        booking::BookingPage,
        checkout::CheckoutPage,
        event::EventPage,
        events::EventsPage,
        not_found::NotFoundPage,
    },
    state::{holds::Holds, session::Account, theme::Appearance},
};

/// The whole program.
#[component]
pub fn App() -> impl IntoView {
    Account::provide();
    Appearance::provide();
    Holds::provide();
    view! {
        <I18nContextProvider>
            <Router>
                <Header/>
                <FlatRoutes fallback=|| view! { <NotFoundPage/> }>
                    <Route path=path!("/") view=EventsPage/>
                    <Route path=path!("/events/:slug") view=EventPage/>
                    <Route path=path!("/checkout/:reservation_ids") view=CheckoutPage/>
                    <Route path=path!("/bookings/:reference") view=BookingPage/>
                    <Route path=path!("/login") view=LoginPage/>
                    <Route path=path!("/register") view=RegisterPage/>
                </FlatRoutes>
            </Router>
        </I18nContextProvider>
    }
}
