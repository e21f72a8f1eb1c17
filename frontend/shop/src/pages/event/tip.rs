//! The tip beside the pointer. It is hidden from screen readers, because the list says the same.

use holdfast_contract::catalogue::SeatKind;
use leptos::prelude::*;

use super::{
    category_name,
    floor::{Floor, Standing},
    general::sale_text,
};
use map::{canvas::Pointed, geometry::within};
use ui::{
    components::erased::part,
    i18n::{Locale, use_i18n},
    intl, td_string,
};

/// The name of a seat's kind. `None` for a standard seat.
pub fn kind_text(locale: Locale, kind: SeatKind) -> Option<&'static str> {
    match kind {
        SeatKind::Standard => None,
        SeatKind::Vip => Some(td_string!(locale, seat.vip)),
        SeatKind::Premium => Some(td_string!(locale, seat.premium)),
        SeatKind::Wheelchair => Some(td_string!(locale, seat.wheelchair)),
        SeatKind::Companion => Some(td_string!(locale, seat.companion)),
        SeatKind::RestrictedView => Some(td_string!(locale, seat.restricted_view)),
    }
}

/// The state of a seat in one or two words. `None` for a free seat.
pub fn standing_text(
    floor: Floor,
    locale: Locale,
    seat: usize,
    standing: Standing,
) -> Option<String> {
    let word = match standing {
        Standing::Free => return None,
        Standing::Closed => return Some(closed_text(floor, locale, seat)),
        Standing::Chosen => td_string!(locale, seat.chosen),
        Standing::Mine => td_string!(locale, seat.mine),
        Standing::Held => td_string!(locale, seat.held),
        Standing::Sold => td_string!(locale, seat.sold),
        Standing::Blocked => td_string!(locale, seat.blocked),
    };
    Some(word.to_owned())
}

/// Why no offer sells a free seat now.
pub fn closed_text(floor: Floor, locale: Locale, seat: usize) -> String {
    let hall = floor.hall.get_value();
    let why =
        floor.prices.with(|prices| sale_text(floor, locale, prices.closed_seat(&hall, seat)?));
    why.unwrap_or_else(|| td_string!(locale, seat.blocked).to_owned())
}

#[component]
pub fn Tip(floor: Floor, pointed: RwSignal<Option<Pointed>>) -> impl IntoView {
    let i18n = use_i18n();
    part(move || {
        let Pointed { seat, x, y } = pointed.get()?;
        let locale = i18n.get_locale();
        let standing = floor.standing(seat);
        let (kind, category) = floor.look_untracked(|hall, _| {
            let category = hall.categories.get(usize::from(hall.category[seat]));
            (hall.kind[seat], category.map(|it| category_name(locale, &it.name)))
        });
        let price = floor.price(seat).map(|price| intl::money(locale, &price));
        let width = floor.stage.with_untracked(|stage| {
            stage.as_ref().map_or(0.0, |stage| stage.look(|stage| stage.size().width))
        });
        // The tip stays inside the frame; it is at most this wide.
        let half = 120.0_f32.min(width / 2.0);
        let x = within(x, half, (width - half).max(half));
        let below = y < 110.0;
        let y = if below { y + 44.0 } else { y - 8.0 };
        #[allow(clippy::cast_possible_truncation, reason = "pixels")]
        let (x, y) = (x as i32, y as i32);
        Some(view! {
            <div
                class="tip"
                class:is-below=below
                aria-hidden="true"
                style:left=format!("{x}px")
                style:top=format!("{y}px")
            >
                <strong>{floor.name(locale, seat)}</strong>
                <span class="tip-line">
                    <span>{category}</span>
                    <span class="figures">{price}</span>
                </span>
                {kind_text(locale, kind).map(|text| view! { <span class="remark">{text}</span> })}
                {standing_text(floor, locale, seat, standing)
                    .map(|text| view! { <span class="remark">{text}</span> })}
            </div>
        })
    })
}
