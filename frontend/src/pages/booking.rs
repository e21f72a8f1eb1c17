//! A purchase with its tickets.

mod ticket;

use holdfast_contract::{
    bookings::{Booking, BookingStatus},
    catalogue::Event,
};
use leptos::prelude::*;
use leptos_router::{components::A, hooks::use_params_map};

use crate::{
    api::{self, Failure},
    browser,
    components::{
        erased::part,
        icon::{Icon, Sign},
        loaded::loaded,
    },
    counted,
    i18n::{Locale, td_string, use_i18n},
    intl, tx,
};
use ticket::TicketCard;

#[derive(Clone)]
struct Opening {
    booking: Booking,
    events: Vec<Event>,
}

async fn open(reference: String) -> Result<Opening, Failure> {
    let booking = api::booking_by_reference(&reference).await?;
    let mut events: Vec<Event> = Vec::new();
    for line in &booking.lines {
        if !events.iter().any(|event| event.id == line.event_id) {
            events.push(api::event(&line.event_id.to_string()).await?);
        }
    }
    Ok(Opening { booking, events })
}

/// `/bookings/:reference`.
#[component]
pub fn BookingPage() -> impl IntoView {
    let params = use_params_map();
    part(move || {
        let reference = params.with(|params| params.get("reference").unwrap_or_default());
        view! { <Opened reference/> }
    })
}

#[component]
fn Opened(reference: String) -> impl IntoView {
    browser::set_title(&format!("{reference} · Holdfast"));
    loaded(
        move || open(reference.clone()),
        || view! { <Skeleton/> }.into_any(),
        |opening, _| view! { <Purchase opening/> }.into_any(),
    )
}

#[component]
fn Skeleton() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <main id="main" class="page column" aria-busy="true">
            <p class="visually-hidden" role="status">{tx!(i18n, common.loading)}</p>
            <div class="panel" aria-hidden="true">
                <div class="skeleton skeleton-title"></div>
                <div class="skeleton skeleton-line"></div>
            </div>
        </main>
    }
}

fn heading(locale: Locale, status: BookingStatus) -> (&'static str, &'static str) {
    match status {
        BookingStatus::Confirmed => {
            (td_string!(locale, booking.confirmed), td_string!(locale, booking.confirmed_text))
        }
        BookingStatus::Pending => {
            (td_string!(locale, booking.pending), td_string!(locale, booking.pending_text))
        }
        BookingStatus::Failed => {
            (td_string!(locale, booking.failed), td_string!(locale, booking.failed_text))
        }
        BookingStatus::Cancelled => {
            (td_string!(locale, booking.cancelled), td_string!(locale, booking.cancelled_text))
        }
    }
}

#[component]
fn Purchase(opening: Opening) -> impl IntoView {
    let i18n = use_i18n();
    let Opening { booking, events } = opening;
    let status = booking.status;
    let is_good = status == BookingStatus::Confirmed;
    let (total, email) = (booking.total.clone(), booking.email.clone());
    let count = i64::try_from(booking.tickets.len()).unwrap_or(0);
    let reference = booking.reference.clone();
    let tickets = booking
        .tickets
        .into_iter()
        .map(|ticket| {
            let event = events.iter().find(|event| event.id == ticket.event_id).cloned();
            view! { <TicketCard ticket event reference=reference.clone()/> }
        })
        .collect_view();
    view! {
        <main id="main" class="page column">
            <section class="panel confirmation">
                <span class="seal" class:is-good=is_good aria-hidden="true">
                    <Icon sign=if is_good { Sign::Check } else { Sign::Info }/>
                </span>
                <h1>{part(move || heading(i18n.get_locale(), status).0)}</h1>
                <p>{part(move || heading(i18n.get_locale(), status).1)}</p>
                <dl class="facts">
                    <div>
                        <dt>{tx!(i18n, booking.reference)}</dt>
                        <dd class="figures reference" data-testid="booking-reference">
                            <Reference text=booking.reference/>
                        </dd>
                    </div>
                    <div>
                        <dt>{tx!(i18n, common.total)}</dt>
                        <dd class="figures">{part(move || intl::money(i18n.get_locale(), &total))}</dd>
                    </div>
                    {email
                        .map(|email| {
                            view! {
                                <div>
                                    <dt>{tx!(i18n, booking.sent_to)}</dt>
                                    <dd>{email}</dd>
                                </div>
                            }
                        })}
                </dl>
            </section>
            {(count > 0)
                .then(|| {
                    view! {
                        <h2>
                            {part(move || {
                                let locale = i18n.get_locale();
                                counted!(locale, count, booking.tickets_single | booking.tickets_several)
                            })}
                        </h2>
                        <ul class="tickets">{tickets}</ul>
                    }
                })}
            <p class="row-actions">
                <A href="/" attr:class="button secondary">{tx!(i18n, common.to_events)}</A>
            </p>
        </main>
    }
}

/// A reference with a hyphen that is no wider than a hyphen.
#[component]
fn Reference(text: String) -> impl IntoView {
    let (head, tail) = match text.split_once('-') {
        Some((head, tail)) => (head.to_owned(), tail.to_owned()),
        None => (String::new(), text.clone()),
    };
    let hyphen = (!head.is_empty()).then(|| view! { <span class="hyphen">"-"</span> });
    view! { {head} {hyphen} {tail} }
}
