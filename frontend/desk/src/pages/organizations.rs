//! `/desk/organizations`: the user's organizations with their members and invitations. Administrators see all organizations
//! and decide on applications.

mod card;
mod edit;
mod members;

use holdfast_contract::{
    accounts::{Profile, Role},
    organizations::Organization,
    problem::ProblemType,
};
use leptos::prelude::*;
use ui::{
    api,
    components::{
        erased::{act, part},
        icon::Sign,
        nothing::Nothing,
        paged::{ItemPage, Paged, PagedEnd},
    },
    i18n::{self, use_i18n},
    td_string, tx,
};
use uuid::Uuid;

use self::card::OrganizationCard;
use crate::door::{Tab, behind_door};

#[component]
pub fn OrganizationsPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, desk.organizations));
    behind_door(Tab::Organizations, |profile| view! { <Organizations profile/> }.into_any())
}

/// The organizations that the page lists.
#[derive(Clone)]
enum Listed {
    /// The organizations with these ids, all on one page.
    Own(Vec<Uuid>),
    /// All organizations with this status; all statuses if the word is empty.
    All(String),
}

async fn page(listed: Listed, after: Option<String>) -> ItemPage<Organization> {
    match listed {
        Listed::Own(ids) => {
            let mut own = Vec::with_capacity(ids.len());
            for id in ids {
                match api::organization(id).await {
                    Ok(organization) => own.push(organization),
                    // The user has left it, and the profile does not know it yet.
                    Err(left) if left.kind() == Some(ProblemType::NotFound) => {}
                    Err(failed) => return Err(failed),
                }
            }
            Ok((own, None))
        }
        Listed::All(status) => {
            let page = api::organizations(&status, after.as_deref()).await?;
            Ok((page.items, page.next))
        }
    }
}

#[component]
fn Organizations(profile: Profile) -> impl IntoView {
    let i18n = use_i18n();
    let is_admin = profile.role == Role::Admin;
    let own = profile.organizations.iter().map(|it| it.organization_id).collect();
    let listed = if is_admin { Listed::All("applied".to_owned()) } else { Listed::Own(own) };
    let (list, listed, open) = (Paged::new(), StoredValue::new(listed), RwSignal::new(None));
    list.begin(page(listed.get_value(), None));
    let more = Callback::new(move |()| list.read(page(listed.get_value(), list.cursor())));
    let choose = move |status: String| {
        open.set(None);
        listed.set_value(Listed::All(status));
        list.begin(page(listed.get_value(), None));
    };
    let is_empty = move || list.items.with(|found| found.as_ref().is_some_and(Vec::is_empty));
    view! {
        <main id="main" class="page">
            <h1>{tx!(i18n, desk.organizations)}</h1>
            {is_admin.then(|| view! { <StatusFilter choose=Callback::new(choose)/> })}
            {part(move || {
                is_empty()
                    .then(|| {
                        view! {
                            <Nothing
                                sign=Sign::Check
                                title=tx!(i18n, organizations.none)
                                text=if is_admin {
                                    tx!(i18n, organizations.none_text)
                                } else {
                                    tx!(i18n, organizations.none_own)
                                }
                            />
                        }
                    })
            })}
            <ul class="desk-cards" data-testid="organizations">
                <For
                    each=move || list.items.get().unwrap_or_default()
                    key=|it| it.with_untracked(|it| it.id)
                    let:organization
                >
                    <OrganizationCard organization profile=profile.clone() open/>
                </For>
            </ul>
            <PagedEnd list more label=tx!(i18n, attention.more) test_id="more-organizations"/>
        </main>
    }
}

#[component]
fn StatusFilter(choose: Callback<String>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <form class="filters" on:submit=act(|event: leptos::ev::SubmitEvent| event.prevent_default())>
            <div class="field">
                <label for="organizations-status">{tx!(i18n, users.status)}</label>
                <select
                    id="organizations-status"
                    on:change=act(move |event| choose.run(event_target_value(&event)))
                >
                    <option value="applied">{tx!(i18n, organizations.applied)}</option>
                    <option value="active">{tx!(i18n, organizations.active)}</option>
                    <option value="refused">{tx!(i18n, organizations.refused)}</option>
                    <option value="">{tx!(i18n, users.all)}</option>
                </select>
            </div>
        </form>
    }
}
