//! The list of seats by section, row and seat. It offers everything that the map offers, for keyboards and screen
//! readers. Only the open row has nodes in the document.

use std::ops::Range;

use leptos::{ev::KeyboardEvent, prelude::*};

use super::{
    floor::{Floor, Standing},
    section_detail,
    summary::HOLD_BUTTON,
    tip::{kind_text, standing_text},
};
use holdfast_contract::catalogue::{SeatKind, SeatStatus};
use map::stage::MapStage;
use ui::{
    browser,
    components::erased::{act, known, live, part, stated},
    components::icon::{Icon, Sign},
    counted,
    i18n::use_i18n,
    intl, t_string, td_string, tx,
};

/// The sections; each opens to its rows.
#[component]
pub fn SeatList(floor: Floor) -> impl IntoView {
    let i18n = use_i18n();
    let open = RwSignal::<Option<usize>>::new(None);
    let count = floor.hall.with_value(|hall| hall.sections.len());
    view! {
        <section class="seat-list" data-testid="seat-list" aria-labelledby="list-title">
            <h2 id="list-title">{tx!(i18n, event.list)}</h2>
            <ul class="list-sections">
                {(0..count).map(|section| view! { <SectionEntry floor section open/> }).collect_view()}
            </ul>
        </section>
    }
}

#[component]
fn SectionEntry(floor: Floor, section: usize, open: RwSignal<Option<usize>>) -> impl IntoView {
    let i18n = use_i18n();
    let is_open = known(move || open.get() == Some(section));
    let row_open = RwSignal::<Option<usize>>::new(None);
    let name = floor.hall.with_value(|hall| hall.sections[section].name.clone());
    let test_id = format!("section-{name}");
    let detail = move || {
        let locale = i18n.get_locale();
        floor.look(|hall, live| {
            let from = floor.prices.with(|prices| prices.cheapest_of_section(hall, section));
            section_detail(locale, from.as_ref(), live.left.get(section).copied().unwrap_or(0))
        })
    };
    let toggle = move |_| {
        open.update(|open| *open = if *open == Some(section) { None } else { Some(section) });
        if is_open.get_untracked() {
            floor.stage.with_untracked(|stage| {
                let show = |stage: &mut MapStage| stage.show_section(section);
                stage.as_ref().map(|stage| stage.update(show))
            });
        }
    };
    let rows = floor.hall.with_value(|hall| hall.sections[section].rows.clone());
    view! {
        <li>
            <button
                type="button"
                class="list-head"
                data-testid=test_id
                aria-expanded=stated(move || is_open.get())
                on:click=toggle
            >
                <Icon sign=Sign::Right/>
                <span class="list-name">{name}</span>
                <span class="soft figures" prop:textContent=live(detail)></span>
            </button>
            {part(move || {
                is_open
                    .get()
                    .then(|| {
                        view! {
                            <ul class="list-rows">
                                {rows
                                    .clone()
                                    .map(|row| view! { <RowEntry floor row open=row_open/> })
                                    .collect_view()}
                            </ul>
                        }
                    })
            })}
        </li>
    }
}

#[component]
fn RowEntry(floor: Floor, row: usize, open: RwSignal<Option<usize>>) -> impl IntoView {
    let i18n = use_i18n();
    let is_open = known(move || open.get() == Some(row));
    let (label, seats) =
        floor.hall.with_value(|hall| (hall.rows[row].label.clone(), hall.rows[row].seats.clone()));
    let test_id = format!("row-{label}");
    let at = RwSignal::new(seats.start);
    let left = {
        let seats = seats.clone();
        move || {
            let left = floor.look(|_, live| {
                live.status[seats.clone()]
                    .iter()
                    .filter(|status| **status == SeatStatus::Available)
                    .count()
            });
            let left = i64::try_from(left).unwrap_or(i64::MAX);
            if left == 0 {
                t_string!(i18n, event.none_left).to_owned()
            } else {
                counted!(i18n.get_locale(), left, event.left_single | event.left_several)
            }
        }
    };
    view! {
        <li>
            <button
                type="button"
                class="list-head row"
                data-testid=test_id
                aria-expanded=stated(move || is_open.get())
                on:click=act(move |_| {
                    open.update(|open| *open = if *open == Some(row) { None } else { Some(row) });
                })
            >
                <Icon sign=Sign::Right/>
                <span class="list-name">{part(move || t_string!(i18n, seat.row, row = label.as_str()))}</span>
                <span class="soft figures" prop:textContent=live(left)></span>
            </button>
            {part(move || {
                is_open
                    .get()
                    .then(|| {
                        view! {
                            <ul class="list-seats" on:keydown=act(keys(seats.clone(), at))>
                                {seats
                                    .clone()
                                    .map(|seat| view! { <SeatEntry floor seat at/> })
                                    .collect_view()}
                            </ul>
                            <ToHold floor/>
                        }
                    })
            })}
        </li>
    }
}

/// Moves the focus between the seats of a row. The row is one stop of the Tab key: from its seat `at`, the next Tab
/// leads out of the row.
fn keys(seats: Range<usize>, at: RwSignal<usize>) -> impl FnMut(KeyboardEvent) {
    move |event| {
        let (here, last) = (at.get_untracked(), seats.end.saturating_sub(1));
        let next = match event.key().as_str() {
            "ArrowRight" => (here + 1).min(last),
            "ArrowLeft" => here.saturating_sub(1).max(seats.start),
            "Home" => seats.start,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        browser::focus(&element_id(next));
    }
}

fn element_id(seat: usize) -> String {
    format!("list-seat-{seat}")
}

/// The way from a row to the button that holds the choice, seen when it has the focus.
#[component]
fn ToHold(floor: Floor) -> impl IntoView {
    let i18n = use_i18n();
    part(move || {
        (floor.persons() > 0).then(|| {
            view! {
                <button
                    type="button"
                    class="button secondary to-hold"
                    data-testid="to-hold"
                    on:click=act(move |_| browser::focus(HOLD_BUTTON))
                >
                    {tx!(i18n, event.to_hold)}
                </button>
            }
        })
    })
}

#[component]
fn SeatEntry(floor: Floor, seat: usize, at: RwSignal<usize>) -> impl IntoView {
    let i18n = use_i18n();
    let standing = known(move || floor.standing(seat));
    let (label, seat_id, kind) =
        floor.hall.with_value(|hall| (hall.labels[seat].clone(), hall.ids[seat], hall.kind[seat]));
    let words = {
        let label = label.clone();
        move || {
            let locale = i18n.get_locale();
            let mut words = vec![td_string!(locale, seat.seat, seat = label.as_str())];
            words.extend(floor.price(seat).map(|price| intl::money(locale, &price)));
            words.extend(kind_text(locale, kind).map(str::to_owned));
            words.extend(standing_text(floor, locale, seat, standing.get()));
            words.join(", ")
        }
    };
    let class = move || match standing.get() {
        Standing::Free => "seat free",
        Standing::Chosen => "seat chosen-seat",
        Standing::Mine => "seat mine",
        Standing::Held => "seat held",
        Standing::Sold => "seat sold",
        Standing::Blocked | Standing::Closed => "seat blocked",
    };
    view! {
        <li>
            <button
                type="button"
                id=element_id(seat)
                tabindex=live(move || if at.get() == seat { "0" } else { "-1" })
                on:focus=act(move |_| at.set(seat))
                class=live(class)
                data-testid=format!("seat-{seat_id}")
                aria-label=live(words)
                aria-pressed=stated(move || standing.get() == Standing::Chosen)
                aria-disabled=stated(move || {
                    !matches!(standing.get(), Standing::Free | Standing::Chosen)
                })
                on:click=act(move |_| floor.toggle(seat))
            >
                <span class="figures">{label}</span>
                {matches!(kind, SeatKind::Wheelchair | SeatKind::Companion)
                    .then(|| view! { <Icon sign=Sign::Wheelchair/> })}
            </button>
        </li>
    }
}
