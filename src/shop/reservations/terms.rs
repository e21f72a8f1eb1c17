//! What an event sells, and under which terms: its sale window, limits, offers and sections.
//!
//! Kept in memory, and yet no decision reads a cache: the statement that takes the buyer's lock checks that
//! the event still has the version that was read here ([`super::store::lock_buyers`]). Whatever changes an
//! event's terms raises that version in the same transaction.

use std::{collections::HashMap, sync::Arc, time::Duration};

use holdfast_domain::{
    ids::{EventId, OrganizationId, SectionId},
    money::Currency,
    pricing::Offer,
};
use moka::future::Cache;

use super::store;
use crate::kernel::db::{Db, StoreError};

/// How many events are kept.
const MAX_EVENTS: u64 = 1_000;
/// How long an event is kept without being asked for again.
const KEEP: Duration = Duration::from_secs(300);

/// See the module.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The event.
    pub event: EventId,
    /// The version that these terms have.
    pub version: i32,
    /// Who organizes it.
    pub organization: OrganizationId,
    /// What it is paid in.
    pub currency: Currency,
    /// How many persons one buyer may bring in all.
    pub max_per_user: i32,
    /// How many persons one reservation may hold.
    pub max_per_order: i64,
    /// How long a hold lasts.
    pub hold_ms: i64,
    /// How long a hold lasts at the most, extensions included.
    pub hold_cap_ms: i64,
    /// What is sold.
    pub offers: Vec<Offer>,
    /// The sections.
    pub sections: HashMap<SectionId, SectionTerms>,
}

/// A section, as far as it matters to a hold.
#[derive(Debug, Clone)]
pub struct SectionTerms {
    /// Its name.
    pub name: String,
    /// Whether it is sold by quantity.
    pub general: bool,
}

/// Terms by event.
#[derive(Debug, Clone)]
pub struct TermsCache {
    db: Db,
    terms: Cache<EventId, Arc<Terms>>,
}

impl TermsCache {
    /// An empty cache over this database.
    pub fn new(db: Db) -> Self {
        let terms = Cache::builder().max_capacity(MAX_EVENTS).time_to_idle(KEEP).build();
        Self { db, terms }
    }

    /// The terms, possibly old ones.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn get(&self, event: EventId) -> Result<Option<Arc<Terms>>, StoreError> {
        if let Some(terms) = self.terms.get(&event).await {
            return Ok(Some(terms));
        }
        self.fresh(event).await
    }

    /// The terms as they stand now; the old ones were seen to be stale.
    ///
    /// # Errors
    /// When the database fails.
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
