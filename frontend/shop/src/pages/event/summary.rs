//! The summary: the visitor's choice, its price, and the one button.

use holdfast_contract::{catalogue::Offer, money::Money};
use leptos::prelude::*;
use uuid::Uuid;

use super::{
    floor::Floor,
    general::sale_text,
    hold,
    notice::NoticeView,
    selection::{PlacesChoice, Selection},
};
use map::stage::MapStage;
use ui::{
    common,
    components::erased::{act, live, part, stated},
    components::icon::{Icon, Sign},
    counted,
    i18n::use_i18n,
    intl,
    state::holds::Holds,
    t_string, tx,
};

/// The id of the button that holds the choice.
pub const HOLD_BUTTON: &str = "hold-button";

/// The price of the choice. `None` if currencies differ or a price is missing.
fn total(floor: Floor, chosen: &Selection) -> Option<Money> {
    floor.prices.with(|prices| {
        let price = |offer: Uuid| prices.offer(offer).map(|it| it.price.clone());
        let seats = chosen.seats.iter().map(|(_, offer)| Some((price(*offer)?, 1)));
        let places =
            chosen.places.iter().map(|it| Some((price(it.offer_id)?, i64::from(it.quantity))));
        sum(seats.chain(places))
    })
}

fn sum(prices: impl Iterator<Item = Option<(Money, i64)>>) -> Option<Money> {
    let mut total: Option<Money> = None;
    for price in prices {
        let (price, quantity) = price?;
        let amount = price.amount.checked_mul(quantity)?;
        match &mut total {
            None => total = Some(Money { amount, currency: price.currency }),
            Some(total) if total.currency == price.currency => {
                total.amount = total.amount.checked_add(amount)?;
            }
            Some(_) => return None,
        }
    }
    total
}

#[component]
pub fn Chosen(floor: Floor) -> impl IntoView {
    let i18n = use_i18n();
    let rows = move || {
        let chosen = floor.chosen.get();
        if chosen.is_empty() {
            return view! { <p class="empty-hint">{tx!(i18n, event.nothing_chosen)}</p> }
                .into_any();
        }
        let seats = chosen.seats.into_iter().map(|(seat_id, offer)| {
            view! { <ChosenSeat floor seat_id offer/> }
        });
        let places = chosen.places.into_iter().map(|places| view! { <ChosenPlaces floor places/> });
        view! {
            <ul class="chosen">{seats.collect_view()} {places.collect_view()}</ul>
        }
        .into_any()
    };
    view! {
        <section class="summary" aria-labelledby="summary-title">
            <h2 id="summary-title">{tx!(i18n, event.your_selection)}</h2>
            <Held floor/>
            <div aria-live="polite">{part(rows)}</div>
        </section>
    }
}

#[component]
fn ChosenSeat(floor: Floor, seat_id: i32, offer: Uuid) -> impl IntoView {
    let i18n = use_i18n();
    let hall = floor.hall.get_value();
    let seat = hall.index_of(seat_id)?;
    let offers: Vec<Offer> =
        floor.prices.with(|prices| prices.all_for_seat(&hall, seat).cloned().collect());
    let price = offers.iter().find(|it| it.id == offer);
    let price = price.map(|it| intl::money(i18n.get_locale(), &it.price));
    let name = floor.name(i18n.get_locale(), seat);
    let removal = t_string!(i18n, event.remove, seat = name.as_str());
    let choice = (offers.len() > 1).then(|| {
        let options = offers
            .iter()
            .map(|it| {
                let locale = i18n.get_locale();
                let mut label = format!("{} · {}", it.name, intl::money(locale, &it.price));
                let closed = floor.prices.with(|prices| sale_text(floor, locale, prices.sale(it)));
                if let Some(text) = &closed {
                    label.push_str(" · ");
                    label.push_str(text);
                }
                view! {
                    <option
                        value=it.id.to_string()
                        selected=it.id == offer
                        disabled=closed.is_some()
                    >
                        {label}
                    </option>
                }
            })
            .collect_view();
        let label = t_string!(i18n, event.ticket_kind, seat = name.as_str());
        view! {
            <select
                aria-label=label
                on:change=act(move |event| {
                    if let Ok(offer) = event_target_value(&event).parse() {
                        floor.choose(&|chosen, room| chosen.set_offer(seat_id, offer, room));
                        // The field shows what was chosen, even if there is no room for it.
                        floor.chosen.notify();
                    }
                })
            >
                {options}
            </select>
        }
    });
    let show = move |_| {
        floor.stage.with_untracked(|stage| {
            stage.as_ref().map(|stage| stage.update(|stage: &mut MapStage| stage.reveal(seat)))
        });
    };
    Some(view! {
        <li class="chosen-row">
            <button type="button" class="chosen-name quiet" on:click=show>{name}</button>
            <span class="figures">{price}</span>
            <button
                type="button"
                class="quiet square"
                aria-label=removal
                on:click=act(move |_| floor.toggle(seat))
            >
                <Icon sign=Sign::Cross/>
            </button>
            {choice}
        </li>
    })
}

/// The name of an entry of places for people, such as “2 × Floor, Adult”; reactive.
pub fn places_name(floor: Floor, places: PlacesChoice) -> String {
    let section = floor.general.with(|sections| {
        let section = sections.iter().find(|it| it.id == places.section_id);
        section.map(|it| it.name.clone()).unwrap_or_default()
    });
    let offer = floor.prices.with(|prices| prices.offer(places.offer_id).map(|it| it.name.clone()));
    format!("{} × {section}, {}", places.quantity, offer.unwrap_or_default())
}

#[component]
fn ChosenPlaces(floor: Floor, places: PlacesChoice) -> impl IntoView {
    let i18n = use_i18n();
    let PlacesChoice { section_id, offer_id, quantity } = places;
    let price = floor.prices.with(|prices| prices.offer(offer_id).map(|it| it.price.clone()));
    let price = price.map(|price| {
        let amount = price.amount.saturating_mul(i64::from(quantity));
        intl::money(i18n.get_locale(), &Money { amount, currency: price.currency })
    });
    let label = places_name(floor, places);
    let removal = t_string!(i18n, event.remove, seat = label.as_str());
    view! {
        <li class="chosen-row">
            <span class="chosen-name">{label}</span>
            <span class="figures">{price}</span>
            <button
                type="button"
                class="quiet square"
                aria-label=removal
                on:click=act(move |_| {
                    floor.choose(&|chosen, room| chosen.add(section_id, offer_id, -quantity, room));
                })
            >
                <Icon sign=Sign::Cross/>
            </button>
        </li>
    }
}

/// The places that this visitor already holds, with the link to the checkout.
#[component]
fn Held(floor: Floor) -> impl IntoView {
    let i18n = use_i18n();
    let holds = Holds::expect();
    part(move || {
        let event = floor.event.with(|event| event.id);
        let count = holds.persons(event);
        let path = holds.checkout_path_of(event)?;
        let text =
            counted!(i18n.get_locale(), i64::from(count), event.held_single | event.held_several);
        Some(view! {
            <div class="held-box">
                <p>{text}</p>
                <a href=path class="button secondary">{tx!(i18n, event.to_checkout)}</a>
            </div>
        })
    })
}

/// The total and the button, whose position never changes.
#[component]
pub fn HoldBar(floor: Floor) -> impl IntoView {
    let i18n = use_i18n();
    let hold = hold::holder(floor);
    let count = move || floor.persons();
    let label = move || {
        let locale = i18n.get_locale();
        if floor.holding.get() {
            t_string!(i18n, event.holding).to_owned()
        } else if count() == 0 {
            t_string!(i18n, event.hold).to_owned()
        } else {
            counted!(locale, i64::from(count()), event.hold_single | event.hold_several)
        }
    };
    let price = move || {
        floor
            .chosen
            .with(|chosen| total(floor, chosen))
            .map(|it| intl::money(i18n.get_locale(), &it))
    };
    let minutes = move || {
        let minutes = floor.event.with(|event| event.hold_seconds) / 60;
        counted!(i18n.get_locale(), minutes, event.hold_time_single | event.hold_time_several)
    };
    view! {
        <div class="hold-bar">
            <NoticeView floor/>
            <div class="total-row">
                <span>{common!(i18n, total)}</span>
                <strong
                    class="figures total"
                    prop:textContent=live(move || price().unwrap_or_else(|| "–".into()))
                ></strong>
            </div>
            <button
                type="button"
                id=HOLD_BUTTON
                class="button primary wide"
                data-testid="hold-button"
                disabled=live(move || count() == 0 || floor.holding.get())
                aria-disabled=stated(move || floor.is_resting())
                on:click=act(move |_| hold.run(()))
            >
                <Icon sign=Sign::Lock/>
                <span prop:textContent=live(label)></span>
            </button>
            <p class="fine" prop:textContent=live(minutes)></p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(amount: i64, currency: &str, quantity: i64) -> Option<(Money, i64)> {
        Some((Money { amount, currency: currency.into() }, quantity))
    }

    #[test]
    fn a_total_has_one_currency_and_no_gaps() {
        let total = sum([price(4500, "EUR", 1), price(1200, "EUR", 3)].into_iter());
        assert_eq!(total.map(|it| it.amount), Some(8100));
        assert_eq!(sum([price(1, "EUR", 1), price(1, "CHF", 1)].into_iter()), None);
        assert_eq!(sum([price(1, "EUR", 1), None].into_iter()), None);
        assert_eq!(sum([price(i64::MAX, "EUR", 2)].into_iter()), None);
    }
}
