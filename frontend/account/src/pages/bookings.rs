//! `/bookings`: the visitor's bookings, newest first, in three parts, and a search by reference. The address says which part
//! or which reference is shown.

mod row;

use holdfast_contract::{accounts::Role, bookings::BookingPeriod, problem::ProblemType};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use row::{ListedBooking, Row, page};
use ui::{
    api::{CallFailure, ListedBookings},
    arrival::arrive,
    common,
    components::{
        complaint::Complaint,
        erased::{follow, known, live, part, stated},
        icon::Sign,
        nothing::Nothing,
        paged::{Paged, PagedEnd},
        sign_in_first::SignInFirst,
    },
    counted,
    i18n::{self, Locale, use_i18n},
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
    let is_refused = known(move || {
        list.failure.with(|it| it.as_ref().is_some_and(|it| it.names(&["reference"])))
    });
    view! {
        <main id="main" class="page">
            <h1>{tx!(i18n, bookings.title)}</h1>
            <Tabs listed/>
            <Search listed is_refused/>
            <Count list listed/>
            {part(move || match list.items.get() {
                None => ().into_any(),
                Some(all) if all.is_empty() => view! { <NoBooking listed/> }.into_any(),
                Some(all) => {
                    let rows = all.into_iter().map(|row| view! { <Row row/> }).collect_view();
                    view! { <ul class="desk-rows">{rows}</ul> }.into_any()
                }
            })}
            // The text at the field says what is wrong, and another try does not help.
            {part(move || {
                let label = tx!(i18n, bookings.more);
                (!is_refused.get())
                    .then(|| view! { <PagedEnd list more label test_id="more-bookings"/> })
            })}
            <Ways/>
        </main>
    }
}

/// Tells screen readers how many bookings the list has now.
#[component]
fn Count(list: Paged<ListedBooking>, listed: Memo<ListedBookings>) -> impl IntoView {
    let i18n = use_i18n();
    let said = move || {
        let locale = i18n.get_locale();
        match list.items.with(|items| items.as_ref().map(Vec::len)) {
            None => String::new(),
            Some(0) => nothing(locale, &listed.get_untracked()).0.to_owned(),
            Some(count) => {
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                counted!(locale, count, booking_list.count_single | booking_list.count_several)
            }
        }
    };
    view! { <p role="status" class="visually-hidden" prop:textContent=live(said)></p> }
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
fn Search(
    listed: Memo<ListedBookings>,
    /// Whether the server refuses the text.
    is_refused: Memo<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let named = move || match listed.get() {
        ListedBookings::Named(text) => text,
        ListedBookings::In(_) => String::new(),
    };
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
                    aria-invalid=stated(move || is_refused.get())
                    prop:value=live(named)
                />
            </div>
            <button type="submit" class="button secondary" data-testid="search-bookings">
                {tx!(i18n, booking_list.find)}
            </button>
            <Complaint id="reference-help" text=live(error)/>
        </form>
    }
}

/// The title and the text in place of an empty list, and the `data-testid`.
fn nothing(locale: Locale, listed: &ListedBookings) -> (&'static str, &'static str, &'static str) {
    match listed {
        ListedBookings::In(BookingPeriod::Upcoming) => (
            td_string!(locale, booking_list.none_upcoming),
            td_string!(locale, booking_list.none_upcoming_text),
            "none-upcoming",
        ),
        ListedBookings::In(BookingPeriod::Past) => (
            td_string!(locale, booking_list.none_past),
            td_string!(locale, booking_list.none_past_text),
            "none-past",
        ),
        ListedBookings::In(BookingPeriod::Cancelled) => (
            td_string!(locale, booking_list.none_cancelled),
            td_string!(locale, booking_list.none_cancelled_text),
            "none-cancelled",
        ),
        ListedBookings::Named(_) => (
            td_string!(locale, booking_list.none_named),
            td_string!(locale, booking_list.none_named_text),
            "none-named",
        ),
    }
}

/// In place of an empty list.
#[component]
fn NoBooking(listed: Memo<ListedBookings>) -> impl IntoView {
    let i18n = use_i18n();
    let (_, _, test_id) = nothing(i18n.get_locale_untracked(), &listed.get_untracked());
    // It stands for the part that was read, also while the address already names another one.
    let shown = StoredValue::new(listed.get_untracked());
    let title = live(move || shown.with_value(|listed| nothing(i18n.get_locale(), listed).0));
    let text = live(move || shown.with_value(|listed| nothing(i18n.get_locale(), listed).1));
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
        <div data-testid=test_id>
            <Nothing sign=Sign::Ticket title text way/>
        </div>
    }
}

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
                let (path, test_id, name) = if account.is_signed_in() {
                    ("/account", "account-link", tx!(i18n, bookings.account))
                } else {
                    // A guest sees only the bookings of this browser.
                    ("/find-booking", "find-booking", tx!(i18n, bookings.find))
                };
                view! {
                    <a href=path class="button secondary" data-testid=test_id>
                        {name}
                    </a>
                }
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
