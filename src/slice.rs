//! What a slice is to the program: it brings its routes, passes, kinds of sagas and invariants.
//!
//! `app/slices.rs` lists the slices; everything else about a slice stands in its own folder.

use std::{sync::Arc, time::Duration};

use poem::Route;
use poem_openapi::OpenApi;

use crate::{
    access::Access,
    http::tokens::Tokens,
    kernel::{invariants::Invariant, passes::Pass, saga::attention::Attended},
};

/// What every slice's routes and passes may use.
#[derive(Debug, Clone)]
pub struct Shared {
    /// Makes proofs of what callers may see and do.
    pub access: Access,
    /// Makes and reads tokens.
    pub tokens: Arc<Tokens>,
    /// Every kind of saga, for those who look after all of them.
    pub sagas: Vec<Arc<dyn Attended>>,
    /// How often rows that nobody needs any more are deleted.
    pub retention_every: Duration,
}

/// A slice. All methods but `routes` have an answer for a slice that brings nothing of the kind.
pub trait Slice: Clone + Send + Sync + 'static {
    /// What must be true of the slice's rows at every moment.
    const INVARIANTS: &'static [Invariant] = &[];

    /// The documented routes, below `/api/v1`. A slice without any answers `()`.
    fn routes(self, shared: Shared) -> impl OpenApi + 'static;

    /// Adds routes that the OpenAPI document cannot describe, such as streams and redirects.
    fn mount(self, _shared: Shared, routes: Route) -> Route {
        routes
    }

    /// The kinds of sagas that the slice drives.
    fn sagas(&self) -> Vec<Arc<dyn Attended>> {
        Vec::new()
    }

    /// The periodic passes; every node runs each of them. Passes over tables of no slice come from `Live::passes` and
    /// `kernel::upkeep`.
    fn passes(&self, _shared: &Shared) -> Vec<Pass> {
        Vec::new()
    }
}
