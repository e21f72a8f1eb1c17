//! How a path names an event: by id or by slug.

use holdfast_domain::{event::Slug, ids::EventId};
use uuid::Uuid;

/// An event's id or slug. No slug has the form of an id, so the two cannot be confused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventKey {
    Id(EventId),
    Slug(Slug),
}

impl EventKey {
    /// Reads the last part of `/events/{id}`. `None` when the text is neither a valid id nor a valid slug.
    pub fn parse(text: &str) -> Option<Self> {
        match Uuid::try_parse(text) {
            Ok(id) => Some(Self::Id(EventId(id))),
            Err(_) => Slug::parse(text).ok().map(Self::Slug),
        }
    }
}
