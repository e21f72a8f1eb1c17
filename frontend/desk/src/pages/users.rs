//! `/desk/users`: the users of the installation, found by address, name, role and status, each with a form that changes the
//! role, and suspends or restores the account.

mod card;

use holdfast_contract::operators::{UserAccount, UserAccountPage};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api::{self, CallFailure, ListedUsers},
    common,
    components::{
        erased::{act, part},
        failure::FailureNote,
        icon::Sign,
        nothing::Nothing,
    },
    i18n::{self, use_i18n},
    td_string, tx,
};

use self::card::{ROLES, STATUSES, UserCard, role_name, status_name};
use crate::door::{Tab, behind_door};

#[component]
pub fn UsersPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, desk.users));
    behind_door(Tab::Users, |profile| view! { <Users own=profile.id/> }.into_any())
}

/// The list of users, as the page knows it.
#[derive(Clone, Copy)]
struct UserList {
    /// The filter of the shown list.
    listed: RwSignal<ListedUsers>,
    /// `None` while the first page loads.
    users: RwSignal<Option<Vec<UserAccount>>>,
    next: RwSignal<Option<String>>,
    failure: RwSignal<Option<CallFailure>>,
}

impl UserList {
    fn new() -> Self {
        Self {
            listed: RwSignal::new(ListedUsers::default()),
            users: RwSignal::new(None),
            next: RwSignal::new(None),
            failure: RwSignal::new(None),
        }
    }

    /// Reads the first page of the list with the present filter, or its next page.
    fn read(self, after: Option<String>) {
        self.failure.set(None);
        let listed = self.listed.get_untracked();
        leptos::task::spawn_local(async move {
            let answer = api::users(&listed, after.as_deref()).await;
            // Somebody may have searched for something else meanwhile.
            if self.listed.try_get_untracked() != Some(listed) {
                return;
            }
            match answer {
                Ok(page) => self.show(page, after.is_some()),
                Err(failure) => {
                    let _ = self.failure.try_set(Some(failure));
                }
            }
        });
    }

    fn show(self, page: UserAccountPage, is_more: bool) {
        let _ = self.next.try_set(page.next);
        let _ = self.users.try_update(|users| match users {
            Some(users) if is_more => users.extend(page.items),
            Some(_) | None => *users = Some(page.items),
        });
    }

    /// Takes over a user after a change.
    pub fn changed(self, user: UserAccount) {
        let _ = self.users.try_update(|users| {
            let known = users.iter_mut().flatten().find(|known| known.id == user.id);
            if let Some(known) = known {
                *known = user;
            }
        });
    }
}

#[component]
fn Users(own: uuid::Uuid) -> impl IntoView {
    let i18n = use_i18n();
    let list = UserList::new();
    list.read(None);
    let cards = move || {
        list.users.with(|users| match users.as_deref() {
            None => view! { <p role="status" class="soft">{common!(i18n, loading)}</p> }.into_any(),
            Some([]) => view! {
                <Nothing sign=Sign::User title=tx!(i18n, users.none) text=tx!(i18n, users.none_text)/>
            }
            .into_any(),
            Some(users) => {
                let cards = users.iter().cloned();
                let cards = cards.map(|user| {
                    let is_own = user.id == own;
                    view! { <UserCard user is_own changed=Callback::new(move |user| list.changed(user))/> }
                });
                view! { <ul class="desk-cards" data-testid="users">{cards.collect_view()}</ul> }.into_any()
            }
        })
    };
    view! {
        <main id="main" class="page">
            <h1>{tx!(i18n, desk.users)}</h1>
            <SearchForm list/>
            {part(cards)}
            <FailureNote failure=list.failure/>
            <div class="row-actions">
                {part(move || {
                    list.next
                        .with(Option::is_some)
                        .then(|| {
                            view! {
                                <button
                                    type="button"
                                    class="button secondary"
                                    data-testid="more-users"
                                    on:click=act(move |_| list.read(list.next.get_untracked()))
                                >
                                    {tx!(i18n, attention.more)}
                                </button>
                            }
                        })
                })}
            </div>
        </main>
    }
}

#[component]
fn SearchForm(list: UserList) -> impl IntoView {
    let i18n = use_i18n();
    let wanted = RwSignal::new(ListedUsers::default());
    let search = move |event: SubmitEvent| {
        event.prevent_default();
        list.listed.set(wanted.get_untracked());
        list.users.set(None);
        list.next.set(None);
        list.read(None);
    };
    let options = move |words: &'static [&'static str],
                        name: fn(ui::i18n::Locale, &str) -> &'static str| {
        let all = view! { <option value="">{tx!(i18n, users.all)}</option> };
        let each = words.iter().map(move |word| {
            view! { <option value=*word>{part(move || name(i18n.get_locale(), word))}</option> }
        });
        (all, each.collect_view())
    };
    view! {
        <form class="filters" role="search" on:submit=search>
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
