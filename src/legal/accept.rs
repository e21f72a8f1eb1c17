//! The acceptance of the terms: whether a request accepts the present version, and the rows that record it.

use holdfast_contract::legal::Acceptance;
use holdfast_domain::{
    ids::UserId,
    legal::{Kind, Subject},
};
use holdfast_entity::acceptances;

use super::{Demand, Legal, store};
use crate::{
    http::auth::LOCALES,
    kernel::{
        db::{StoreError, Tx, Writes},
        ports::Entropy,
    },
};

/// Terms that somebody has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedTerms {
    version: String,
    /// The language of the text that was shown.
    language: &'static str,
}

/// Why a request does not accept the terms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    /// The request names no version of the terms, or an older one. This is the present version.
    #[error("must be {0}, the present version of the terms")]
    NotPresent(String),
    #[error("must be left out: the shop has no terms")]
    NoTerms,
    #[error("must be one of {}", LOCALES.join(", "))]
    Language,
}

impl NotAccepted {
    /// The field that is wrong.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::NotPresent(_) | Self::NoTerms => "accepted.terms",
            Self::Language => "accepted.language",
        }
    }
}

impl Legal {
    /// Judges what a request says about the terms. `spoken` is the language of its sender.
    ///
    /// # Errors
    /// When the request must accept the terms and does not, or names something else.
    pub fn judge(
        &self,
        said: Option<&Acceptance>,
        spoken: &'static str,
    ) -> Result<Option<AcceptedTerms>, NotAccepted> {
        let language = match said.and_then(|said| said.language.as_deref()) {
            None => spoken,
            Some(wanted) => {
                LOCALES.into_iter().find(|ours| *ours == wanted).ok_or(NotAccepted::Language)?
            }
        };
        let named = said.and_then(|said| said.terms.as_deref());
        match (self.documents.get(&Kind::Terms), named, self.demand) {
            (None, None, _) | (Some(_), None, Demand::WhenSaid) => Ok(None),
            (None, Some(_), _) => Err(NotAccepted::NoTerms),
            (Some(terms), Some(named), _) if terms.version == named => Ok(Some(AcceptedTerms {
                version: terms.version.clone(),
                language: terms.text(language).language,
            })),
            (Some(terms), Some(_), _) | (Some(terms), None, Demand::Always) => {
                Err(NotAccepted::NotPresent(terms.version.clone()))
            }
        }
    }
}

impl AcceptedTerms {
    /// The row that records the acceptance.
    pub fn row(&self, entropy: &dyn Entropy, subject: Subject, now_ms: i64) -> acceptances::Model {
        acceptances::Model {
            id: entropy.id(),
            subject_kind: subject.kind(),
            subject_id: subject.id(),
            document: Kind::Terms,
            version: self.version.clone(),
            language: self.language.to_owned(),
            accepted_at: now_ms,
        }
    }
}

/// Records acceptances, if there are any, in one statement.
///
/// # Errors
/// When the database fails.
pub async fn record(sql: &impl Writes, rows: Vec<acceptances::Model>) -> Result<(), StoreError> {
    store::insert(sql, rows).await
}

/// Deletes what these users have accepted at registrations of which nothing stays.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &Tx, users: &[UserId]) -> Result<(), StoreError> {
    store::forget(tx, users).await
}
