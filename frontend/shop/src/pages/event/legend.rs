//! The legend: the signs of the map, and the price of each category.

use leptos::prelude::*;

use super::{category_name, floor::Floor};
use map::palette::Palette;
use ui::{components::erased::part, i18n::use_i18n, intl, state::theme::Appearance, tx};

/// The categories with prices, then the signs.
#[component]
pub fn Legend(floor: Floor) -> impl IntoView {
    let i18n = use_i18n();
    let appearance = Appearance::expect();
    let categories = move || {
        appearance.changes.track();
        let locale = i18n.get_locale();
        let hall = floor.hall.get_value();
        let palette = Palette::read(&hall.categories);
        floor.prices.with(|prices| {
            hall.categories
                .iter()
                .zip(&palette.categories)
                .map(|(category, colour)| {
                    let price = prices
                        .cheapest_of_category(&hall, &category.name)
                        .map(|price| intl::money_short(locale, &price));
                    view! {
                        <li>
                            <span
                                class="swatch"
                                style:background-color=colour.fill.clone()
                            ></span>
                            <span>{category_name(locale, &category.name)}</span>
                            <span class="figures soft">{price}</span>
                        </li>
                    }
                })
                .collect_view()
        })
    };
    view! {
        <div class="legend" role="group" tabindex="0" aria-label=tx!(i18n, map.categories)>
            <ul class="legend-categories" aria-label=tx!(i18n, map.categories)>
                {part(categories)}
            </ul>
            <ul class="legend-signs" aria-label=tx!(i18n, map.signs)>
                <li><span class="sign sign-mine" aria-hidden="true"></span>{tx!(i18n, seat.chosen)}</li>
                <li><span class="sign sign-held" aria-hidden="true"></span>{tx!(i18n, seat.held)}</li>
                <li><span class="sign sign-sold" aria-hidden="true"></span>{tx!(i18n, seat.sold)}</li>
                <li><span class="sign sign-blocked" aria-hidden="true"></span>{tx!(i18n, seat.blocked)}</li>
            </ul>
        </div>
    }
}
