//! `/bookings`: the visitor's bookings, newest first, in three parts, and a search by reference. The address says which part
//! or which reference is shown.

use holdfast_contract::{
    accounts::Role,
    bookings::{Booking, BookingPeriod, BookingStatus},
    catalogue::Event,
    money::Money,
    problem::ProblemType,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{
    api::{self, CallFailure, ListedBookings},
    arrival::arrive,
    common,
    components::{
        erased::{follow, known, live, part},
        icon::Sign,
        nothing::Nothing,
        paged::{ItemPage, Paged, PagedEnd},
        sign_in_first::SignInFirst,
    },
    i18n::{self, Locale, use_i18n},
    intl::{self, DateStyle},
    program,
    state::session::{self, SignedInUser},
    t_string, td_string, tx,
};

/// The maximum length of a search text. A reference has eleven signs, and people add spaces.
const MAX_SEARCH: &str = "20";
/// The parts of the list, in the order of the tabs.
const PERIODS: [BookingPeriod; 3] =
    [BookingPeriod::Upcoming, BookingPeriod::Past, BookingPeriod::Cancelled];

/// The address of a part of the list.
fn path_of(period: BookingPeriod) -> String {
    match period {
        BookingPeriod::Upcoming => "/bookings".to_owned(),
        BookingPeriod::Past | BookingPeriod::Cancelled => {
            format!("/bookings?when={}", period.word())
        }
    }
}

/// What the address of the page asks for.
fn listed_in(when: Option<&str>, reference: Option<String>) -> ListedBookings {
    match reference.filter(|text| !text.trim().is_empty()) {
        Some(text) => ListedBookings::Named(text),
        None => {
            let named = PERIODS.into_iter().find(|period| when == Some(period.word()));
            ListedBookings::In(named.unwrap_or(BookingPeriod::Upcoming))
        }
    }
}

/// What the list shows of a booking. The program stays smaller if it copies no whole bookings and events.
#[derive(Clone)]
struct ListedBooking {
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

async fn page(listed: ListedBookings, after: Option<String>) -> ItemPage<ListedBooking> {
    let page = api::bookings(&listed, after.as_deref()).await?;
    let mut events: Vec<Event> = Vec::new();
    let mut bookings = Vec::with_capacity(page.items.len());
    for booking in page.items {
        for line in &booking.lines {
            if events.iter().all(|event| event.id != line.event_id) {
                events.push(api::event(&line.event_id.to_string()).await?);
            }
        }
        bookings.push(ListedBooking::of(booking, &events));
    }
    Ok((bookings, page.next))
}

#[component]
pub fn BookingsPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, bookings.title));
    let account = SignedInUser::expect();
    // The list depends on the visitor: after a sign-in or a sign-out, it is read again.
    part(move || {
        arrive();
        if account.is_signed_in() || session::guest_token().is_some() {
            return view! { <Bookings/> }.into_any();
        }
        view! { <SignIn/> }.into_any()
    })
}

#[component]
fn Bookings() -> impl IntoView {
    let (list, query) = (Paged::new(), use_query_map());
    let listed = known(move || {
        query.with(|query| listed_in(query.get("when").as_deref(), query.get("reference")))
    });
    follow(move || list.begin(page(listed.get(), None)));
    let more = Callback::new(move |()| list.read(page(listed.get_untracked(), list.cursor())));
    // The session is over, and the page does not know it yet.
    let is_closed = known(move || {
        let kind = list.failure.with(|failure| failure.as_ref().and_then(CallFailure::kind));
        kind == Some(ProblemType::Unauthorized)
    });
    part(move || {
        if is_closed.get() {
            view! { <SignIn/> }.into_any()
        } else {
            view! { <List list listed more/> }.into_any()
        }
    })
}

#[component]
fn SignIn() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <SignInFirst
            title=tx!(i18n, booking_list.signed_out)
            text=tx!(i18n, booking_list.signed_out_text)
        />
    }
}

#[component]
fn List(
    list: Paged<ListedBooking>,
    listed: Memo<ListedBookings>,
    more: Callback<()>,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <main id="main" class="page">
            <h1>{tx!(i18n, bookings.title)}</h1>
            <Tabs listed/>
            <Search list listed/>
            {part(move || match list.items.get() {
                None => ().into_any(),
                Some(all) if all.is_empty() => view! { <NoBooking listed/> }.into_any(),
                Some(all) => {
                    let rows = all.into_iter().map(|row| view! { <Row row/> }).collect_view();
                    view! { <ul class="desk-rows">{rows}</ul> }.into_any()
                }
            })}
            <PagedEnd list more label=tx!(i18n, bookings.more) test_id="more-bookings"/>
            <Ways/>
        </main>
    }
}

/// The tabs of the parts. While a reference is looked for, none is chosen.
#[component]
fn Tabs(listed: Memo<ListedBookings>) -> impl IntoView {
    let i18n = use_i18n();
    let tab = move |period| {
        let name = match period {
            BookingPeriod::Upcoming => tx!(i18n, booking_list.upcoming),
            BookingPeriod::Past => tx!(i18n, booking_list.past),
            BookingPeriod::Cancelled => tx!(i18n, booking_list.cancelled),
        };
        let current = live(move || (listed.get() == ListedBookings::In(period)).then_some("page"));
        view! {
            <a
                href=path_of(period)
                class="tab"
                aria-current=current
                data-testid=format!("tab-{}", period.word())
            >
                {name}
            </a>
        }
    };
    view! {
        <nav class="tabs" aria-label=tx!(i18n, booking_list.tabs)>{PERIODS.map(tab).collect_view()}</nav>
    }
}

/// The search is a form of the browser: it leads to an address that names the reference.
#[component]
fn Search(list: Paged<ListedBooking>, listed: Memo<ListedBookings>) -> impl IntoView {
    let i18n = use_i18n();
    let named = move || match listed.get() {
        ListedBookings::Named(text) => text,
        ListedBookings::In(_) => String::new(),
    };
    let is_refused = known(move || {
        list.failure.with(|it| it.as_ref().is_some_and(|it| it.names(&["reference"])))
    });
    let error = move || {
        if is_refused.get() { t_string!(i18n, booking_list.no_reference) } else { "" }
    };
    view! {
        <form class="filters" role="search" action="/bookings">
            <div class="field">
                <label for="reference">{tx!(i18n, booking_list.reference)}</label>
                <input
                    id="reference"
                    name="reference"
                    type="search"
                    maxlength=MAX_SEARCH
                    autocomplete="off"
                    autocapitalize="characters"
                    spellcheck="false"
                    aria-describedby="reference-help"
                    aria-invalid=live(move || if is_refused.get() { "true" } else { "false" })
                    prop:value=live(named)
                />
            </div>
            <button type="submit" class="button secondary" data-testid="search-bookings">
                {tx!(i18n, booking_list.find)}
            </button>
            <p
                id="reference-help"
                class="field-help is-error"
                role="alert"
                prop:textContent=live(error)
            ></p>
        </form>
    }
}

/// In place of an empty list.
#[component]
fn NoBooking(listed: Memo<ListedBookings>) -> impl IntoView {
    let i18n = use_i18n();
    let (title, text, test_id) = match listed.get_untracked() {
        ListedBookings::In(BookingPeriod::Upcoming) => (
            tx!(i18n, booking_list.none_upcoming),
            tx!(i18n, booking_list.none_upcoming_text),
            "none-upcoming",
        ),
        ListedBookings::In(BookingPeriod::Past) => {
            (tx!(i18n, booking_list.none_past), tx!(i18n, booking_list.none_past_text), "none-past")
        }
        ListedBookings::In(BookingPeriod::Cancelled) => (
            tx!(i18n, booking_list.none_cancelled),
            tx!(i18n, booking_list.none_cancelled_text),
            "none-cancelled",
        ),
        ListedBookings::Named(_) => (
            tx!(i18n, booking_list.none_named),
            tx!(i18n, booking_list.none_named_text),
            "none-named",
        ),
    };
    let way = match listed.get_untracked() {
        ListedBookings::In(BookingPeriod::Upcoming) => view! {
            <a href="/" rel=program::rel("/") class="button primary">{common!(i18n, to_events)}</a>
        }
        .into_any(),
        ListedBookings::In(BookingPeriod::Past | BookingPeriod::Cancelled) => ().into_any(),
        ListedBookings::Named(_) => view! {
            <a href="/bookings" class="button secondary">{tx!(i18n, booking_list.all)}</a>
        }
        .into_any(),
    };
    view! {
        <div data-testid=test_id role="status">
            <Nothing sign=Sign::Ticket title text way/>
        </div>
    }
}

/// The links to the pages beside the list.
#[component]
fn Ways() -> impl IntoView {
    let i18n = use_i18n();
    let account = SignedInUser::expect();
    let has_desk = move || {
        account.profile().is_some_and(|it| matches!(it.role, Role::Organizer | Role::Admin))
    };
    view! {
        <div class="row-actions page-end">
            {part(move || {
                account
                    .is_signed_in()
                    .then(|| {
                        view! {
                            <a href="/account" class="button secondary" data-testid="account-link">
                                {tx!(i18n, bookings.account)}
                            </a>
                        }
                    })
            })}
            <a href="/settings" class="button secondary" data-testid="settings-link">
                {tx!(i18n, settings.title)}
            </a>
            {part(move || {
                has_desk()
                    .then(|| {
                        view! {
                            <a href="/desk" rel=program::rel("/desk") class="button secondary">
                                {tx!(i18n, bookings.desk)}
                            </a>
                        }
                    })
            })}
        </div>
    }
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
fn Row(row: RwSignal<ListedBooking>) -> impl IntoView {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_a_part_or_a_reference() {
        let part = ListedBookings::In;
        let named = |text: &str| ListedBookings::Named(text.to_owned());
        for (when, reference, listed) in [
            (None, None, part(BookingPeriod::Upcoming)),
            (Some("past"), None, part(BookingPeriod::Past)),
            (Some("cancelled"), Some(" "), part(BookingPeriod::Cancelled)),
            (Some("yesterday"), None, part(BookingPeriod::Upcoming)),
            (Some("past"), Some("7K2M"), named("7K2M")),
        ] {
            assert_eq!(
                listed_in(when, reference.map(str::to_owned)),
                listed,
                "{when:?} {reference:?}"
            );
        }
    }
}
