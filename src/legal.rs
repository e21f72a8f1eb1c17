//! The legal documents of the shop: terms, privacy, cookies and imprint, and who has accepted which terms.
//!
//! The operator writes the documents as files (`settings.rs`, `documents.rs`), `markdown.rs` makes their HTML, and `api.rs`
//! shows them. `accept.rs` judges and records acceptances, for `identity/accounts` and `shop/checkout`. This slice does not
//! know what the documents say.

pub mod accept;
pub mod api;
pub mod documents;
mod markdown;
mod personal;
pub mod settings;
mod store;

use std::sync::Arc;

use holdfast_contract::legal::LegalKind;
use holdfast_domain::legal::Kind;
use poem_openapi::OpenApi;

use self::{documents::Documents, settings::LegalSettings};
use crate::{
    http::auth::LOCALES,
    kernel::{db::Db, environment::Environment, personal::PersonalData},
    slice::{SharedParts, Slice},
};

/// Whether a registration and a checkout must say that the terms were accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// They must, if the shop has terms.
    Always,
    /// A request may leave the acceptance out. An acceptance that a request names is checked and recorded.
    WhenSaid,
}

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Legal {
    pub db: Db,
    documents: Arc<Documents>,
    demand: Demand,
}

impl Legal {
    /// The documents of the operator. Without them, development shows examples, whose terms nobody has to accept.
    pub fn new(db: Db, settings: &LegalSettings, environment: Environment) -> Self {
        let (documents, demand) = match (&settings.documents, environment) {
            (Some(documents), _) => (Arc::clone(&documents.0), Demand::Always),
            (None, Environment::Development) => (Arc::new(documents::examples()), Demand::WhenSaid),
            (None, Environment::Production) => (Arc::default(), Demand::Always),
        };
        Self { db, documents, demand }
    }

    /// The kind and version of every document.
    pub fn versions(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.documents.iter().map(|(kind, document)| (*kind, document.version.as_str()))
    }

    /// The title of a document in the first of the server's languages.
    pub fn title(&self, kind: Kind) -> Option<&str> {
        Some(self.documents.get(&kind)?.text(LOCALES[0]).title.as_str())
    }
}

impl Slice for Legal {
    fn routes(self, _shared: SharedParts) -> impl OpenApi + 'static {
        api::LegalApi { legal: self }
    }

    fn personal(&self) -> Vec<Arc<dyn PersonalData>> {
        vec![Arc::new(self.clone())]
    }
}

/// The domain's kind of a kind on the wire.
pub const fn kind_of(kind: LegalKind) -> Kind {
    match kind {
        LegalKind::Terms => Kind::Terms,
        LegalKind::Privacy => Kind::Privacy,
        LegalKind::Cookies => Kind::Cookies,
        LegalKind::Imprint => Kind::Imprint,
    }
}

/// The kind on the wire.
const fn shown(kind: Kind) -> LegalKind {
    match kind {
        Kind::Terms => LegalKind::Terms,
        Kind::Privacy => LegalKind::Privacy,
        Kind::Cookies => LegalKind::Cookies,
        Kind::Imprint => LegalKind::Imprint,
    }
}
