//! A booking as the list shows it.

use holdfast_contract::{
    bookings::{Booking, BookingStatus},
    catalogue::Event,
    money::Money,
};
use leptos::prelude::*;
use ui::{
    api::{self, ListedBookings},
    components::{erased::live, paged::ItemPage},
    i18n::{Locale, use_i18n},
    intl::{self, DateStyle},
    program, td_string,
};

/// What the list shows of a booking. The program stays smaller if it copies no whole bookings and events.
#[derive(Clone)]
pub struct ListedBooking {
    reference: String,
    status: BookingStatus,
    total: Money,
    /// The names of the events.
    events: String,
    /// The language of the first event.
    language: Option<String>,
    /// The beginning of the first event, and its time zone.
    starts: Option<(String, String)>,
}

impl ListedBooking {
    fn of(booking: Booking, known: &[Event]) -> Self {
        let mut own: Vec<&Event> = Vec::new();
        for line in &booking.lines {
            let event = known.iter().find(|event| event.id == line.event_id);
            own.extend(event.filter(|event| own.iter().all(|it| it.id != event.id)));
        }
        let names: Vec<&str> = own.iter().map(|event| event.name.as_str()).collect();
        let first = own.first();
        Self {
            events: names.join(", "),
            language: first.map(|event| event.language.clone()),
            starts: first.map(|event| (event.starts_at.clone(), event.time_zone.clone())),
            reference: booking.reference,
            status: booking.status,
            total: booking.total,
        }
    }
}

/// One page of the list.
pub async fn page(listed: ListedBookings, after: Option<String>) -> ItemPage<ListedBooking> {
    let page = api::bookings(&listed, after.as_deref()).await?;
    let mut events: Vec<Event> = Vec::new();
    let mut bookings = Vec::with_capacity(page.items.len());
    for booking in page.items {
        api::add_events(&mut events, &booking).await?;
        bookings.push(ListedBooking::of(booking, &events));
    }
    Ok((bookings, page.next))
}

/// The text for a booking's status, and the class name of that status in the style sheet.
fn status(locale: Locale, status: BookingStatus) -> (&'static str, &'static str) {
    match status {
        BookingStatus::Pending => (td_string!(locale, bookings.pending), "quiet-state"),
        BookingStatus::Confirmed => (td_string!(locale, bookings.confirmed), "on-sale"),
        BookingStatus::Failed => (td_string!(locale, bookings.failed), "bad-state"),
        BookingStatus::Cancelled => (td_string!(locale, bookings.cancelled), "bad-state"),
    }
}

#[component]
pub fn Row(row: RwSignal<ListedBooking>) -> impl IntoView {
    let i18n = use_i18n();
    let ListedBooking { reference, status: state, total, events, language, starts } =
        row.get_untracked();
    let path = format!("/bookings/{reference}");
    let rel = program::rel(&path);
    let when = move || {
        starts.as_ref().map_or_else(String::new, |(starts_at, zone)| {
            intl::date(i18n.get_locale(), starts_at, zone, DateStyle::Short)
        })
    };
    view! {
        <li class="desk-row" data-testid="booking-row">
            <div class="desk-row-main">
                <h2 lang=language dir="auto">
                    <a href=path rel=rel>{events}</a>
                </h2>
                <p class="soft">
                    <span class="figures">{reference}</span> " · "
                    <span prop:textContent=live(when)></span>
                </p>
            </div>
            <div class="desk-row-side">
                <span
                    class=format!("status {}", status(Locale::en, state).1)
                    prop:textContent=live(move || status(i18n.get_locale(), state).0.to_owned())
                ></span>
                <span
                    class="figures"
                    prop:textContent=live(move || intl::money(i18n.get_locale(), &total))
                ></span>
            </div>
        </li>
    }
}
