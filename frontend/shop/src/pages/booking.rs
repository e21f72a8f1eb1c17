//! `/bookings/:reference`: a booking with its tickets, and the buttons that share and cancel it. The part of the address after `#`
//! is the token of a link, which shows the booking on every device.

mod cancel;
mod held;
mod link;
mod share;
mod ticket;
mod told;

use holdfast_contract::{
    bookings::{Booking, BookingStatus},
    catalogue::Event,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::pages::checkout::poll_wait_ms;
use cancel::Cancel;
use held::HeldSeconds;
use link::VisitorLink;
use share::{ShareButtons, ShareNote, Sharing};
use ticket::TicketCard;
use told::given_back;
use ui::{
    api::{self, CallFailure},
    browser, common,
    components::{
        erased::part,
        icon::{Icon, Sign},
        loaded::loaded,
    },
    counted,
    i18n::use_i18n,
    intl,
    state::session::SignedInUser,
    tx,
};

/// The id of the heading that tells the booking's status. It gets the focus after a cancellation.
const TITLE: &str = "booking-title";
/// How many times the page asks about a pending booking. Together, the waits are longer than the server's deadline
/// for a payment.
const MAX_POLLS: u32 = 400;

#[derive(Clone)]
struct Opening {
    booking: Booking,
    events: Vec<Event>,
}

async fn open(reference: String, link: VisitorLink) -> Result<Opening, CallFailure> {
    let booking = api::booking_by_reference(&reference, link.token().as_deref()).await?;
    let mut events = Vec::new();
    api::add_events(&mut events, &booking).await?;
    Ok(Opening { booking, events })
}

#[component]
pub fn BookingPage() -> impl IntoView {
    let params = use_params_map();
    // The page depends on the visitor: after a sign-in or a sign-out, it is read again.
    let account = SignedInUser::expect();
    // It is read again by another link, too.
    let opened = RwSignal::new(0_u32);
    browser::on_fragment(move || opened.update(|count| *count += 1));
    part(move || {
        let _ = (account.is_signed_in(), opened.get());
        let reference = params.with(|params| params.get("reference").unwrap_or_default());
        view! { <Opened reference/> }
    })
}

#[component]
fn Opened(reference: String) -> impl IntoView {
    browser::set_title(&reference);
    let link = VisitorLink::of(&reference);
    loaded(
        move || open(reference.clone(), link),
        || view! { <Skeleton/> }.into_any(),
        move |opening, _| view! { <Purchase opening link/> }.into_any(),
    )
}

#[component]
fn Skeleton() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <main id="main" class="page column" aria-busy="true">
            <p class="visually-hidden" role="status">{common!(i18n, loading)}</p>
            <div class="panel" aria-hidden="true">
                <div class="skeleton skeleton-title"></div>
                <div class="skeleton skeleton-line"></div>
            </div>
        </main>
    }
}

#[component]
fn Purchase(opening: Opening, link: VisitorLink) -> impl IntoView {
    let i18n = use_i18n();
    let Opening { mut booking, events } = opening;
    let held = HeldSeconds::new();
    held.put(&mut booking);
    let booking = RwSignal::new(booking);
    let (events, sharing) = (StoredValue::new(events), Sharing::new(booking, link));
    leptos::task::spawn_local(watch(booking, held, link));
    let tickets = move || {
        let booking = booking.get();
        (!booking.tickets.is_empty()).then(|| view! { <Tickets booking events/> })
    };
    view! {
        <main id="main" class="page column">
            <div role="status">{part(move || view! { <Summary booking=booking.get() held/> })}</div>
            {part(tickets)}
            <div class="row-actions">
                <a href="/" class="button secondary">{common!(i18n, to_events)}</a>
                <ShareButtons sharing/>
                <Cancel booking link/>
            </div>
            <ShareNote sharing/>
        </main>
    }
}

/// Asks about a pending booking until its payment has ended or the visitor leaves the page.
async fn watch(booking: RwSignal<Booking>, held: HeldSeconds, link: VisitorLink) {
    for n in 0..MAX_POLLS {
        let pending =
            booking.try_with_untracked(|it| (it.status == BookingStatus::Pending).then_some(it.id));
        let Some(Some(id)) = pending else { return };
        browser::sleep(poll_wait_ms(n)).await;
        if let Ok(mut now) = api::booking(id, link.token().as_deref()).await {
            held.put(&mut now);
            if booking.try_with_untracked(|it| *it != now) == Some(true) {
                booking.set(now);
            }
        }
    }
}

#[component]
fn Summary(booking: Booking, held: HeldSeconds) -> impl IntoView {
    let i18n = use_i18n();
    let is_good = booking.status == BookingStatus::Confirmed;
    let (total, email) = (booking.total.clone(), booking.email.clone());
    let back = given_back(&booking);
    let reference = booking.reference.clone();
    let is_pending = booking.status == BookingStatus::Pending;
    let told = StoredValue::new(booking);
    let told = move |locale| told.with_value(|booking| told::ending(locale, booking));
    view! {
        <section class="panel confirmation">
            <span class="seal" class:is-good=is_good aria-hidden="true">
                <Icon sign=if is_good { Sign::Check } else { Sign::Info }/>
            </span>
            <h1 id=TITLE tabindex="-1">{part(move || told(i18n.get_locale()).0)}</h1>
            {if is_pending {
                held.sentence()
            } else {
                view! { <p data-testid="booking-told">{part(move || told(i18n.get_locale()).1)}</p> }
                    .into_any()
            }}
            <dl class="facts">
                <div>
                    <dt>{tx!(i18n, booking.reference)}</dt>
                    <dd class="figures reference" data-testid="booking-reference">
                        <Reference text=reference/>
                    </dd>
                </div>
                <div>
                    <dt>{common!(i18n, total)}</dt>
                    <dd class="figures">{part(move || intl::money(i18n.get_locale(), &total))}</dd>
                </div>
                {back
                    .map(|back| {
                        view! {
                            <div>
                                <dt>{tx!(i18n, booking.refunded)}</dt>
                                <dd class="figures" data-testid="booking-refunded">
                                    {part(move || intl::money(i18n.get_locale(), &back))}
                                </dd>
                            </div>
                        }
                    })}
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
    }
}

#[component]
fn Tickets(booking: Booking, events: StoredValue<Vec<Event>>) -> impl IntoView {
    let i18n = use_i18n();
    let count = i64::try_from(booking.tickets.len()).unwrap_or(0);
    let reference = booking.reference;
    let tickets = booking
        .tickets
        .into_iter()
        .map(|ticket| {
            let event = events.with_value(|events| {
                events.iter().find(|event| event.id == ticket.event_id).cloned()
            });
            view! { <TicketCard ticket event reference=reference.clone()/> }
        })
        .collect_view();
    view! {
        <h2>
            {part(move || {
                let locale = i18n.get_locale();
                counted!(locale, count, booking.tickets_single | booking.tickets_several)
            })}
        </h2>
        <ul class="tickets">{tickets}</ul>
    }
}

/// A booking reference with a narrow hyphen, although its typeface gives every character the same width.
#[component]
fn Reference(text: String) -> impl IntoView {
    let (head, tail) = match text.split_once('-') {
        Some((head, tail)) => (head.to_owned(), tail.to_owned()),
        None => (String::new(), text.clone()),
    };
    let hyphen = (!head.is_empty()).then(|| view! { <span class="hyphen">"-"</span> });
    view! { {head} {hyphen} {tail} }
}
