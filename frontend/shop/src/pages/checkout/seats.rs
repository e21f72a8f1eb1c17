//! The panel with the held seats and the prices that the server fixed.

use holdfast_contract::reservations::{ItemKind, Reservation, ReservationItem, ReservationStatus};
use leptos::prelude::*;

use super::basket::{Basket, Busy, HEADING, One};
use ui::{
    common,
    components::erased::{act, live, part},
    components::{
        icon::{Icon, Sign},
        question::Question,
    },
    i18n::use_i18n,
    intl::{self, DateStyle},
    t_string, tx,
};

#[component]
pub fn Seats(basket: Basket) -> impl IntoView {
    let i18n = use_i18n();
    let busy = move || basket.busy.get() != Busy::Idle;
    let asking = RwSignal::new(false);
    let (asking_one, one) = (RwSignal::new(false), RwSignal::new(None::<One>));
    let when = move || {
        basket.event.with_value(|event| {
            intl::date(i18n.get_locale(), &event.starts_at, &event.time_zone, DateStyle::Full)
        })
    };
    let (name, language, place) =
        basket.event.with_value(|it| (it.name.clone(), it.language.clone(), it.place.clone()));
    let items = move || {
        basket.reservations.with(|all| {
            all.iter()
                .flat_map(|it| it.items.iter().map(move |item| (item.clone(), one_of(it, item))))
                .map(|(item, releasable)| {
                    let ask = move |chosen: One| {
                        one.set(Some(chosen));
                        asking_one.set(true);
                    };
                    view! { <Item item releasable ask busy=Signal::derive(busy)/> }
                })
                .collect_view()
        })
    };
    let total = move || {
        let total = basket.total();
        total.map(|total| intl::money(i18n.get_locale(), &total)).unwrap_or_default()
    };
    view! {
        <section class="panel" aria-labelledby="seats-title">
            <h2 id=HEADING tabindex="-1" lang=language dir="auto">{name}</h2>
            <p class="fact"><Icon sign=Sign::Calendar/><span prop:textContent=live(when)></span></p>
            <p class="fact"><Icon sign=Sign::Place/><span dir="auto">{place}</span></p>
            <ul class="items">{part(items)}</ul>
            <p class="total-row">
                <span>{common!(i18n, total)}</span>
                <strong class="figures total" prop:textContent=live(total)></strong>
            </p>
            <div class="row-actions">
                {part(move || {
                    basket
                        .is_extendable()
                        .then(|| {
                            view! {
                                <button
                                    type="button"
                                    class="button secondary"
                                    data-testid="extend-button"
                                    disabled=live(busy)
                                    on:click=act(move |_| basket.extend())
                                >
                                    <Icon sign=Sign::Clock/>
                                    <span>{tx!(i18n, checkout.extend)}</span>
                                </button>
                            }
                        })
                })}
                <button
                    type="button"
                    class="button quiet danger"
                    data-testid="cancel-button"
                    disabled=live(busy)
                    on:click=act(move |_| asking.set(true))
                >
                    <Icon sign=Sign::Trash/>
                    <span>{tx!(i18n, checkout.cancel)}</span>
                </button>
            </div>
            <Question
                title=tx!(i18n, checkout.cancel_title)
                text=live(move || t_string!(i18n, checkout.cancel_text).to_owned())
                keep=tx!(i18n, checkout.keep)
                go_on=tx!(i18n, checkout.cancel)
                asking
                confirmed=Callback::new(move |()| {
                    asking.set(false);
                    basket.cancel();
                })
            />
            <Question
                title=tx!(i18n, checkout.release_title)
                text=live(move || {
                    let place = one.get().map(|one| one.label).unwrap_or_default();
                    t_string!(i18n, checkout.release_text, place = place.as_str())
                })
                keep=tx!(i18n, checkout.release_keep)
                go_on=tx!(i18n, checkout.release_go_on)
                asking=asking_one
                confirmed=Callback::new(move |()| {
                    asking_one.set(false);
                    if let Some(one) = one.get_untracked() {
                        basket.release(one);
                    }
                })
            />
        </section>
    }
}

/// One unit of the item, if something of its active reservation stays held without it.
fn one_of(reservation: &Reservation, item: &ReservationItem) -> Option<One> {
    let units: i32 = reservation.items.iter().map(|it| it.quantity).sum();
    let may_release = reservation.status == ReservationStatus::Active && units > 1;
    may_release.then(|| One {
        reservation: reservation.id,
        item: item.id,
        label: item.label.clone(),
    })
}

#[component]
fn Item(
    item: ReservationItem,
    /// One unit of the item, if the buyer may give it back and keep the rest.
    releasable: Option<One>,
    /// Asks the buyer whether to give the unit back.
    ask: impl Fn(One) + Copy + 'static,
    busy: Signal<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let button = releasable.map(|one| {
        let name = one.label.clone();
        let label = move || t_string!(i18n, checkout.release, place = name.as_str());
        view! {
            <button
                type="button"
                class="quiet square"
                data-testid="release-button"
                aria-label=live(label)
                disabled=live(move || busy.get())
                on:click=act(move |_| ask(one.clone()))
            >
                <Icon sign=Sign::Cross/>
            </button>
        }
    });
    let label = match item.kind {
        ItemKind::General if item.quantity > 1 => format!("{} × {}", item.quantity, item.label),
        ItemKind::Seat | ItemKind::General => item.label,
    };
    let price = item.price;
    view! {
        <li class="item">
            <span class="item-name">{label}</span>
            <span class="figures">{part(move || intl::money(i18n.get_locale(), &price))}</span>
            {button}
        </li>
    }
}
