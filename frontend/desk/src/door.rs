//! Access to the pages of the desk: the page for permitted users, an explanation with a link for all others, and the
//! tabs.

use holdfast_contract::accounts::{Profile, Role};
use leptos::prelude::*;
use ui::{
    common,
    components::{
        erased::{known, live, part},
        icon::{Icon, Sign},
        sign_in_first::SignInFirst,
    },
    i18n::use_i18n,
    program,
    state::session::{self, SignedInUser},
    t_string, tx,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// The tab for organizers and administrators: the events that they manage.
    MyEvents,
    /// The tab for organizers and administrators: organizations with their members.
    Organizations,
    /// The tab for administrators: the sagas that need attention.
    Attention,
    /// The tab for administrators: the users of the installation.
    Users,
}

impl Tab {
    const fn path(self) -> &'static str {
        match self {
            Self::MyEvents => "/desk",
            Self::Organizations => "/desk/organizations",
            Self::Attention => "/desk/attention",
            Self::Users => "/desk/users",
        }
    }

    /// The text of the tab for a user with this role. Administrators see the events of all organizations, so their tab
    /// says so.
    pub fn name(self, role: Role) -> Signal<&'static str> {
        let i18n = use_i18n();
        match (self, role) {
            (Self::MyEvents, Role::Admin) => tx!(i18n, desk.all_events),
            (Self::MyEvents, Role::Customer | Role::Organizer | Role::Controller) => {
                tx!(i18n, desk.my_events)
            }
            (Self::Organizations, _) => tx!(i18n, desk.organizations),
            (Self::Attention, _) => tx!(i18n, desk.attention),
            (Self::Users, _) => tx!(i18n, desk.users),
        }
    }

    const fn is_for(self, role: Role) -> bool {
        match (self, role) {
            (Self::MyEvents | Self::Organizations, Role::Organizer) | (_, Role::Admin) => true,
            (Self::Attention | Self::Users, Role::Organizer)
            | (_, Role::Customer | Role::Controller) => false,
        }
    }
}

/// Shows the page to users who may see it. Tells all others why they may not, and where to go.
pub fn behind_door(tab: Tab, page: fn(Profile) -> AnyView) -> impl IntoView {
    let i18n = use_i18n();
    let account = SignedInUser::expect();
    let profile = known(move || account.profile());
    part(move || match profile.get() {
        None => view! {
            <SignInFirst title=tx!(i18n, desk.signed_out) text=tx!(i18n, desk.signed_out_text)/>
        }
        .into_any(),
        Some(profile) if tab.is_for(profile.role) => view! {
            <Tabs tab role=profile.role/>
            {page(profile)}
        }
        .into_any(),
        Some(profile) => view! { <Closed tab email=profile.email/> }.into_any(),
    })
}

#[component]
fn Tabs(tab: Tab, role: Role) -> impl IntoView {
    let i18n = use_i18n();
    let tabs = [Tab::MyEvents, Tab::Organizations, Tab::Attention, Tab::Users]
        .into_iter()
        .filter(|tab| tab.is_for(role));
    let links = tabs
        .map(|it| {
            let name = it.name(role);
            let current = (it == tab).then_some("page");
            view! { <a href=it.path() class="tab" aria-current=current>{name}</a> }
        })
        .collect_view();
    view! { <nav class="tabs" aria-label=tx!(i18n, desk.tabs)>{links}</nav> }
}

#[component]
fn Closed(tab: Tab, email: String) -> impl IntoView {
    let i18n = use_i18n();
    // The role may be new: an application was approved, or an administrator gave it. The page follows the answer.
    leptos::task::spawn_local(session::renewed());
    let why = move || match tab {
        Tab::MyEvents => t_string!(i18n, desk.closed_events, email = email.as_str()),
        Tab::Organizations => t_string!(i18n, desk.closed_organizations, email = email.as_str()),
        Tab::Attention => t_string!(i18n, desk.closed_attention, email = email.as_str()),
        Tab::Users => t_string!(i18n, desk.closed_users, email = email.as_str()),
    };
    view! {
        <main id="main" class="page narrow">
            <div class="state-box">
                <Icon sign=Sign::Lock/>
                <h1>{tx!(i18n, desk.closed)}</h1>
                <p prop:textContent=live(why)></p>
                <a href="/" rel=program::rel("/") class="button primary">
                    {common!(i18n, to_events)}
                </a>
            </div>
        </main>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_administrators_see_what_needs_attention_and_who_there_is() {
        for (role, events, attention) in [
            (Role::Customer, false, false),
            (Role::Controller, false, false),
            (Role::Organizer, true, false),
            (Role::Admin, true, true),
        ] {
            assert_eq!(Tab::MyEvents.is_for(role), events, "{role:?}");
            assert_eq!(Tab::Organizations.is_for(role), events, "{role:?}");
            assert_eq!(Tab::Attention.is_for(role), attention, "{role:?}");
            assert_eq!(Tab::Users.is_for(role), attention, "{role:?}");
        }
    }
}
