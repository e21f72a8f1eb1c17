//! The note about places that stayed the guest's at sign-in, because the account would have more than one buyer may.

use leptos::prelude::*;

use super::{bar::Bar, icon::Sign};
use crate::{
    components::erased::{known, live},
    i18n::use_i18n,
    state::{
        holds::Holds,
        session::{self, Account},
    },
    t_string, words,
};

/// The note. It stays as long as this browser holds the places.
#[component]
pub fn KeptNote() -> impl IntoView {
    let i18n = use_i18n();
    let (account, holds) = (Account::expect(), Holds::expect());
    let limit = move || {
        if !account.is_signed_in() {
            return None;
        }
        let (left, limit) = session::left_with_guest()?;
        left.iter().any(|id| holds.has(*id)).then_some(limit)
    };
    let shown = known(move || limit().is_some());
    let text = move || {
        let limit = words::limited(i18n.get_locale(), limit().unwrap_or_default());
        format!("{limit} {}", t_string!(i18n, header.kept))
    };
    view! { <Bar class="kept-note" test_id="kept-note" sign=Sign::Alert shown text=live(text)/> }
}
