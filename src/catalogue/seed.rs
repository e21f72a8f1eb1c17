//! The demo: an organization, four accounts and three events on sale, made from the plans beside this file.
//!
//! This module uses the same functions as the API. Each step checks first whether its result exists, so that a second
//! run, or a run after a crash, makes nothing twice.

use holdfast_contract::{
    accounts::Registration,
    catalogue::{NewEvent, NewOffer, NewSection},
};
use holdfast_domain::{
    access::{MembershipRole, Role},
    event::{Command, Status},
    ids::{OrganizationId, UserId},
    plan::{Plan, PlanFaults},
};

use super::{
    create_event::{EventError, HoldTimes, create_event},
    lifecycle,
    offers::{OfferError, add_offer},
    replace_plan::{PlanError, replace_plan},
    sections::{SectionError, add_section},
    store,
};
use crate::{
    access::{Access, EventKey, InOrganization},
    http::time,
    identity::{
        accounts::{self, Accounts, register::RegisterError},
        memberships,
    },
    kernel::{base::Base, db::StoreError},
};

/// The password of every demo account.
pub const PASSWORD: &str = "Demo-pass-1";

const ACCOUNTS: [(&str, &str, Role); 4] = [
    ("admin@demo.test", "Ada", Role::Admin),
    ("organizer@demo.test", "Olaf", Role::Organizer),
    ("gate@demo.test", "Gesa", Role::Controller),
    ("customer@demo.test", "Clara", Role::Customer),
];
const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Why the demo was not made.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error("a demo account was not made")]
    Account(#[from] RegisterError),
    #[error("a demo event was not made")]
    Event(#[from] EventError),
    /// A plan that is part of the program has faults.
    #[error("a demo plan was not read")]
    Plan(#[from] PlanFaults),
    /// The event did not accept the plan.
    #[error("a demo plan was not taken")]
    Refused(#[from] PlanError),
    #[error("a demo section was not made")]
    Section(#[from] SectionError),
    #[error("a demo offer was not made")]
    Offer(#[from] OfferError),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

struct Demo {
    slug: &'static str,
    name: &'static str,
    description: &'static str,
    category: &'static str,
    language: &'static str,
    place: &'static str,
    in_days: i64,
    at_hour: i64,
    hours: i64,
    plan: &'static [u8],
    /// Categories and their prices in minor units.
    seats: &'static [(&'static str, i64)],
    standing: Option<StandingArea>,
}

/// A general-admission section beside the plan.
struct StandingArea {
    name: &'static str,
    capacity: i32,
    /// Name, price in minor units, and number of persons of each offer.
    offers: &'static [(&'static str, i64, i32)],
}

const DEMOS: [Demo; 3] = [
    Demo {
        slug: "erfurt-handball",
        name: "Handball: Erfurt – Leipzig",
        description: "Second league, matchday 21, in the Riethsporthalle. Doors open an hour before.",
        category: "sport",
        language: "en",
        place: "Riethsporthalle, Erfurt",
        in_days: 30,
        at_hour: 18,
        hours: 2,
        plan: include_bytes!("plans/riethsporthalle-erfurt.json"),
        seats: &[
            ("Kategorie I", 4_500),
            ("Kategorie II", 3_500),
            ("Kategorie III", 2_500),
            ("Fanblock", 1_800),
            ("C unten", 3_000),
            ("VIP", 9_500),
        ],
        standing: Some(StandingArea {
            name: "Stehplätze",
            // Together with the 1,252 seats of the plan, this makes the hall's 1,500 places.
            capacity: 248,
            offers: &[("Stehplatz", 1_200, 1), ("Stehplatz Familie", 3_600, 4)],
        }),
    },
    Demo {
        slug: "theatre-premiere",
        name: "The Tempest: premiere",
        description: "Shakespeare's last island, newly staged. Two hours and a half, one interval.",
        category: "theatre",
        language: "en",
        place: "Playhouse, Erfurt",
        in_days: 45,
        at_hour: 18,
        hours: 3,
        plan: include_bytes!("plans/theatre-1000.json"),
        seats: &[
            ("Premium", 8_900),
            ("Stalls", 6_900),
            ("Circle", 4_900),
            ("Box", 11_000),
            ("Wheelchair", 2_900),
        ],
        standing: None,
    },
    Demo {
        slug: "arena-concert",
        name: "Northern Lights: arena tour",
        description: "One night in the bowl, with a standing floor. Doors open two hours before.",
        category: "concert",
        language: "en",
        place: "Arena, Leipzig",
        in_days: 90,
        at_hour: 19,
        hours: 3,
        plan: include_bytes!("plans/arena-20000.json"),
        seats: &[("Courtside", 15_000), ("Lower", 8_000), ("Upper", 4_500)],
        standing: Some(StandingArea {
            name: "Standing floor",
            capacity: 2_000,
            offers: &[("Standing", 6_000, 1), ("Standing for two", 11_000, 2)],
        }),
    },
];

/// Whether the database has no event at all.
pub async fn is_empty(base: &Base) -> Result<bool, StoreError> {
    Ok(!store::events::any(&base.db).await?)
}

/// Makes the missing parts of the demo.
///
/// # Errors
/// See [`SeedError`]. Parts that were made stay, and the next run continues from there.
pub async fn seed(accounts: &Accounts, holds: HoldTimes) -> Result<(), SeedError> {
    let base = &accounts.base;
    let organization = memberships::found(base, "demo", "Holdfast Demo").await?;
    for (email, name, role) in ACCOUNTS {
        let user = account(accounts, email, name, role).await?;
        let member = match role {
            Role::Organizer => Some(MembershipRole::Owner),
            Role::Controller => Some(MembershipRole::Controller),
            Role::Admin | Role::Customer => None,
        };
        if let Some(member) = member {
            memberships::join(&base.db, organization, user, member).await?;
        }
    }
    for demo in &DEMOS {
        event(base, organization, demo, holds).await?;
    }
    Ok(())
}

async fn account(
    accounts: &Accounts,
    email: &str,
    name: &str,
    role: Role,
) -> Result<UserId, SeedError> {
    if let Some(known) = accounts::user_of(&accounts.base.db, email).await? {
        return Ok(known);
    }
    let registration = Registration {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        first_name: name.to_owned(),
        last_name: "Demo".to_owned(),
        locale: None,
        accepted: None,
    };
    Ok(accounts.register(registration, role).await?)
}

async fn event(
    base: &Base,
    organization: OrganizationId,
    demo: &Demo,
    holds: HoldTimes,
) -> Result<(), SeedError> {
    let key = EventKey::parse(demo.slug).expect("a demo has a slug");
    let event = match Access::unattended(&base.db, &key).await? {
        Some(event) => event,
        None => {
            let new = new_event(demo, base.db.now().await?);
            create_event(base, InOrganization::unattended(organization), new, holds, None).await?;
            Access::unattended(&base.db, &key).await?.ok_or(EventError::NotFound)?
        }
    };
    let id = event.event();
    let made = store::events::at(&base.db, id).await?.ok_or(EventError::NotFound)?;
    if made.row.plan_version == 0 {
        replace_plan(base, event, Plan::parse(demo.plan)?).await?;
    }
    let sections = store::sections::all(&base.db, id).await?;
    let offers = store::offers::live(&base.db, id).await?;
    for (category, price_minor) in demo.seats {
        if !offers.iter().any(|offer| offer.category.as_deref() == Some(category)) {
            let offer = NewOffer {
                category: Some((*category).to_owned()),
                ..offer(category, *price_minor, 1)
            };
            add_offer(base, event, offer, None).await?;
        }
    }
    if let Some(standing) = &demo.standing {
        let section = match sections.iter().find(|section| section.name == standing.name) {
            Some(section) => section.id.0,
            None => {
                let new = NewSection {
                    name: standing.name.to_owned(),
                    capacity: Some(standing.capacity),
                    rows: None,
                    seats_per_row: None,
                    category: None,
                };
                let made = add_section(base, event, new, None).await?.made();
                made.expect("no key came along").id
            }
        };
        for (name, price_minor, admits) in standing.offers {
            if !offers.iter().any(|offer| offer.name == *name) {
                let offer =
                    NewOffer { section_id: Some(section), ..offer(name, *price_minor, *admits) };
                add_offer(base, event, offer, None).await?;
            }
        }
    }
    if made.row.status == Status::Draft {
        lifecycle::command(base, event, Command::Publish).await?;
    }
    Ok(())
}

fn offer(name: &str, price_minor: i64, admits: i32) -> NewOffer {
    NewOffer {
        section_id: None,
        category: None,
        name: name.to_owned(),
        price_minor,
        admits: Some(admits),
        refundable: true,
        benefits: Vec::new(),
        sale_starts_at: None,
        sale_ends_at: None,
    }
}

fn new_event(demo: &Demo, now: i64) -> NewEvent {
    let midnight = now - now.rem_euclid(DAY_MS);
    let starts_at = midnight + demo.in_days * DAY_MS + demo.at_hour * HOUR_MS;
    NewEvent {
        organization_id: None,
        name: demo.name.to_owned(),
        slug: Some(demo.slug.to_owned()),
        description: demo.description.to_owned(),
        category: demo.category.to_owned(),
        language: Some(demo.language.to_owned()),
        place: demo.place.to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        starts_at: time::rfc3339(starts_at),
        ends_at: time::rfc3339(starts_at + demo.hours * HOUR_MS),
        sale_starts_at: time::rfc3339(midnight - DAY_MS),
        sale_ends_at: None,
        currency: "EUR".to_owned(),
        max_per_user: None,
        max_per_order: None,
        hold_seconds: None,
    }
}
