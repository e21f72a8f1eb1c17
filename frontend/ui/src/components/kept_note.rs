//! The note about places that stayed the guest's at sign-in, because the account would have more than one buyer may.

use leptos::prelude::*;

use super::{bar::Bar, icon::Sign};
use crate::{
    components::erased::{known, live},
    i18n::use_i18n,
    program,
    state::{
        holds::Holds,
        session::{self, SignedInUser},
    },
    t_string, tx, words,
};

/// The note. It stays as long as this browser holds the places.
#[component]
pub fn KeptNote() -> impl IntoView {
    let i18n = use_i18n();
    let (account, holds) = (SignedInUser::expect(), Holds::expect());
    // The limit of the kept places; `Some(None)` if they have several, or if it is unknown.
    let limit = move || {
        if !account.is_signed_in() {
            return None;
        }
        let left = session::left().into_iter().filter(|it| holds.has(it.reservation));
        let limits: Vec<_> = left.map(|it| it.limit).collect();
        let first = *limits.first()?;
        Some(first.filter(|_| limits.iter().all(|limit| *limit == first)))
    };
    let shown = known(move || limit().is_some());
    let text = move || {
        let limit = match limit().flatten() {
            Some(limit) => words::limited(i18n.get_locale(), limit),
            None => t_string!(i18n, problem.limit).to_owned(),
        };
        format!("{limit} {}", t_string!(i18n, header.kept))
    };
    let path = live(move || holds.kept_path());
    view! {
        <Bar class="kept-note" test_id="kept-note" sign=Sign::Alert shown text=live(text)>
            <a href=path rel=program::rel("/checkout/-")>{tx!(i18n, hold.to_checkout)}</a>
        </Bar>
    }
}
