//! The list of events: what is asked for.

use holdfast_domain::{
    access::{Action, Relation, Role, allows},
    ids::{EventId, OrganizationId},
};
use poem_openapi::Enum;

/// The longest text that is searched for, in characters.
pub const MAX_SEARCH: usize = 100;

/// The stage of events to list, derived from status, time and inventory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Stage {
    /// All published events.
    #[default]
    Any,
    /// The sale has begun and the event is not over.
    OnSale,
    /// The sale has not begun.
    Upcoming,
    /// The sale has begun, but no place is available now.
    SoldOut,
    /// The event is over.
    Past,
    /// The event is not over, and at least one of its offers is free of charge.
    Free,
    /// The event was cancelled.
    Cancelled,
    /// The event is not published. The caller sees drafts of their own organizations; an
    /// administrator sees all drafts.
    Draft,
}

/// The sort order of a list of events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
pub enum Sort {
    /// The soonest event first.
    #[default]
    #[oai(rename = "starts_at")]
    StartsAt,
    /// The latest event first.
    #[oai(rename = "-starts_at")]
    StartsAtFalling,
    /// By name, ascending.
    #[oai(rename = "name")]
    Name,
    /// By name, descending.
    #[oai(rename = "-name")]
    NameFalling,
    /// The most recently created event first.
    #[oai(rename = "-created_at")]
    CreatedAtFalling,
}

/// The filters, the order and the page of a list of events. Times are in milliseconds since 1970.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The stage of the events.
    pub stage: Stage,
    /// Upper and lower case count as equal.
    pub category: Option<String>,
    /// The earliest beginning.
    pub from: Option<i64>,
    /// Only events that begin before this time.
    pub to: Option<i64>,
    /// A part of the place.
    pub place: Option<String>,
    /// A part of the name, place, description or category.
    pub q: Option<String>,
    /// The order of the list.
    pub sort: Sort,
    /// The last event of the previous page.
    pub after: Option<EventId>,
    /// The page size.
    pub limit: u64,
}

/// Whose drafts a caller finds: everybody's without a list.
pub fn drafts_seen_by(
    role: Option<Role>,
    memberships: Vec<OrganizationId>,
) -> Option<Vec<OrganizationId>> {
    if allows(role, Relation::Stranger, Action::ManageEvent) {
        None
    } else if allows(role, Relation::Member, Action::ManageEvent) {
        Some(memberships)
    } else {
        Some(Vec::new())
    }
}
