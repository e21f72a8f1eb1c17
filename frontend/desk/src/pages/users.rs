//! `/desk/users`: the users of the installation, found by address, name, role and status, each with a form that changes the
//! role, and suspends or restores the account.

mod card;

use holdfast_contract::operators::UserAccount;
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api::{self, ListedUsers},
    components::{
        erased::{act, part},
        icon::Sign,
        nothing::Nothing,
        paged::{ItemPage, Paged, PagedEnd},
    },
    i18n::{self, Locale, use_i18n},
    td_string, tx,
};
use uuid::Uuid;

use self::card::{ROLES, STATUSES, UserCard, role_name, status_name};
use crate::door::{Tab, behind_door};

#[component]
pub fn UsersPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, desk.users));
    behind_door(Tab::Users, |profile| view! { <Users own=profile.id/> }.into_any())
}

async fn page(listed: ListedUsers, after: Option<String>) -> ItemPage<UserAccount> {
    let page = api::users(&listed, after.as_deref()).await?;
    Ok((page.items, page.next))
}

#[component]
fn Users(
    /// The administrator who looks at the list.
    own: Uuid,
) -> impl IntoView {
    let i18n = use_i18n();
    let (list, listed) = (Paged::new(), RwSignal::new(ListedUsers::default()));
    // One form at a time is open.
    let editing = RwSignal::new(None);
    let search = move || {
        editing.set(None);
        list.begin(page(listed.get_untracked(), None));
    };
    search();
    let more = Callback::new(move |()| list.read(page(listed.get_untracked(), list.cursor())));
    let users = move || list.items.get().unwrap_or_default();
    let is_empty = move || list.items.with(|users| users.as_ref().is_some_and(Vec::is_empty));
    view! {
        <main id="main" class="page">
            <h1>{tx!(i18n, desk.users)}</h1>
            <SearchForm search=Callback::new(move |wanted| {
                listed.set(wanted);
                search();
            })/>
            {part(move || {
                is_empty()
                    .then(|| {
                        view! {
                            <Nothing
                                sign=Sign::User
                                title=tx!(i18n, users.none)
                                text=tx!(i18n, users.none_text)
                            />
                        }
                    })
            })}
            <ul class="desk-cards" data-testid="users">
                <For each=users key=|user| user.with_untracked(|user| user.id) let:user>
                    <UserCard user own editing/>
                </For>
            </ul>
            <PagedEnd list more label=tx!(i18n, attention.more) test_id="more-users"/>
        </main>
    }
}

#[component]
fn SearchForm(search: Callback<ListedUsers>) -> impl IntoView {
    let i18n = use_i18n();
    let wanted = RwSignal::new(ListedUsers::default());
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        search.run(wanted.get_untracked());
    };
    let options = move |words: &'static [&'static str], name: fn(Locale, &str) -> &'static str| {
        let all = view! { <option value="">{tx!(i18n, users.all)}</option> };
        let each = words.iter().map(move |word| {
            view! { <option value=*word>{part(move || name(i18n.get_locale(), word))}</option> }
        });
        (all, each.collect_view())
    };
    view! {
        <form class="filters" role="search" on:submit=send>
            <div class="field">
                <label for="users-q">{tx!(i18n, users.search)}</label>
                <input
                    id="users-q"
                    type="search"
                    maxlength="100"
                    autocomplete="off"
                    on:input=act(move |event| wanted.update(|it| it.words = event_target_value(&event)))
                />
            </div>
            <div class="field">
                <label for="users-role">{tx!(i18n, users.role)}</label>
                <select
                    id="users-role"
                    on:change=act(move |event| wanted.update(|it| it.role = event_target_value(&event)))
                >
                    {options(ROLES, role_name)}
                </select>
            </div>
            <div class="field">
                <label for="users-status">{tx!(i18n, users.status)}</label>
                <select
                    id="users-status"
                    on:change=act(move |event| wanted.update(|it| it.status = event_target_value(&event)))
                >
                    {options(STATUSES, status_name)}
                </select>
            </div>
            <button type="submit" class="button primary" data-testid="search-users">
                {tx!(i18n, users.find)}
            </button>
        </form>
    }
}
