//! The message beside the summary: first what happened, then what was kept.

use leptos::prelude::*;

use super::{
    floor::{Floor, Notice},
    tip::closed_text,
};
use ui::{
    common,
    components::erased::{act, part},
    components::icon::{Icon, Sign},
    i18n::{Locale, use_i18n},
    td_string, words,
};

fn text(floor: Floor, locale: Locale, notice: &Notice) -> String {
    match notice {
        Notice::Taken(seats, left) => taken(locale, &floor.names(locale, seats), *left),
        Notice::Limit(limit) => words::limited(locale, i64::from(*limit)),
        Notice::Ended(offers, seats) => {
            let offers = words::listed(locale, offers);
            let fact = td_string!(locale, conflict.ended, offers = offers.as_str());
            if seats.is_empty() {
                return fact;
            }
            let seats = words::listed(locale, &floor.names(locale, seats));
            format!("{fact} {}", td_string!(locale, conflict.given_up, seats = seats.as_str()))
        }
        Notice::Closed(seat) => {
            let (seat, why) = (floor.name(locale, *seat), closed_text(floor, locale, *seat));
            td_string!(locale, conflict.closed, seat = seat.as_str(), why = why.as_str())
        }
        Notice::Failed(failure) => words::failure(locale, failure),
    }
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
                floor
                    .notice
                    .get()
                    .map(|notice| {
                        let taken = matches!(notice, Notice::Taken(..));
                        view! {
                            <div
                                class="notice"
                                data-testid=if taken { "conflict-message" } else { "notice" }
                            >
                                <Icon sign=Sign::Alert/>
                                <p>{text(floor, i18n.get_locale(), &notice)}</p>
                                <button
                                    type="button"
                                    class="quiet square"
                                    aria-label=common!(i18n, close)
                                    on:click=act(move |_| floor.notice.set(None))
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
