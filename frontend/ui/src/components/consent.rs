//! The field with which a visitor accepts the shop's terms, in the forms that need it.

use holdfast_contract::legal::{Acceptance, LegalKind};
use leptos::prelude::*;

use super::{
    complaint::Complaint,
    erased::{act, follow, known, live, part, stated},
};
use crate::{
    api::CallFailure,
    browser,
    i18n::{I18n, use_i18n},
    state::{language, legal::Legal},
    t_string, tx,
};

/// The id of the field.
const FIELD: &str = "accepted-terms";
/// The id of the text below the field.
const HELP: &str = "accepted-terms-help";

/// Whether the visitor accepts the terms.
#[derive(Clone, Copy)]
pub struct Consent {
    is_given: RwSignal<bool>,
    /// Whether the form was sent without the acceptance.
    is_missing: RwSignal<bool>,
    legal: Legal,
    i18n: I18n,
}

/// The visitor does not accept the terms.
#[derive(Debug)]
pub struct NotGiven;

/// Whether the server refuses a request because it does not accept the present terms.
pub fn is_about_terms(failure: &CallFailure) -> bool {
    failure.names(&["accepted.terms"])
}

impl Consent {
    /// Asks anew when `is_refused` says that the server has refused the acceptance: the terms have another version now.
    pub fn asked_anew_when(is_refused: impl Fn() -> bool + 'static) -> Self {
        let consent = Self {
            is_given: RwSignal::new(false),
            is_missing: RwSignal::new(false),
            legal: Legal::expect(),
            i18n: use_i18n(),
        };
        follow(move || {
            if is_refused() {
                consent.is_given.set(false);
                consent.is_missing.set(true);
                browser::focus(FIELD);
                consent.legal.look_again();
            }
        });
        consent
    }

    /// The acceptance for the form's request. `None` if the shop has no terms.
    ///
    /// # Errors
    /// When the visitor does not accept the terms. The field then says so and has the focus.
    pub fn said(self) -> Result<Option<Acceptance>, NotGiven> {
        let Some(version) = untrack(|| self.legal.version(LegalKind::Terms)) else {
            return Ok(None);
        };
        let is_given = self.is_given.get_untracked();
        self.is_missing.set(!is_given);
        if !is_given {
            browser::focus(FIELD);
            return Err(NotGiven);
        }
        let language = language::tag(self.i18n.get_locale_untracked()).to_owned();
        Ok(Some(Acceptance { terms: Some(version), language: Some(language) }))
    }
}

/// A link to a document, which opens in another tab. Screen readers say so.
fn to_document(
    path: &'static str,
    name: Signal<&'static str>,
    note: Signal<&'static str>,
) -> AnyView {
    view! {
        <a href=path target="_blank" rel="external noopener">
            {name} <span class="visually-hidden">" " {note}</span>
        </a>
    }
    .into_any()
}

/// The field, if the shop has terms. Its links open in another tab, because the form must keep what was typed.
#[component]
pub fn ConsentField(consent: Consent) -> impl IntoView {
    let Consent { is_given, is_missing, legal, i18n } = consent;
    let has_terms = known(move || legal.has(LegalKind::Terms));
    let has_privacy = known(move || legal.has(LegalKind::Privacy));
    let complaint = move || {
        if is_missing.get() { t_string!(i18n, legal.not_accepted) } else { "" }
    };
    let new_tab = tx!(i18n, legal.new_tab);
    let privacy = move || {
        has_privacy.get().then(|| {
            view! {
                <p class="fine">
                    {tx!(i18n, legal.about_data)} " "
                    {to_document("/privacy", tx!(i18n, legal.privacy_notice), new_tab)}
                </p>
            }
        })
    };
    let field = move || {
        view! {
            <div class="consent">
                <label class="check">
                    <input
                        id=FIELD
                        type="checkbox"
                        aria-required="true"
                        aria-describedby=HELP
                        aria-invalid=stated(move || is_missing.get())
                        prop:checked=is_given
                        on:change=act(move |event| {
                            let is_checked = event_target_checked(&event);
                            is_given.set(is_checked);
                            if is_checked {
                                is_missing.set(false);
                            }
                        })
                    />
                    <span>
                        {tx!(i18n, legal.accept)} " "
                        {to_document("/terms", tx!(i18n, legal.terms_of_sale), new_tab)}
                    </span>
                </label>
                <Complaint id=HELP text=live(complaint)/>
                {part(privacy)}
            </div>
        }
    };
    part(move || has_terms.get().then(field))
}
