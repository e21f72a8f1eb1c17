//! The shop: the list of events, the hall of an event, the checkout and the booking.
//!
//! Nothing here decides what can be sold or what it costs: the pages show the server's responses and ask it again.

#![allow(unreachable_pub, reason = "a program has no public surface")]

mod i18n;
mod pages;
mod stripe;

use holdfast_contract::pages::Program;
use leptos::prelude::*;
use leptos_router::{
    components::{FlatRoutes, Route},
    path,
};
use ui::components::not_found::NotFoundPage;

use pages::{booking::BookingPage, checkout::CheckoutPage, event::EventPage, events::EventsPage};

fn main() {
    ui::program::start(Program::Shop, || {
        view! {
            <FlatRoutes fallback=|| view! { <NotFoundPage/> }>
                <Route path=path!("/") view=EventsPage/>
                <Route path=path!("/events/:slug") view=EventPage/>
                <Route path=path!("/checkout/:reservation_ids") view=CheckoutPage/>
                <Route path=path!("/bookings/:reference") view=BookingPage/>
            </FlatRoutes>
        }
        .into_any()
    });
}
