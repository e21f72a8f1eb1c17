//! The parameters of a list of events: filters, order, page.

use holdfast_domain::{
    access::{Action, Relation, Role, allows},
    ids::{EventId, OrganizationId},
};
use poem_openapi::Enum;

/// The maximum length of a search text, in characters.
pub const MAX_SEARCH: usize = 100;

/// The stage of events to list, derived from status, time and inventory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Stage {
    /// All published events, in any stage.
    #[default]
    Any,
    /// The sale has begun and the event is not over.
    OnSale,
    /// The sale has not begun.
    Upcoming,
    /// The sale has begun, but no place is available now.
    SoldOut,
    /// The end of the event has passed.
    Past,
    /// The event is not over, and at least one of its offers is free of charge.
    Free,
    /// The event was cancelled after its publication.
    Cancelled,
    /// The event is not published. The caller sees drafts of their own organizations; an
    /// administrator sees all drafts.
    Draft,
}

/// The sort order of a list of events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
pub enum Sort {
    /// The event that begins first comes first.
    #[default]
    #[oai(rename = "starts_at")]
    StartsAt,
    /// The event that begins last comes first.
    #[oai(rename = "-starts_at")]
    StartsAtFalling,
    /// By name, from A to Z.
    #[oai(rename = "name")]
    Name,
    /// By name, from Z to A.
    #[oai(rename = "-name")]
    NameFalling,
    /// The most recently created event first.
    #[oai(rename = "-created_at")]
    CreatedAtFalling,
}

/// The filters, the order and the page of a list of events. Times are in milliseconds since 1970.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    pub stage: Stage,
    /// The category, whatever its case and accents.
    pub category: Option<String>,
    /// Only events that begin at or after this time.
    pub from: Option<i64>,
    /// Only events that begin before this time.
    pub to: Option<i64>,
    /// A text that the place contains.
    pub place: Option<String>,
    /// A text that the name, place, description or category contains.
    pub q: Option<String>,
    pub sort: Sort,
    /// The last event of the previous page.
    pub after: Option<EventId>,
    pub limit: u64,
}

/// The organizations whose drafts a caller with this role sees; `None` means all organizations. `own` are the organizations
/// whose members may let the caller see them.
pub fn drafts_seen_by(role: Option<Role>, own: Vec<OrganizationId>) -> Option<Vec<OrganizationId>> {
    (!allows(role, Relation::Stranger, Action::ReadDraft)).then_some(own)
}
