//! One organization: what it says about itself, the decision on its application, and its members.

use holdfast_contract::{
    accounts::{Profile, Role},
    organizations::{Organization, OrganizationDecision, OrganizationStatus},
};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api::{self, CallFailure},
    components::{
        erased::{act, live, part, stated},
        field::{Field, Filling},
        reason_note::ReasonNote,
        toasts::Toasts,
    },
    i18n::{Locale, use_i18n},
    program, td_string, tx,
};
use uuid::Uuid;

use super::{edit::EditForm, members::Members};

/// Why a change of an organization is refused.
pub fn refusal(locale: Locale, reason: &str) -> Option<&'static str> {
    Some(match reason {
        "active" => td_string!(locale, organizations.is_active),
        "refused" => td_string!(locale, organizations.is_refused),
        "applied" => td_string!(locale, organizations.is_applied),
        "last-owner" => td_string!(locale, organizations.last_owner),
        _ => return None,
    })
}

/// A part of an organization's card that is shown only when somebody asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Members,
    Decision,
    Form,
}

/// The part of an organization that is shown; one at a time.
pub type OpenPart = RwSignal<Option<(Uuid, Part)>>;

#[component]
pub fn OrganizationCard(
    organization: RwSignal<Organization>,
    /// The user who looks at the page.
    profile: Profile,
    open: OpenPart,
) -> impl IntoView {
    let i18n = use_i18n();
    let id = organization.with_untracked(|it| it.id);
    let is_admin = profile.role == Role::Admin;
    let is_owner =
        profile.organizations.iter().any(|it| it.organization_id == id && it.role == "owner");
    let manages = is_admin || is_owner;
    let own = profile.id;
    let status = move || organization.with(|it| it.status);
    let status_name = move || {
        let locale = i18n.get_locale();
        match status() {
            OrganizationStatus::Applied => td_string!(locale, organizations.applied),
            OrganizationStatus::Active => td_string!(locale, organizations.active),
            OrganizationStatus::Refused => td_string!(locale, organizations.refused),
        }
    };
    let status_class = move || {
        if status() == OrganizationStatus::Active { "status on-sale" } else { "status" }
    };
    let text = move |of: fn(&Organization) -> Option<String>| {
        live(move || organization.with(|it| of(it).unwrap_or_default()))
    };
    view! {
        <li class="panel" data-testid="organization">
            <h2 dir="auto" prop:textContent=live(move || organization.with(|it| it.name.clone()))></h2>
            <p>
                <span class=live(status_class) prop:textContent=live(status_name)></span>
            </p>
            <p dir="auto" prop:textContent=text(|it| it.legal_name.clone())></p>
            <p class="soft" prop:textContent=text(|it| it.contact_email.clone())></p>
            <p class="soft" prop:textContent=text(|it| it.website.clone())></p>
            <p class="soft" dir="auto" prop:textContent=text(|it| it.reason.clone())></p>
            <Actions organization is_admin manages open/>
            {part(move || match (open.get().filter(|(it, _)| *it == id), status()) {
                (Some((_, Part::Decision)), OrganizationStatus::Applied) => {
                    view! { <Decision organization/> }.into_any()
                }
                (Some((_, Part::Members)), OrganizationStatus::Active) => {
                    view! { <Members organization=id manages own/> }.into_any()
                }
                (Some((_, Part::Form)), OrganizationStatus::Active) => {
                    let leave = Callback::new(move |()| open.set(None));
                    view! { <EditForm organization leave/> }.into_any()
                }
                (..) => ().into_any(),
            })}
        </li>
    }
}

/// The buttons that show the parts of the card, and the link to the public page.
#[component]
fn Actions(
    organization: RwSignal<Organization>,
    is_admin: bool,
    /// Whether the user may change the organization.
    manages: bool,
    open: OpenPart,
) -> impl IntoView {
    let i18n = use_i18n();
    let (id, slug) = organization.with_untracked(|it| (it.id, it.slug.clone()));
    let page = format!("/organizations/{slug}");
    let shows = move |part: Part| open.get() == Some((id, part));
    let toggle = move |part: Part| {
        open.update(|open| *open = Some((id, part)).filter(|wanted| *open != Some(*wanted)));
    };
    let opener = move |part: Part, test_id: &'static str, name: Signal<&'static str>| {
        view! {
            <button
                type="button"
                class="button secondary"
                aria-expanded=stated(move || shows(part))
                data-testid=test_id
                on:click=act(move |_| toggle(part))
            >
                {name}
            </button>
        }
    };
    part(move || {
        let page = page.clone();
        match organization.with(|it| it.status) {
            OrganizationStatus::Applied if is_admin => {
                view! {
                    <div class="row-actions">
                        {opener(Part::Decision, "decide", tx!(i18n, organizations.decide))}
                    </div>
                }
                .into_any()
            }
            OrganizationStatus::Active => view! {
                <div class="row-actions">
                    {opener(Part::Members, "show-members", tx!(i18n, organizations.members))}
                    {manages
                        .then(|| opener(Part::Form, "edit-organization", tx!(i18n, organizations.edit)))}
                    <a class="button quiet" href=page.clone() rel=program::rel(&page)>
                        {tx!(i18n, organizations.public_page)}
                    </a>
                </div>
            }
            .into_any(),
            OrganizationStatus::Applied | OrganizationStatus::Refused => ().into_any(),
        }
    })
}

/// The form by which an administrator decides on an application.
#[component]
fn Decision(organization: RwSignal<Organization>) -> impl IntoView {
    let i18n = use_i18n();
    let id = organization.with_untracked(|it| it.id);
    let reason = RwSignal::new(String::new());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<CallFailure>));
    let toasts = Toasts::expect();
    let decide = move |status: OrganizationStatus| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let reason = Some(reason.get_untracked()).filter(|reason| !reason.trim().is_empty());
        let decision = OrganizationDecision { status, reason };
        leptos::task::spawn_local(async move {
            match api::decide_organization(id, &decision).await {
                Ok(decided) => {
                    let _ = organization.try_set(decided);
                    toasts.tell(|locale| td_string!(locale, toasts.decided));
                }
                Err(refused) => {
                    let _ = failure.try_set(Some(refused));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    // A decision cannot be undone, so the Enter key makes none.
    let stay = act(|event: SubmitEvent| event.prevent_default());
    view! {
        <form class="form" novalidate on:submit=stay>
            <ReasonNote failure explains=refusal/>
            <Field
                name="reason"
                within="decision-"
                label=tx!(i18n, organizations.reason)
                filling=Filling::Optional
                autocomplete="off"
                value=reason
                failure
            />
            <div class="row-actions">
                <button
                    type="button"
                    class="button primary"
                    disabled=busy
                    data-testid="approve"
                    on:click=act(move |_| decide(OrganizationStatus::Active))
                >
                    {tx!(i18n, organizations.approve)}
                </button>
                <button
                    type="button"
                    class="button quiet danger"
                    disabled=busy
                    data-testid="refuse"
                    on:click=act(move |_| decide(OrganizationStatus::Refused))
                >
                    {tx!(i18n, organizations.refuse)}
                </button>
            </div>
        </form>
    }
}
