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
        failure::FailureNote,
        field::{Field, Filling},
    },
    i18n::{Locale, use_i18n},
    intl::{self, DateStyle},
    t_string, td_string, tx,
};

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

#[component]
pub fn UserCard(
    user: UserAccount,
    /// Whether this is the administrator who looks at the list.
    is_own: bool,
    /// Called with the user after a change.
    changed: Callback<UserAccount>,
) -> impl IntoView {
    let i18n = use_i18n();
    let editing = RwSignal::new(false);
    let can_change =
        !is_own && matches!(user.status, AccountStatus::Active | AccountStatus::Suspended);
    let name = format!("{} {}", user.first_name, user.last_name).trim().to_owned();
    let (role, status) = (role_word(user.role), status_word(user.status));
    let status_class =
        if user.status == AccountStatus::Active { "status on-sale" } else { "status" };
    let created = user.created_at.clone();
    let since = move || {
        let zone = intl::device_zone();
        let date = intl::date(i18n.get_locale(), &created, &zone, DateStyle::Short);
        t_string!(i18n, users.since, date = date.as_str())
    };
    let organizations: Vec<_> =
        user.organizations.iter().map(|it| format!("{} ({})", it.name, it.role)).collect();
    let organizations = organizations.join(", ");
    let form_user = user.clone();
    view! {
        <li class="panel" data-testid="user" data-status=status>
            <h2 dir="auto">{if name.is_empty() { user.email.clone() } else { name }}</h2>
            <p class="figures">{user.email}</p>
            <p class="soft">
                <span>{part(move || role_name(i18n.get_locale(), role))}</span> " · "
                <span prop:textContent=live(since)></span>
                {(!organizations.is_empty()).then(|| view! { " · " <span dir="auto">{organizations}</span> })}
            </p>
            <p>
                <span class=status_class>{part(move || status_name(i18n.get_locale(), status))}</span>
                {is_own.then(|| view! { " " <span class="soft">{tx!(i18n, users.own)}</span> })}
            </p>
            {part(move || {
                let user = form_user.clone();
                match (can_change, editing.get()) {
                    (false, _) => ().into_any(),
                    (true, false) => view! {
                        <div class="row-actions">
                            <button
                                type="button"
                                class="button secondary"
                                data-testid="edit-user"
                                on:click=act(move |_| editing.set(true))
                            >
                                {tx!(i18n, users.change)}
                            </button>
                        </div>
                    }
                    .into_any(),
                    (true, true) => view! { <EditForm user editing changed/> }.into_any(),
                }
            })}
        </li>
    }
}

#[component]
fn EditForm(
    user: UserAccount,
    editing: RwSignal<bool>,
    changed: Callback<UserAccount>,
) -> impl IntoView {
    let i18n = use_i18n();
    let (id, role_before, status_before) = (user.id, user.role, user.status);
    let role = RwSignal::new(role_word(user.role).to_owned());
    let is_suspended = RwSignal::new(user.status == AccountStatus::Suspended);
    let reason = RwSignal::new(String::new());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<CallFailure>));
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let status = if is_suspended.get_untracked() {
            AccountStatus::Suspended
        } else {
            AccountStatus::Active
        };
        let change = UserAccountChange {
            role: Some(role_of(&role.get_untracked())).filter(|role| *role != role_before),
            status: Some(status).filter(|status| *status != status_before),
            reason: Some(reason.get_untracked()).filter(|reason| !reason.trim().is_empty()),
        };
        leptos::task::spawn_local(async move {
            match api::edit_user(id, &change).await {
                Ok(user) => changed.run(user),
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
    let role_id = format!("role-{id}");
    view! {
        <form class="form" novalidate data-testid="user-form" on:submit=save>
            <FailureNote failure/>
            <div class="field">
                <label for=role_id.clone()>{tx!(i18n, users.role)}</label>
                <select
                    id=role_id
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
            <Field
                name="reason"
                label=tx!(i18n, users.reason)
                filling=Filling::Optional
                autocomplete="off"
                value=reason
                failure
            />
            <div class="row-actions">
                <button type="submit" class="button primary" disabled=busy data-testid="save-user">
                    {tx!(i18n, users.save)}
                </button>
                <button
                    type="button"
                    class="button secondary"
                    on:click=act(move |_| editing.set(false))
                >
                    {tx!(i18n, users.keep)}
                </button>
            </div>
        </form>
    }
}
