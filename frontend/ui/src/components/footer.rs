//! The links to the shop's legal documents, below every page except the hall, which fills the window.

use holdfast_contract::legal::LegalKind;
use leptos::prelude::*;

use super::erased::part;
use crate::{i18n::use_i18n, program, state::legal::Legal, tx};

#[component]
pub fn Footer() -> impl IntoView {
    let (i18n, legal) = (use_i18n(), Legal::expect());
    let link = move |kind: LegalKind| {
        let name = match kind {
            LegalKind::Terms => tx!(i18n, legal.terms),
            LegalKind::Privacy => tx!(i18n, legal.privacy),
            LegalKind::Cookies => tx!(i18n, legal.cookies),
            LegalKind::Imprint => tx!(i18n, legal.imprint),
        };
        let path = format!("/{}", kind.as_str());
        let rel = program::rel(&path);
        view! {
            <li>
                <a href=path rel=rel>{name}</a>
            </li>
        }
    };
    part(move || {
        let kinds: Vec<_> = LegalKind::ALL.into_iter().filter(|kind| legal.has(*kind)).collect();
        (!kinds.is_empty()).then(|| {
            view! {
                <footer class="foot">
                    <nav aria-label=tx!(i18n, legal.documents)>
                        <ul>{kinds.into_iter().map(link).collect_view()}</ul>
                    </nav>
                </footer>
            }
        })
    })
}
