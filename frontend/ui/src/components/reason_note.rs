//! The message about a refusal whose reasons a page can explain.

use leptos::prelude::*;

use super::{
    erased::part,
    icon::{Icon, Sign},
};
use crate::{
    api::CallFailure,
    i18n::{Locale, use_i18n},
    words,
};

/// The text for a word among a problem's reasons. `None` for words that the page does not explain.
pub type Explains = fn(Locale, &str) -> Option<&'static str>;

/// The message about a failed request, as [`super::failure::FailureNote`], with the page's own text for the first reason that
/// it explains.
#[component]
pub fn ReasonNote(failure: RwSignal<Option<CallFailure>>, explains: Explains) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div role="alert">
            {part(move || {
                failure
                    .get()
                    .map(|failure| {
                        let locale = i18n.get_locale();
                        let reasons = match &failure {
                            CallFailure::Problem(problem) => problem.reasons.as_slice(),
                            CallFailure::Unreachable | CallFailure::Unreadable(_) => &[],
                        };
                        let text = reasons
                            .iter()
                            .find_map(|reason| explains(locale, reason))
                            .map_or_else(|| words::failure(locale, &failure), str::to_owned);
                        view! {
                            <div class="notice">
                                <Icon sign=Sign::Alert/>
                                <p>{text}</p>
                            </div>
                        }
                    })
            })}
        </div>
    }
}
