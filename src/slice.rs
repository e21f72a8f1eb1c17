//! The parts that a slice adds to the program: routes, passes, kinds of sagas and invariants, what a busy node refuses,
//! and which requests are limited.
//!
//! `app/slices.rs` lists the slices; everything else about a slice is in its own folder.

use std::{sync::Arc, time::Duration};

use poem::Route;
use poem_openapi::OpenApi;

use crate::{
    access::Access,
    http::{
        auth::{Adopt, Users},
        limits::LimitRule,
        overload::RouteRule,
        tokens::Tokens,
    },
    kernel::{
        invariants::Invariant, keys::SealedColumn, passes::Pass, personal::PersonalData,
        saga::attention::Attended, settings::WebAddress,
    },
    messages::LetterWriter,
};

/// The parts that every slice's routes and passes may use.
#[derive(Debug, Clone)]
pub struct SharedParts {
    /// Makes proofs that a caller may see an object or act on it.
    pub access: Access,
    /// The users who may sign in, with their roles.
    pub users: Arc<dyn Users>,
    /// Issues and verifies the tokens of callers.
    pub tokens: Arc<Tokens>,
    /// Moves what a guest has to the user who signs in.
    pub adopt: Arc<dyn Adopt>,
    /// All kinds of sagas, for the administration.
    pub sagas: Vec<Arc<dyn Attended>>,
    /// The personal data in all tables, for the export and the erasure of an account.
    pub personal: Vec<Arc<dyn PersonalData>>,
    /// How often the retention passes delete old rows.
    pub retention_every: Duration,
}

/// A slice. Every method except `routes` has a default for a slice without such parts.
pub trait Slice: Clone + Send + Sync + 'static {
    /// The conditions that must hold for the slice's rows at all times.
    const INVARIANTS: &'static [Invariant] = &[];

    /// The columns of the slice's tables that are stored encrypted.
    const SEALED: &'static [SealedColumn] = &[];

    /// The routes that a node may refuse when it cannot keep up, and the reads that it never refuses.
    const REFUSABLE: &'static [RouteRule] = &[];

    /// The routes that are limited in a way of their own.
    const LIMITED: &'static [LimitRule] = &[];

    /// The documented routes, below `/api/v1`. A slice without routes returns `()`.
    fn routes(self, shared: SharedParts) -> impl OpenApi + 'static;

    /// Adds routes that the OpenAPI document cannot describe, such as streams and redirects.
    fn mount(self, _shared: SharedParts, routes: Route) -> Route {
        routes
    }

    /// The kinds of sagas that the slice drives.
    fn sagas(&self) -> Vec<Arc<dyn Attended>> {
        Vec::new()
    }

    /// The writers of the mails about the slice's objects. `home` is the address of the shop.
    fn writers(&self, _home: &WebAddress) -> Vec<Arc<dyn LetterWriter>> {
        Vec::new()
    }

    /// The personal data in the slice's tables.
    fn personal(&self) -> Vec<Arc<dyn PersonalData>> {
        Vec::new()
    }

    /// The periodic passes; every node runs each of them. Passes over tables that belong to no slice come from
    /// `LiveChanges::passes` and `kernel::upkeep`.
    fn passes(&self, _shared: &SharedParts) -> Vec<Pass> {
        Vec::new()
    }
}
