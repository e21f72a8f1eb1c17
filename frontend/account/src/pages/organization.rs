//! `/organizations/{slug}`: what an organization says about itself, for everybody.

use holdfast_contract::organizations::PublicOrganization;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use ui::{
    api,
    components::loaded::{Waiting, loaded},
    i18n::{self, use_i18n},
    td_string, tx,
};

#[component]
pub fn OrganizationPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, organization.page));
    let slug = use_params_map().with_untracked(|params| params.get("slug").unwrap_or_default());
    loaded(
        move || {
            let slug = slug.clone();
            async move { api::public_organization(&slug).await }
        },
        || view! { <Waiting/> }.into_any(),
        |organization, _| view! { <Shown organization/> }.into_any(),
    )
}

#[component]
fn Shown(organization: PublicOrganization) -> impl IntoView {
    let i18n = use_i18n();
    let PublicOrganization { name, contact_email, website, .. } = organization;
    let contact = contact_email.map(|address| {
        view! {
            <div>
                <dt>{tx!(i18n, organization.contact)}</dt>
                <dd><a href=format!("mailto:{address}")>{address.clone()}</a></dd>
            </div>
        }
    });
    let website = website.map(|address| {
        view! {
            <div>
                <dt>{tx!(i18n, organization.website)}</dt>
                <dd>
                    <a href=address.clone() rel="external nofollow noopener" referrerpolicy="no-referrer">
                        {address.clone()}
                    </a>
                </dd>
            </div>
        }
    });
    view! {
        <main id="main" class="page narrow">
            <div class="panel form" data-testid="organization">
                <h1 dir="auto">{name}</h1>
                <dl class="facts">{contact} {website}</dl>
            </div>
        </main>
    }
}
