//! The terms under which an event sells: its sale window, limits, offers and sections.
//!
//! The terms are kept in memory, but no decision trusts this cache: the statement that locks the buyer's row
//! checks that the event still has the version that was read here ([`super::store::lock_buyers`]). Every change
//! of an event's terms raises that version in the same transaction.

use std::{collections::HashMap, sync::Arc, time::Duration};

use holdfast_domain::{
    ids::{EventId, OrganizationId, SectionId},
    money::Currency,
    pricing::Offer,
};
use moka::future::Cache;

use super::store;
use crate::kernel::db::{Db, StoreError};

/// The maximum number of events in the cache.
const MAX_EVENTS: u64 = 1_000;
/// How long an event stays in the cache without being used.
const KEEP: Duration = Duration::from_secs(300);

/// The terms of an event.
#[derive(Debug, Clone)]
pub struct Terms {
    pub event: EventId,
    /// The version of the event when the terms were read.
    pub version: i32,
    pub organization: OrganizationId,
    pub currency: Currency,
    /// The limit of persons for one buyer in the event.
    pub max_per_user: i32,
    /// The limit of persons for one reservation.
    pub max_per_order: i64,
    /// How long a hold lasts.
    pub hold_ms: i64,
    /// The maximum duration of a hold, extensions included.
    pub hold_cap_ms: i64,
    pub offers: Vec<Offer>,
    pub sections: HashMap<SectionId, SectionTerms>,
}

/// The part of a section that a hold needs.
#[derive(Debug, Clone)]
pub struct SectionTerms {
    pub name: String,
    /// Whether the section is sold by quantity, not by seat.
    pub general: bool,
}

/// Caches the terms of events.
#[derive(Debug, Clone)]
pub struct TermsCache {
    db: Db,
    terms: Cache<EventId, Arc<Terms>>,
}

impl TermsCache {
    pub fn new(db: Db) -> Self {
        let terms = Cache::builder().max_capacity(MAX_EVENTS).time_to_idle(KEEP).build();
        Self { db, terms }
    }

    /// The terms, which may be out of date.
    pub async fn get(&self, event: EventId) -> Result<Option<Arc<Terms>>, StoreError> {
        if let Some(terms) = self.terms.get(&event).await {
            return Ok(Some(terms));
        }
        self.fresh(event).await
    }

    /// Reads the terms from the database, because the cached terms proved stale.
    pub async fn fresh(&self, event: EventId) -> Result<Option<Arc<Terms>>, StoreError> {
        let Some(terms) = store::load_terms(&self.db, event).await? else {
            self.terms.invalidate(&event).await;
            return Ok(None);
        };
        let terms = Arc::new(terms);
        self.terms.insert(event, Arc::clone(&terms)).await;
        Ok(Some(terms))
    }
}
