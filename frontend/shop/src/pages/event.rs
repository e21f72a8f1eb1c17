//! `/events/:slug`: the seat map fills the page, and the summary of the choice is beside it.

mod floor;
mod general;
mod hold;
mod legend;
mod list;
mod notice;
mod selection;
mod stream;
mod summary;
mod tip;

use holdfast_contract::{
    catalogue::{Event, EventStatus, Offer, SectionPage},
    live::SeatStates,
    seat_map::SeatMap,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use floor::{Floor, StreamStatus};
use map::{
    canvas::{MapCanvas, Pointed},
    overlay::SectionLabel,
    prices::Sale,
};
use ui::{
    api::{self, CallFailure},
    browser, common,
    components::erased::{follow, live, part},
    components::{
        icon::{Icon, Sign},
        loaded::loaded,
    },
    counted,
    i18n::{Locale, use_i18n},
    intl::{self, DateStyle},
    td_string, tx, words,
};

/// The data that the page needs before it can be used.
#[derive(Clone)]
pub struct Opening {
    event: Event,
    map: Option<SeatMap>,
    states: SeatStates,
    sections: SectionPage,
    offers: Vec<Offer>,
}

async fn open(slug: String) -> Result<Opening, CallFailure> {
    let event = api::event(&slug).await?;
    let id = event.id;
    let has_plan = event.has_plan;
    let map = async { if has_plan { api::seat_map(id).await.map(Some) } else { Ok(None) } };
    let (map, states, sections, offers) =
        futures_util::join!(map, api::seat_states(id), api::sections(id), api::offers(id));
    Ok(Opening { event, map: map?, states: states?, sections: sections?, offers: offers?.items })
}

#[component]
pub fn EventPage() -> impl IntoView {
    let params = use_params_map();
    // Another slug is another event, so the page creates everything below anew.
    part(move || {
        let slug = params.with(|params| params.get("slug").unwrap_or_default());
        view! { <Opened slug/> }
    })
}

#[component]
fn Opened(slug: String) -> impl IntoView {
    loaded(
        move || open(slug.clone()),
        || view! { <Skeleton/> }.into_any(),
        move |opening, again| {
            let floor = Floor::new(opening, again);
            stream::follow(floor);
            view! { <Hallway floor/> }.into_any()
        },
    )
}

#[component]
fn Skeleton() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <main id="main" class="event-page" aria-busy="true">
            <p class="visually-hidden" role="status">{common!(i18n, loading)}</p>
            <div class="event-map skeleton-map"><div class="skeleton"></div></div>
            <aside class="event-side">
                <div class="skeleton skeleton-title"></div>
                <div class="skeleton skeleton-line"></div>
                <div class="skeleton skeleton-line"></div>
            </aside>
        </main>
    }
}

#[component]
fn Hallway(floor: Floor) -> impl IntoView {
    let i18n = use_i18n();
    let pointed = RwSignal::<Option<Pointed>>::new(None);
    let has_map = floor.hall.with_value(|hall| !hall.is_empty());
    follow(move || {
        floor.event.with(|event| browser::set_title(&event.name));
    });
    let labels = Signal::derive(move || section_labels(floor, i18n.get_locale()));
    let mine = Signal::derive(move || {
        let hall = floor.hall.get_value();
        let index = |id: &i32| hall.index_of(*id);
        let mut seats: Vec<_> = floor.mine.with(|mine| mine.iter().filter_map(index).collect());
        floor.chosen.with(|it| seats.extend(it.seats.iter().filter_map(|(id, _)| index(id))));
        seats
    });
    view! {
        <main id="main" class="event-page" class:without-map=!has_map>
            {has_map
                .then(|| {
                    view! {
                        <section class="event-map" aria-label=tx!(i18n, map.section)>
                            <MapCanvas
                                hall=floor.hall
                                live=floor.live
                                stage=floor.stage
                                mine
                                labels
                                pointed
                                on_pick=move |seat| floor.toggle(seat)
                            />
                            <tip::Tip floor pointed/>
                            <StreamBar floor/>
                            <legend::Legend floor/>
                        </section>
                    }
                })}
            <aside class="event-side">
                <Heading floor/>
                <div class="side-scroll">
                    <general::General floor/>
                    <summary::Chosen floor/>
                    {has_map.then(|| view! { <list::SeatList floor/> })}
                    {(!has_map).then(|| view! { <StreamBar floor/> })}
                    <About floor/>
                </div>
                <summary::HoldBar floor/>
            </aside>
        </main>
    }
}

#[component]
fn Heading(floor: Floor) -> impl IntoView {
    let i18n = use_i18n();
    let when = move || {
        floor.event.with(|event| {
            intl::date(i18n.get_locale(), &event.starts_at, &event.time_zone, DateStyle::Full)
        })
    };
    view! {
        <header class="event-heading">
            <h1
                dir="auto"
                lang=live(move || floor.event.with(|event| event.language.clone()))
                prop:textContent=live(move || floor.event.with(|event| event.name.clone()))
            ></h1>
            <p class="fact">
                <Icon sign=Sign::Calendar/>
                <time datetime=live(move || floor.event.with(|it| it.starts_at.clone())) prop:textContent=live(when)></time>
            </p>
            <p class="fact">
                <Icon sign=Sign::Place/>
                <span
                    dir="auto"
                    prop:textContent=live(move || floor.event.with(|event| event.place.clone()))
                ></span>
            </p>
            {part(move || {
                status_text(floor, i18n.get_locale())
                    .map(|text| view! { <p class="banner" role="status">{text}</p> })
            })}
        </header>
    }
}

fn status_text(floor: Floor, locale: Locale) -> Option<String> {
    match floor.event.with(|event| event.status) {
        EventStatus::SoldOut => Some(td_string!(locale, event.sold_out_now).into()),
        // The page knows when the sale begins, and needs no message to open it.
        EventStatus::Upcoming => floor
            .prices
            .with(|prices| general::sale_text(floor, locale, Sale::From(prices.opens_at()?))),
        status @ (EventStatus::OnSale
        | EventStatus::Draft
        | EventStatus::Completed
        | EventStatus::Cancelled) => words::not_selling(locale, status).map(str::to_owned),
    }
}

#[component]
fn About(floor: Floor) -> impl IntoView {
    let i18n = use_i18n();
    part(move || {
        let (text, language) =
            floor.event.with(|event| (event.description.clone(), event.language.clone()));
        (!text.is_empty()).then(|| {
            view! {
                <section class="about">
                    <h2>{tx!(i18n, event.about)}</h2>
                    <p lang=language dir="auto">{text}</p>
                </section>
            }
        })
    })
}

#[component]
fn StreamBar(floor: Floor) -> impl IntoView {
    let i18n = use_i18n();
    let state = move || match floor.stream.get() {
        StreamStatus::Joining => "joining",
        StreamStatus::Live => "live",
        StreamStatus::Rejoining => "rejoining",
    };
    view! {
        <div class="stream-status" data-testid="stream-status" data-state=live(state) role="status">
            {part(move || {
                (floor.stream.get() == StreamStatus::Rejoining)
                    .then(|| {
                        view! {
                            <Icon sign=Sign::Offline/>
                            <span>{tx!(i18n, event.rejoining)}</span>
                        }
                    })
            })}
        </div>
    }
}

fn section_labels(floor: Floor, locale: Locale) -> Vec<SectionLabel> {
    floor.look(|hall, live| {
        floor.prices.with(|prices| {
            hall.sections
                .iter()
                .enumerate()
                .map(|(index, section)| SectionLabel {
                    name: section.name.clone(),
                    detail: section_detail(
                        locale,
                        prices.cheapest_of_section(hall, index).as_ref(),
                        live.left.get(index).copied().unwrap_or(0),
                    ),
                })
                .collect()
        })
    })
}

/// The second line of a section's label: "from €25 · 213 left".
fn section_detail(
    locale: Locale,
    from: Option<&holdfast_contract::money::Money>,
    left: i64,
) -> String {
    if left == 0 {
        return td_string!(locale, event.none_left).to_owned();
    }
    let left = counted!(locale, left, event.left_single | event.left_several);
    match from {
        Some(price) => {
            let from = td_string!(locale, event.from, price = intl::money_short(locale, price));
            format!("{from} · {left}")
        }
        None => left,
    }
}

/// The name of a price category. Seats of a plan may have a category without a name.
fn category_name(locale: Locale, name: &str) -> String {
    let name = name.trim();
    if name.is_empty() { td_string!(locale, map.unnamed) } else { name }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_without_a_name_gets_one() {
        for locale in [Locale::en, Locale::fr] {
            assert_eq!(category_name(locale, "Parkett"), "Parkett");
            for unnamed in ["", "  "] {
                assert_eq!(category_name(locale, unnamed), "Standard");
            }
        }
    }
}
