//! The general-admission sections: a stepper for each offer.

use holdfast_contract::catalogue::{Offer, Section};
use leptos::prelude::*;
use uuid::Uuid;

use super::floor::Floor;
use map::prices::Sale;
use ui::{
    components::erased::{act, known, live, part},
    components::icon::{Icon, Sign},
    counted,
    i18n::{Locale, use_i18n},
    intl::{self, DateStyle},
    t_string, td_string, tx,
};

#[component]
pub fn General(floor: Floor) -> impl IntoView {
    let i18n = use_i18n();
    // The steppers are not created anew when only the numbers beside them change.
    let ids = known(move || {
        floor.general.with(|sections| sections.iter().map(|it| it.id).collect::<Vec<_>>())
    });
    part(move || {
        let ids = ids.get();
        (!ids.is_empty()).then(|| {
            view! {
                <section class="general" aria-labelledby="general-title">
                    <h2 id="general-title">{tx!(i18n, event.general)}</h2>
                    {ids
                        .into_iter()
                        .map(|section_id| view! { <GeneralSection floor section_id/> })
                        .collect_view()}
                </section>
            }
        })
    })
}

fn section(floor: Floor, id: Uuid) -> Option<Section> {
    floor.general.with(|sections| sections.iter().find(|it| it.id == id).cloned())
}

/// When the sale begins, or that it has ended, in words. `None` while the offer is on sale.
pub fn sale_text(floor: Floor, locale: Locale, sale: Sale<'_>) -> Option<String> {
    match sale {
        Sale::Now => None,
        Sale::From(time) => {
            let zone = floor.event.with(|event| event.time_zone.clone());
            let date = intl::date(locale, time, &zone, DateStyle::Short);
            Some(td_string!(locale, events.sale_from, date = date))
        }
        Sale::Ended => Some(td_string!(locale, event.sale_ended).to_owned()),
        Sale::Cancelled => Some(td_string!(locale, events.cancelled).to_owned()),
        Sale::Unpublished => Some(td_string!(locale, event.unpublished).to_owned()),
    }
}

#[component]
fn GeneralSection(floor: Floor, section_id: Uuid) -> impl IntoView {
    let i18n = use_i18n();
    let name = move || section(floor, section_id).map(|it| it.name).unwrap_or_default();
    let left = move || section(floor, section_id).map_or(0, |it| it.counts.available);
    let left_text = move || {
        let locale = i18n.get_locale();
        if left() <= 0 {
            td_string!(locale, event.none_left).to_owned()
        } else {
            counted!(locale, left(), event.left_single | event.left_several)
        }
    };
    let offers = move || {
        floor
            .prices
            .with(|prices| prices.for_general(section_id).cloned().collect::<Vec<_>>())
            .into_iter()
            .map(|offer| view! { <Stepper floor section_id offer/> })
            .collect_view()
    };
    view! {
        <div class="general-section">
            <p class="general-name">
                <strong prop:textContent=live(name)></strong>
                <span class="soft figures" prop:textContent=live(left_text)></span>
            </p>
            {part(offers)}
        </div>
    }
}

#[component]
fn Stepper(floor: Floor, section_id: Uuid, offer: Offer) -> impl IntoView {
    let i18n = use_i18n();
    let offer_id = offer.id;
    let quantity = move || floor.chosen.with(|chosen| chosen.quantity(section_id, offer_id));
    // The places that are left after the choice. One unit needs one place for each person that it admits.
    let left = move || {
        let left = section(floor, section_id).map_or(0, |it| it.counts.available);
        let chosen: i32 = floor.chosen.with(|chosen| {
            let here = chosen.places.iter().filter(|it| it.section_id == section_id);
            here.map(|it| it.quantity.saturating_mul(floor.admits(it.offer_id))).sum()
        });
        left - i64::from(chosen)
    };
    let admits = i64::from(offer.admits);
    let add = move |change: i32| {
        floor.choose(&|chosen, room| chosen.add(section_id, offer_id, change, room));
    };
    let name = StoredValue::new(offer.name.clone());
    let price = offer.price.clone();
    let title = view! {
        <span class="stepper-name">
            {offer.name.clone()}
            <span class="soft figures">
                {part(move || intl::money(i18n.get_locale(), &price))}
            </span>
        </span>
    };
    if floor.prices.with(|prices| prices.sale(&offer) != Sale::Now) {
        let window = move || {
            floor.prices.with(|prices| sale_text(floor, i18n.get_locale(), prices.sale(&offer)))
        };
        return view! {
            <div class="stepper-row">
                {title} <span class="soft" data-testid="offer-closed">{part(window)}</span>
            </div>
        }
        .into_any();
    }
    view! {
        <div class="stepper-row">
            {title}
            <div class="stepper" role="group" aria-label=live(move || name.get_value())>
                <button
                    type="button"
                    class="tool"
                    data-testid="ga-minus"
                    aria-label=live(move || t_string!(i18n, event.one_less, name = name.get_value()))
                    disabled=live(move || quantity() == 0)
                    on:click=act(move |_| add(-1))
                >
                    <Icon sign=Sign::Minus/>
                </button>
                <output class="figures" aria-live="polite" prop:textContent=live(move || quantity().to_string())></output>
                <button
                    type="button"
                    class="tool"
                    data-testid="ga-plus"
                    aria-label=live(move || t_string!(i18n, event.one_more, name = name.get_value()))
                    disabled=live(move || left() < admits)
                    on:click=act(move |_| add(1))
                >
                    <Icon sign=Sign::Plus/>
                </button>
            </div>
        </div>
    }
    .into_any()
}
