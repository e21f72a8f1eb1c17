//! The message beside the summary: first what happened, then what was kept.

use holdfast_contract::catalogue::Offer;
use leptos::prelude::*;

use super::{
    floor::{Floor, Notice},
    selection::Selection,
    tip::closed_text,
};
use ui::{
    common,
    components::erased::{act, part},
    components::icon::{Icon, Sign},
    i18n::{Locale, use_i18n},
    intl, td_string, words,
};

fn text(floor: Floor, locale: Locale, notice: &Notice) -> String {
    match notice {
        Notice::Taken(seats) => {
            let left = floor.chosen.with_untracked(Selection::count);
            taken(locale, &floor.names(locale, seats), left)
        }
        Notice::Limit { persons, held } => {
            let limit = words::limited(locale, i64::from(*persons));
            if *held == 0 {
                return limit;
            }
            format!("{limit} {}", td_string!(locale, conflict.held, count = *held))
        }
        Notice::Ended { offers, instead, seats } => {
            let offers = words::listed(locale, offers);
            let mut told = vec![td_string!(locale, conflict.ended, offers = offers.as_str())];
            if !instead.is_empty() {
                let priced =
                    |it: &Offer| format!("{} · {}", it.name, intl::money(locale, &it.price));
                let instead: Vec<_> = instead.iter().map(priced).collect();
                let instead = words::listed(locale, &instead);
                told.push(td_string!(locale, conflict.instead, offers = instead.as_str()));
            }
            told.extend(given_up(locale, &floor.names(locale, seats)));
            told.join(" ")
        }
        Notice::Lost(lost) => given_up(locale, lost).unwrap_or_default(),
        Notice::Replaced(lost) => {
            let mut told = vec![td_string!(locale, conflict.replaced).to_owned()];
            told.extend(given_up(locale, lost));
            told.join(" ")
        }
        Notice::Closed(seat) => {
            let (seat, why) = (floor.name(locale, *seat), closed_text(floor, locale, *seat));
            td_string!(locale, conflict.closed, seat = seat.as_str(), why = why.as_str())
        }
        Notice::Failed(failure) => words::failure(locale, failure),
    }
}

/// “No longer selected: B12.” `None` if nothing was removed.
fn given_up(locale: Locale, names: &[String]) -> Option<String> {
    let seats = words::listed(locale, names);
    (!names.is_empty()).then(|| td_string!(locale, conflict.given_up, seats = seats.as_str()))
}

/// "B12 was just taken. Your other two are still selected."
fn taken(locale: Locale, names: &[String], left: i32) -> String {
    let list = words::listed(locale, names);
    let list = list.as_str();
    let fact = if names.len() == 1 {
        td_string!(locale, conflict.taken_single, seats = list)
    } else {
        td_string!(locale, conflict.taken_several, seats = list)
    };
    match left {
        ..=0 => fact,
        1 => format!("{fact} {}", td_string!(locale, conflict.kept_single)),
        _ => format!("{fact} {}", td_string!(locale, conflict.kept_several, count = left)),
    }
}

/// The message. Screen readers read it when it changes.
#[component]
pub fn NoticeView(floor: Floor) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div role="alert" class="notice-slot">
            {part(move || {
                let told = floor.notice.get();
                (!told.is_empty())
                    .then(|| {
                        let taken = told.iter().any(|it| matches!(it, Notice::Taken(_)));
                        let locale = i18n.get_locale();
                        let texts: Vec<_> = told.iter().map(|it| text(floor, locale, it)).collect();
                        view! {
                            <div
                                class="notice"
                                data-testid=if taken { "conflict-message" } else { "notice" }
                            >
                                <Icon sign=Sign::Alert/>
                                <p>{texts.join(" ")}</p>
                                <button
                                    type="button"
                                    class="quiet square"
                                    aria-label=common!(i18n, close)
                                    on:click=act(move |_| floor.notice.set(Vec::new()))
                                >
                                    <Icon sign=Sign::Cross/>
                                </button>
                            </div>
                        }
                    })
            })}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_names_the_seats_and_says_what_is_kept() {
        let names = ["B12".to_owned(), "B13".to_owned()];
        assert_eq!(
            taken(Locale::en, &names[..1], 2),
            "B12 was just taken. Your other 2 are still selected."
        );
        assert_eq!(
            taken(Locale::en, &names, 1),
            "B12 and B13 were just taken. Your other one is still selected."
        );
        assert_eq!(taken(Locale::en, &names[..1], 0), "B12 was just taken.");
    }
}
