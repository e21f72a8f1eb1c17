//! The members of an organization and its open invitations, with the forms of its owners.

use std::future::Future;

use holdfast_contract::organizations::{
    Invitation, Member, MemberRole, Members as Listed, NewInvitation,
};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api::{self, CallFailure},
    common,
    components::{
        erased::{act, live, part},
        failure::FailureNote,
        field::Field,
        reason_note::ReasonNote,
    },
    i18n::{Locale, use_i18n},
    state::load::{Load, load},
    t_string, td_string, tx,
};
use uuid::Uuid;

use super::card::refusal;

/// The roles, the most powerful first, each with its word on the wire.
const ROLES: [(MemberRole, &str); 5] = [
    (MemberRole::Owner, "owner"),
    (MemberRole::Manager, "manager"),
    (MemberRole::Seller, "seller"),
    (MemberRole::Viewer, "viewer"),
    (MemberRole::Controller, "controller"),
];

fn role_name(locale: Locale, role: MemberRole) -> &'static str {
    match role {
        MemberRole::Owner => td_string!(locale, organizations.owner),
        MemberRole::Manager => td_string!(locale, organizations.manager),
        MemberRole::Seller => td_string!(locale, organizations.seller),
        MemberRole::Viewer => td_string!(locale, organizations.viewer),
        MemberRole::Controller => td_string!(locale, organizations.controller),
    }
}

fn role_of(word: &str) -> MemberRole {
    ROLES.iter().find(|(_, it)| *it == word).map_or(MemberRole::Viewer, |(role, _)| *role)
}

/// The choices of a role, with this one chosen.
fn role_options(chosen: MemberRole) -> impl IntoView {
    let i18n = use_i18n();
    let option = move |(role, word): (MemberRole, &'static str)| {
        view! {
            <option value=word selected=role == chosen>
                {part(move || role_name(i18n.get_locale(), role))}
            </option>
        }
    };
    ROLES.map(option).into_iter().collect_view()
}

/// A change of the members, after which the list is read again.
#[derive(Clone, Copy)]
struct Changing {
    failure: RwSignal<Option<CallFailure>>,
    again: Callback<()>,
}

impl Changing {
    fn send(self, work: impl Future<Output = Result<(), CallFailure>> + 'static) {
        self.failure.set(None);
        leptos::task::spawn_local(async move {
            let answer = work.await;
            if answer.is_ok() {
                self.again.run(());
            }
            let _ = self.failure.try_set(answer.err());
        });
    }
}

#[component]
pub fn Members(
    organization: Uuid,
    /// Whether the user may invite, change and remove members.
    manages: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let (state, again) = load(move || api::members(organization));
    let changing = Changing { failure: RwSignal::new(None), again };
    view! {
        <section class="form" aria-label=tx!(i18n, organizations.members)>
            <ReasonNote failure=changing.failure explains=refusal/>
            {part(move || {
                state
                    .with(|state| match state {
                        Load::Waiting => {
                            view! { <p role="status" class="soft">{common!(i18n, loading)}</p> }.into_any()
                        }
                        Load::Failed(_) => {
                            view! {
                                <button
                                    type="button"
                                    class="button secondary"
                                    on:click=act(move |_| again.run(()))
                                >
                                    {common!(i18n, retry)}
                                </button>
                            }
                            .into_any()
                        }
                        Load::Ready(listed) => {
                            view! { <Rows organization manages listed=listed.clone() changing/> }
                                .into_any()
                        }
                    })
            })}
            {manages.then(|| view! { <InviteForm organization again/> })}
        </section>
    }
}

#[component]
fn Rows(organization: Uuid, manages: bool, listed: Listed, changing: Changing) -> impl IntoView {
    let members = listed.items.into_iter();
    let members = members.map(|member| view! { <MemberRow organization manages member changing/> });
    let open = listed.invitations.into_iter();
    let open = open.map(|invitation| view! { <InvitationRow organization invitation changing/> });
    view! {
        <ul class="desk-rows">
            {members.collect_view()} {open.collect_view()}
        </ul>
    }
}

#[component]
fn MemberRow(
    organization: Uuid,
    manages: bool,
    member: Member,
    changing: Changing,
) -> impl IntoView {
    let i18n = use_i18n();
    let Member { user_id, email, first_name, last_name, role } = member;
    let name = format!("{first_name} {last_name}").trim().to_owned();
    let label = {
        let name = name.clone();
        move || t_string!(i18n, organizations.role_of, name = name.as_str())
    };
    let change = move |event| {
        let role = role_of(&event_target_value(&event));
        changing.send(async move { api::change_member(organization, user_id, role).await });
    };
    let remove = move |_| {
        changing.send(async move { api::remove_member(organization, user_id).await });
    };
    view! {
        <li class="desk-row" data-testid="member">
            <div class="desk-row-main">
                <h3 dir="auto">{name}</h3>
                <p class="soft">{email}</p>
            </div>
            <div class="desk-row-side">
                {if manages {
                    view! {
                        <select data-testid="member-role" aria-label=live(label) on:change=act(change)>
                            {role_options(role)}
                        </select>
                        <button
                            type="button"
                            class="button quiet danger"
                            data-testid="remove-member"
                            on:click=act(remove)
                        >
                            {tx!(i18n, organizations.remove)}
                        </button>
                    }
                    .into_any()
                } else {
                    view! { <span>{part(move || role_name(i18n.get_locale(), role))}</span> }.into_any()
                }}
            </div>
        </li>
    }
}

#[component]
fn InvitationRow(organization: Uuid, invitation: Invitation, changing: Changing) -> impl IntoView {
    let i18n = use_i18n();
    let Invitation { id, email, role, .. } = invitation;
    let withdraw = move |_| {
        changing.send(async move { api::withdraw_invitation(organization, id).await });
    };
    view! {
        <li class="desk-row" data-testid="invitation">
            <div class="desk-row-main">
                <h3>{email}</h3>
                <p class="soft">
                    <span>{part(move || role_name(i18n.get_locale(), role))}</span> " · "
                    <span>{tx!(i18n, organizations.invited)}</span>
                </p>
            </div>
            <div class="desk-row-side">
                <button
                    type="button"
                    class="button secondary"
                    data-testid="withdraw"
                    on:click=act(withdraw)
                >
                    {tx!(i18n, organizations.withdraw)}
                </button>
            </div>
        </li>
    }
}

#[component]
fn InviteForm(organization: Uuid, again: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    let (email, role) = (RwSignal::new(String::new()), RwSignal::new(MemberRole::Manager));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<CallFailure>));
    let invite = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let wanted = NewInvitation { email: email.get_untracked(), role: role.get_untracked() };
        leptos::task::spawn_local(async move {
            let answer = api::invite(organization, &wanted).await;
            if answer.is_ok() {
                let _ = email.try_set(String::new());
                again.run(());
            }
            let _ = failure.try_set(answer.err());
            let _ = busy.try_set(false);
        });
    };
    let role_id = format!("invite-role-{organization}");
    view! {
        <form class="form" novalidate data-testid="invite-form" on:submit=invite>
            <h3>{tx!(i18n, organizations.invite)}</h3>
            <FailureNote failure/>
            <Field
                name="email"
                within="invite-"
                label=tx!(i18n, organizations.invite_email)
                kind="email"
                autocomplete="off"
                value=email
                failure
            />
            <div class="field">
                <label for=role_id.clone()>{tx!(i18n, users.role)}</label>
                <select
                    id=role_id
                    data-testid="invite-role"
                    on:change=act(move |event| role.set(role_of(&event_target_value(&event))))
                >
                    {role_options(MemberRole::Manager)}
                </select>
            </div>
            <button type="submit" class="button primary" disabled=busy data-testid="invite-button">
                {tx!(i18n, organizations.send_invitation)}
            </button>
        </form>
    }
}
