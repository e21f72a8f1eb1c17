//! How addresses name an event: by id or by slug.

use holdfast_domain::{event::Slug, ids::EventId};
use uuid::Uuid;

/// An event's id or slug; no slug can be taken for an id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventKey {
    /// By id.
    Id(EventId),
    /// By slug.
    Slug(Slug),
}

impl EventKey {
    /// Reads the last part of `/events/{id}`; nothing where no event can have this name.
    pub fn parse(text: &str) -> Option<Self> {
        match Uuid::try_parse(text) {
            Ok(id) => Some(Self::Id(EventId(id))),
            Err(_) => Slug::parse(text).ok().map(Self::Slug),
        }
    }
}
