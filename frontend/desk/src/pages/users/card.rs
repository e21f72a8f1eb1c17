//! One user, with the form that changes the role, and suspends or restores the account.

use holdfast_contract::{
    accounts::Role,
    operators::{AccountStatus, UserAccount, UserAccountChange},
};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api::{self, CallFailure},
    components::{
        erased::{act, live, part},
        reason_note::ReasonNote,
        toasts::Toasts,
    },
    i18n::{Locale, use_i18n},
    intl::{self, DateStyle},
    t_string, td_string, tx,
};
use uuid::Uuid;

/// The words of the roles on the wire.
pub const ROLES: &[&str] = &["customer", "organizer", "controller", "admin"];
/// The words of the statuses on the wire.
pub const STATUSES: &[&str] = &["inactive", "active", "suspended", "erased"];

/// The name of the role with this word.
pub fn role_name(locale: Locale, word: &str) -> &'static str {
    match word {
        "organizer" => td_string!(locale, users.organizer),
        "controller" => td_string!(locale, users.controller),
        "admin" => td_string!(locale, users.admin),
        _ => td_string!(locale, users.customer),
    }
}

/// The name of the status with this word.
pub fn status_name(locale: Locale, word: &str) -> &'static str {
    match word {
        "inactive" => td_string!(locale, users.inactive),
        "suspended" => td_string!(locale, users.suspended),
        "erased" => td_string!(locale, users.erased),
        _ => td_string!(locale, users.active),
    }
}

const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Customer => "customer",
        Role::Organizer => "organizer",
        Role::Controller => "controller",
        Role::Admin => "admin",
    }
}

fn role_of(word: &str) -> Role {
    match word {
        "organizer" => Role::Organizer,
        "controller" => Role::Controller,
        "admin" => Role::Admin,
        _ => Role::Customer,
    }
}

const fn status_word(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Inactive => "inactive",
        AccountStatus::Active => "active",
        AccountStatus::Suspended => "suspended",
        AccountStatus::Erased => "erased",
    }
}

/// Why a change of a user is refused.
fn refusal(locale: Locale, reason: &str) -> Option<&'static str> {
    Some(match reason {
        "suspended" => td_string!(locale, users.is_suspended),
        "inactive" => td_string!(locale, users.is_inactive),
        "erased" => td_string!(locale, users.is_erased),
        "own-account" => td_string!(locale, users.own),
        _ => return None,
    })
}

#[component]
pub fn UserCard(
    user: RwSignal<UserAccount>,
    /// The administrator who looks at the list.
    own: Uuid,
    /// The user whose form is open.
    editing: RwSignal<Option<Uuid>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let id = user.with_untracked(|user| user.id);
    let is_own = id == own;
    let name = move || {
        user.with(|user| {
            let name = format!("{} {}", user.first_name, user.last_name).trim().to_owned();
            if name.is_empty() { user.email.clone() } else { name }
        })
    };
    let role = move || user.with(|user| role_name(i18n.get_locale(), role_word(user.role)));
    let status = move || user.with(|user| status_word(user.status));
    let since = move || {
        let zone = intl::device_zone();
        let locale = i18n.get_locale();
        let date = user.with(|user| intl::date(locale, &user.created_at, &zone, DateStyle::Short));
        t_string!(i18n, users.since, date = date.as_str())
    };
    let organizations = move || {
        user.with(|user| {
            let names = user.organizations.iter().map(|it| format!("{} ({})", it.name, it.role));
            names.collect::<Vec<_>>().join(", ")
        })
    };
    let status_class = move || if status() == "active" { "status on-sale" } else { "status" };
    let can_change = move || !is_own && ["active", "suspended"].contains(&status());
    view! {
        <li class="panel" data-testid="user" data-status=live(status)>
            <h2 dir="auto" prop:textContent=live(name)></h2>
            <p class="figures" prop:textContent=live(move || user.with(|it| it.email.clone()))></p>
            <p class="soft">
                <span prop:textContent=live(role)></span> " · "
                <span prop:textContent=live(since)></span>
            </p>
            <p class="soft" dir="auto" prop:textContent=live(organizations)></p>
            <p>
                <span
                    class=live(status_class)
                    prop:textContent=live(move || status_name(i18n.get_locale(), status()))
                ></span>
                {is_own.then(|| view! { " " <span class="soft">{tx!(i18n, users.own)}</span> })}
            </p>
            {part(move || match (can_change(), editing.get() == Some(id)) {
                (false, _) => ().into_any(),
                (true, false) => view! {
                    <div class="row-actions">
                        <button
                            type="button"
                            class="button secondary"
                            data-testid="edit-user"
                            on:click=act(move |_| editing.set(Some(id)))
                        >
                            {tx!(i18n, users.change)}
                        </button>
                    </div>
                }
                .into_any(),
                (true, true) => view! { <EditForm user editing/> }.into_any(),
            })}
        </li>
    }
}

#[component]
fn EditForm(user: RwSignal<UserAccount>, editing: RwSignal<Option<Uuid>>) -> impl IntoView {
    let i18n = use_i18n();
    let (id, role_before, status_before) =
        user.with_untracked(|user| (user.id, user.role, user.status));
    let role = RwSignal::new(role_word(role_before).to_owned());
    let is_suspended = RwSignal::new(status_before == AccountStatus::Suspended);
    let reason = RwSignal::new(String::new());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<CallFailure>));
    let toasts = Toasts::expect();
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let status = if is_suspended.get_untracked() {
            AccountStatus::Suspended
        } else {
            AccountStatus::Active
        };
        let role = Some(role_of(&role.get_untracked())).filter(|role| *role != role_before);
        let status = Some(status).filter(|status| *status != status_before);
        if role.is_none() && status.is_none() {
            editing.set(None);
            return;
        }
        let reason = Some(reason.get_untracked()).filter(|reason| !reason.trim().is_empty());
        let change = UserAccountChange { role, status, reason };
        busy.set(true);
        failure.set(None);
        leptos::task::spawn_local(async move {
            match api::edit_user(id, &change).await {
                Ok(changed) => {
                    let _ = user.try_set(changed);
                    toasts.tell(|locale| td_string!(locale, toasts.user));
                    let _ = editing.try_set(None);
                }
                Err(refused) => {
                    let _ = failure.try_set(Some(refused));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let options = ROLES.iter().map(|word| {
        let is_chosen = role_word(role_before) == *word;
        view! {
            <option value=*word selected=is_chosen>
                {part(move || role_name(i18n.get_locale(), word))}
            </option>
        }
    });
    view! {
        <form class="form" novalidate data-testid="user-form" on:submit=save>
            <ReasonNote failure explains=refusal/>
            <div class="field">
                <label for="user-role">{tx!(i18n, users.role)}</label>
                <select
                    id="user-role"
                    data-testid="user-role"
                    on:change=act(move |event| role.set(event_target_value(&event)))
                >
                    {options.collect_view()}
                </select>
            </div>
            <label class="check">
                <input
                    type="checkbox"
                    data-testid="user-suspended"
                    prop:checked=is_suspended
                    on:change=act(move |event| is_suspended.set(event_target_checked(&event)))
                />
                <span>{tx!(i18n, users.suspend)}</span>
            </label>
            <div class="field">
                <label for="user-reason">{tx!(i18n, users.reason)}</label>
                <input
                    id="user-reason"
                    type="text"
                    maxlength="500"
                    autocomplete="off"
                    aria-describedby="user-reason-help"
                    on:input=act(move |event| reason.set(event_target_value(&event)))
                />
                <p id="user-reason-help" class="field-help">{tx!(i18n, users.reason_hint)}</p>
            </div>
            <div class="row-actions">
                <button type="submit" class="button primary" disabled=busy data-testid="save-user">
                    {tx!(i18n, users.save)}
                </button>
                <button
                    type="button"
                    class="button secondary"
                    on:click=act(move |_| editing.set(None))
                >
                    {tx!(i18n, users.keep)}
                </button>
            </div>
        </form>
    }
}
