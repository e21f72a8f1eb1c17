//! The notice that stands in place of a page for signed-in users: a link to the sign-in page, which leads back to the
//! page.

use leptos::prelude::*;

use super::icon::{Icon, Sign};
use crate::{common, i18n::use_i18n, program};

#[component]
pub fn SignInFirst(title: Signal<&'static str>, text: Signal<&'static str>) -> impl IntoView {
    let i18n = use_i18n();
    let path = program::sign_in_path(&program::here());
    let rel = program::rel(&path);
    view! {
        <main id="main" class="page narrow">
            <div class="state-box">
                <Icon sign=Sign::User/>
                <h1>{title}</h1>
                <p>{text}</p>
                <a href=path rel=rel class="button primary">{common!(i18n, sign_in)}</a>
            </div>
        </main>
    }
}
