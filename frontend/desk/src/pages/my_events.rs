//! `/desk`: the events of the user's organizations, including drafts. Administrators see the events of all
//! organizations.

use holdfast_contract::{
    accounts::{Profile, Role},
    catalogue::{Event, EventStatus},
};
use leptos::prelude::*;
use ui::{
    api::{self, CallFailure, ListedEvents},
    common,
    components::{
        erased::{act, live, part},
        icon::Sign,
        loaded::loaded,
        nothing::Nothing,
    },
    i18n::{self, Locale, grouped, use_i18n},
    intl::{self, DateStyle},
    program, t_string, td_string, tx,
};
use uuid::Uuid;

use crate::door::{Tab, behind_door};

/// The maximum number of pages that are read from the list. The API lists the published events of all organizations
/// together.
const MAX_PAGES: usize = 10;
/// The number of placeholder rows while the list loads.
const SKELETONS: usize = 3;

/// Which events the page shows.
#[derive(Debug, Clone)]
enum Whose {
    /// The events of these organizations.
    Of(Vec<Uuid>),
    /// The events of all organizations.
    All,
}

impl Whose {
    fn of(profile: &Profile) -> Self {
        match profile.role {
            Role::Admin => Self::All,
            Role::Organizer | Role::Customer | Role::Controller => {
                Self::Of(profile.organizations.iter().map(|it| it.organization_id).collect())
            }
        }
    }

    fn has(&self, event: &Event) -> bool {
        match self {
            Self::Of(organizations) => organizations.contains(&event.organization_id),
            Self::All => true,
        }
    }
}

#[derive(Clone)]
struct Opening {
    events: Vec<Event>,
    /// Whether some pages of the list were not read.
    is_cut: bool,
}

async fn open(whose: Whose) -> Result<Opening, CallFailure> {
    let (mut events, drafts_cut) = read(ListedEvents::Draft, &whose).await?;
    let (published, published_cut) = read(ListedEvents::Published, &whose).await?;
    events.extend(published);
    Ok(Opening { events, is_cut: drafts_cut || published_cut })
}

/// The events of a stage, and whether some were left out.
async fn read(stage: ListedEvents, whose: &Whose) -> Result<(Vec<Event>, bool), CallFailure> {
    let mut found = Vec::new();
    let mut after = None;
    for _ in 0..MAX_PAGES {
        let page = api::event_page(stage, after.as_deref()).await?;
        found.extend(page.items.into_iter().filter(|event| whose.has(event)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok((found, after.is_some()))
}

#[component]
pub fn MyEventsPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, desk.title));
    behind_door(Tab::MyEvents, |profile| {
        let (whose, role) = (Whose::of(&profile), profile.role);
        loaded(
            move || open(whose.clone()),
            || view! { <Skeleton/> }.into_any(),
            move |opening, again| view! { <Events opening again role/> }.into_any(),
        )
        .into_any()
    })
}

#[component]
fn Skeleton() -> impl IntoView {
    let i18n = use_i18n();
    let row = || view! { <li class="desk-row"><div class="skeleton skeleton-line"></div></li> };
    view! {
        <main id="main" class="page" aria-busy="true">
            <div class="skeleton skeleton-title" aria-hidden="true"></div>
            <p class="visually-hidden" role="status">{common!(i18n, loading)}</p>
            <ul class="desk-rows" aria-hidden="true">
                {(0..SKELETONS).map(|_| row()).collect_view()}
            </ul>
        </main>
    }
}

#[component]
fn Events(opening: Opening, again: Callback<()>, role: Role) -> impl IntoView {
    let i18n = use_i18n();
    let Opening { events, is_cut } = opening;
    let list = if events.is_empty() {
        view! {
            <Nothing
                sign=Sign::Calendar
                title=tx!(i18n, events.none)
                text=tx!(i18n, events.none_text)
                way=view! {
                    <button type="button" class="button secondary" on:click=act(move |_| again.run(()))>
                        {tx!(i18n, desk.look_again)}
                    </button>
                }
                    .into_any()
            />
        }
        .into_any()
    } else {
        view! {
            <ul class="desk-rows">
                {events.into_iter().map(|event| view! { <EventRow event/> }).collect_view()}
            </ul>
        }
        .into_any()
    };
    view! {
        <main id="main" class="page">
            <h1>{Tab::MyEvents.name(role)}</h1>
            {list}
            {is_cut.then(|| view! { <p class="fine">{tx!(i18n, events.more)}</p> })}
        </main>
    }
}

/// The text for an event's status, and the class name of that status in the style sheet.
fn status(locale: Locale, status: EventStatus) -> (&'static str, &'static str) {
    match status {
        EventStatus::Draft => (td_string!(locale, events.draft), "quiet-state"),
        EventStatus::Upcoming => (td_string!(locale, events.upcoming), "quiet-state"),
        EventStatus::OnSale => (td_string!(locale, events.on_sale), "on-sale"),
        EventStatus::SoldOut => (td_string!(locale, events.sold_out), "quiet-state"),
        EventStatus::Completed => (td_string!(locale, events.over), "quiet-state"),
        EventStatus::Cancelled => (td_string!(locale, events.cancelled), "bad-state"),
    }
}

#[component]
fn EventRow(event: Event) -> impl IntoView {
    let i18n = use_i18n();
    let path = format!("/events/{}", event.slug);
    let rel = program::rel(&path);
    let (state, capacity, taken) = (event.status, event.capacity, event.capacity - event.available);
    let (starts_at, zone) = (event.starts_at.clone(), event.time_zone);
    let when = move || intl::date(i18n.get_locale(), &starts_at, &zone, DateStyle::Short);
    let taken = move || {
        let locale = i18n.get_locale();
        let (taken, capacity) = (grouped(locale, taken), grouped(locale, capacity));
        t_string!(i18n, events.taken, taken = taken.as_str(), capacity = capacity.as_str())
    };
    view! {
        <li class="desk-row" data-testid="desk-event">
            <div class="desk-row-main">
                <h2 lang=event.language dir="auto">
                    <a href=path rel=rel>{event.name}</a>
                </h2>
                <p class="soft">
                    <time datetime=event.starts_at prop:textContent=live(when)></time> " · " {event.place}
                </p>
            </div>
            <div class="desk-row-side">
                <span class=format!("status {}", status(Locale::en, state).1)>
                    {part(move || status(i18n.get_locale(), state).0)}
                </span>
                <span class="figures soft" prop:textContent=live(taken)></span>
            </div>
        </li>
    }
}
