//! The members of an organization and its open invitations, with the forms of its owners.

use std::future::Future;

use holdfast_contract::organizations::{
    Invitation, Member, MemberRole, Members as Listed, NewInvitation,
};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api::{self, CallFailure},
    components::{
        erased::{act, live, part},
        failure::FailureNote,
        field::Field,
        loaded::loaded_part,
        question::Question,
        reason_note::ReasonNote,
        toasts::{ToastText, Toasts},
    },
    i18n::{Locale, use_i18n},
    state::{load::load, session},
    td_string, tx,
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
    busy: RwSignal<bool>,
    again: Callback<()>,
    /// The user who looks at the page.
    own: Uuid,
    toasts: Toasts,
}

impl Changing {
    /// Changes what this user may do, unless a change is under way. A toast then says that it is `done`.
    fn send(
        self,
        user: Option<Uuid>,
        work: impl Future<Output = Result<(), CallFailure>> + 'static,
        done: ToastText,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        leptos::task::spawn_local(async move {
            let answer = work.await;
            let is_own = answer.is_ok() && user == Some(self.own);
            if answer.is_ok() {
                self.toasts.tell(done);
            }
            let _ = self.failure.try_set(answer.err());
            let _ = self.busy.try_set(false);
            if is_own {
                // The profile says what the user may do.
                session::renewed().await;
            }
            // Also after a refusal, so that the rows show what is true.
            self.again.run(());
        });
    }
}

#[component]
pub fn Members(
    organization: Uuid,
    /// Whether the user may invite, change and remove members.
    manages: bool,
    /// The user who looks at the page.
    own: Uuid,
) -> impl IntoView {
    let i18n = use_i18n();
    let (state, again) = load(move || api::members(organization));
    let (failure, busy) = (RwSignal::new(None), RwSignal::new(false));
    let changing = Changing { failure, busy, again, own, toasts: Toasts::expect() };
    view! {
        <section class="form" aria-label=tx!(i18n, organizations.members)>
            <ReasonNote failure=changing.failure explains=refusal/>
            {loaded_part(
                state,
                again,
                move |listed| view! { <Rows organization manages listed changing/> }.into_any(),
            )}
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
    let chosen = RwSignal::new(role);
    let said = move |of: fn(Locale, &str) -> String| {
        let name = name.clone();
        live(move || of(i18n.get_locale(), &name))
    };
    let role_label = said(|locale, name| td_string!(locale, organizations.role_of, name = name));
    let save_label = said(|locale, name| td_string!(locale, organizations.save_role, name = name));
    let remove_label =
        said(|locale, name| td_string!(locale, organizations.remove_of, name = name));
    let asked = said(|locale, name| td_string!(locale, organizations.remove_text, name = name));
    let shown_name = said(|_, name| name.to_owned());
    let save = move |_| {
        let role = chosen.get_untracked();
        let work = async move { api::change_member(organization, user_id, role).await };
        changing.send(Some(user_id), work, |locale| td_string!(locale, toasts.member));
    };
    let asking = RwSignal::new(false);
    let remove = Callback::new(move |()| {
        asking.set(false);
        let work = async move { api::remove_member(organization, user_id).await };
        changing.send(Some(user_id), work, |locale| td_string!(locale, toasts.removed));
    });
    view! {
        <li class="desk-row" data-testid="member">
            <div class="desk-row-main">
                <h3 dir="auto" prop:textContent=shown_name></h3>
                <p class="soft">{email}</p>
            </div>
            <div class="desk-row-side">
                {if manages {
                    view! {
                        <select
                            data-testid="member-role"
                            aria-label=role_label
                            on:change=act(move |event| chosen.set(role_of(&event_target_value(&event))))
                        >
                            {role_options(role)}
                        </select>
                        {part(move || {
                            (chosen.get() != role)
                                .then(|| {
                                    view! {
                                        <button
                                            type="button"
                                            class="button secondary"
                                            aria-label=save_label
                                            disabled=changing.busy
                                            data-testid="save-role"
                                            on:click=act(save)
                                        >
                                            {tx!(i18n, users.save)}
                                        </button>
                                    }
                                })
                        })}
                        <button
                            type="button"
                            class="button quiet danger"
                            aria-label=remove_label
                            disabled=changing.busy
                            data-testid="remove-member"
                            on:click=act(move |_| asking.set(true))
                        >
                            {tx!(i18n, organizations.remove)}
                        </button>
                        <Question
                            title=tx!(i18n, organizations.remove)
                            text=asked
                            keep=tx!(i18n, users.keep)
                            go_on=tx!(i18n, organizations.remove)
                            asking
                            confirmed=remove
                        />
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
        let work = async move { api::withdraw_invitation(organization, id).await };
        changing.send(None, work, |locale| td_string!(locale, toasts.withdrawn));
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
    let toasts = Toasts::expect();
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
                toasts.tell(|locale| td_string!(locale, toasts.invited));
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
