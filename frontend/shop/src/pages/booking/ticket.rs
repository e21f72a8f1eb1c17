//! One ticket on the page of a booking.

use holdfast_contract::{
    bookings::{Ticket, TicketStatus},
    catalogue::Event,
};
use leptos::prelude::*;

use super::Reference;
use ui::{
    components::{
        erased::{live, part},
        icon::{Icon, Sign},
    },
    counted,
    i18n::{Locale, use_i18n},
    intl::{self, DateStyle},
    t_string, td_string,
};

fn status_words(locale: Locale, status: TicketStatus) -> Option<&'static str> {
    match status {
        TicketStatus::Valid => None,
        TicketStatus::Used => Some(td_string!(locale, ticket.used)),
        TicketStatus::Cancelled => Some(td_string!(locale, ticket.cancelled)),
        TicketStatus::Refunded => Some(td_string!(locale, ticket.refunded)),
        TicketStatus::Transferred => Some(td_string!(locale, ticket.transferred)),
    }
}

/// A card in the form of a ticket: event, place, time, seat and booking reference.
#[component]
pub fn TicketCard(ticket: Ticket, event: Option<Event>, reference: String) -> impl IntoView {
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
                <p class="ticket-host" dir="auto">{host}</p>
                <h3 lang=language dir="auto">{name}</h3>
                <p class="fact"><Icon sign=Sign::Calendar/><span prop:textContent=live(when)></span></p>
                <p class="fact"><Icon sign=Sign::Place/><span dir="auto">{place}</span></p>
                <p class="ticket-place figures">{ticket.label}</p>
                {part(move || {
                    status_words(i18n.get_locale(), status)
                        .map(|text| view! { <p class="remark">{text}</p> })
                })}
            </div>
            <div class="ticket-stub">
                <Icon sign=Sign::Ticket/>
                <p class="ticket-label">{t_string!(i18n, booking.reference)}</p>
                <p class="ticket-code figures"><Reference text=reference/></p>
                <p class="soft">
                    {part(move || {
                        counted!(i18n.get_locale(), admits, ticket.admits_single | ticket.admits_several)
                    })}
                </p>
            </div>
        </li>
    }
}
