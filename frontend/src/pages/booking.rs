//! A purchase with its tickets.

use holdfast_contract::{
    bookings::{Booking, BookingStatus, Ticket, TicketStatus},
    catalogue::Event,
};
use leptos::prelude::*;
use leptos_router::{components::A, hooks::use_params_map};

use crate::{
    api::{self, Failure},
    browser,
    components::erased::{live, part},
    components::{
        failure::FailureView,
        icon::{Icon, Sign},
    },
    counted,
    i18n::{Locale, t_string, td_string, use_i18n},
    intl::{self, DateStyle},
    state::load::{Load, load},
    tx,
};

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
    let i18n = use_i18n();
    browser::set_title(&format!("{reference} · Holdfast"));
    let (opening, again) = load(move || open(reference.clone()));
    part(move || {
        opening.with(|opening| match opening {
            Load::Waiting => view! {
                <main id="main" class="page column" aria-busy="true">
                    <p class="visually-hidden" role="status">{tx!(i18n, common.loading)}</p>
                    <div class="panel" aria-hidden="true">
                        <div class="skeleton skeleton-title"></div>
                        <div class="skeleton skeleton-line"></div>
                    </div>
                </main>
            }
            .into_any(),
            Load::Failed(failure) => {
                view! { <FailureView failure=failure.clone() again/> }.into_any()
            }
            Load::Ready(opening) => view! { <Purchase opening=opening.clone()/> }.into_any(),
        })
    })
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
                            {booking.reference}
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

fn status_words(locale: Locale, status: TicketStatus) -> Option<&'static str> {
    match status {
        TicketStatus::Valid => None,
        TicketStatus::Used => Some(td_string!(locale, ticket.used)),
        TicketStatus::Cancelled => Some(td_string!(locale, ticket.cancelled)),
        TicketStatus::Refunded => Some(td_string!(locale, ticket.refunded)),
        TicketStatus::Transferred => Some(td_string!(locale, ticket.transferred)),
    }
}

#[component]
fn TicketCard(ticket: Ticket, event: Option<Event>, reference: String) -> impl IntoView {
    let i18n = use_i18n();
    let status = ticket.status;
    let admits = i64::from(ticket.admits);
    let event = StoredValue::new(event);
    let when = move || {
        event.with_value(|event| {
            event
                .as_ref()
                .map(|it| {
                    intl::date(i18n.get_locale(), &it.starts_at, &it.time_zone, DateStyle::Full)
                })
                .unwrap_or_default()
        })
    };
    let of_event = |part: fn(&Event) -> String| {
        event.with_value(|event| event.as_ref().map(part).unwrap_or_default())
    };
    let (name, place) = (of_event(|it| it.name.clone()), of_event(|it| it.place.clone()));
    let (host, language) =
        (of_event(|it| it.organization.clone()), of_event(|it| it.language.clone()));
    view! {
        <li class="ticket" class:is-void=status != TicketStatus::Valid data-testid="ticket">
            <div class="ticket-main">
                <p class="ticket-host">{host}</p>
                <h3 lang=language>{name}</h3>
                <p class="fact"><Icon sign=Sign::Calendar/><span>{live(when)}</span></p>
                <p class="fact"><Icon sign=Sign::Place/><span>{place}</span></p>
                <p class="ticket-place figures">{ticket.label}</p>
                {part(move || {
                    status_words(i18n.get_locale(), status)
                        .map(|text| view! { <p class="remark">{text}</p> })
                })}
            </div>
            <div class="ticket-stub">
                <Icon sign=Sign::Ticket/>
                <p class="ticket-label">{t_string!(i18n, booking.reference)}</p>
                <p class="ticket-code figures">{reference}</p>
                <p class="soft">
                    {part(move || {
                        counted!(i18n.get_locale(), admits, ticket.admits_single | ticket.admits_several)
                    })}
                </p>
            </div>
        </li>
    }
}
