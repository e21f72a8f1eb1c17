//! Why the database gave no answer. A refusal by a rule is never a [`StoreError`]: each use case has its own type for
//! those. A contradiction in the program or in the stored rows is a [`Bug`] and not an error of the database.

use std::{
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use sea_orm::{DbErr, RuntimeErr};

/// The failure of a statement, of a transaction, or of the code that reads stored rows.
///
/// Clones share the error, so that everybody who waits for one shared query or transaction hears the same.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database failed or refused a statement.
    #[error(transparent)]
    Database(Arc<DbErr>),
    /// The program or the stored rows contradict themselves.
    #[error(transparent)]
    Bug(#[from] Bug),
}

/// A contradiction that no input explains: a row that must exist is missing, a guarded write changed another number of
/// rows than its lock allows, a stored document does not parse. The API answers 500 and logs it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} ({})", .0.text, .0.place)]
pub struct Bug(Arc<Found>);

#[derive(Debug)]
struct Found {
    text: String,
    place: &'static Location<'static>,
    is_logged: AtomicBool,
}

impl Bug {
    /// A bug, described for the log of the server, with the place in the source that found it. Clients never see the
    /// text.
    #[track_caller]
    pub fn new(text: impl Into<String>) -> Self {
        let place = Location::caller();
        Self(Arc::new(Found { text: text.into(), place, is_logged: AtomicBool::new(false) }))
    }

    /// Logs the bug the first time that it is called on the bug or one of its clones; whether it did.
    pub fn log(&self) -> bool {
        let is_first = !self.0.is_logged.swap(true, Ordering::Relaxed);
        if is_first {
            tracing::error!(bug = %self, "a bug");
        }
        is_first
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl StoreError {
    /// Whether the store asks to run the whole transaction again: SQLSTATE 40001 and 40P01 (PostgreSQL manual, 13.5),
    /// SQLITE_BUSY and SQLITE_BUSY_SNAPSHOT.
    pub fn asks_for_rerun(&self) -> bool {
        self.has_code(&["40001", "40P01", "5", "517", "261"])
    }

    /// Whether the store is busy or has no connection free: the caller should come back.
    pub fn is_unavailable(&self) -> bool {
        let has_no_connection = self
            .database()
            .is_some_and(|error| matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)));
        has_no_connection || self.asks_for_rerun()
    }

    /// Whether a unique index refused a row.
    pub fn is_duplicate(&self) -> bool {
        let refused = self.database().and_then(DbErr::sql_err);
        matches!(refused, Some(sea_orm::SqlErr::UniqueConstraintViolation(_)))
    }

    /// Whether a CHECK refused a row: SQLSTATE 23514, SQLITE_CONSTRAINT_CHECK.
    pub fn is_check_violation(&self) -> bool {
        self.has_code(&["23514", "275"])
    }

    fn database(&self) -> Option<&DbErr> {
        match self {
            Self::Database(error) => Some(error),
            Self::Bug(_) => None,
        }
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        let Some(
            DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error))
            | DbErr::Conn(RuntimeErr::SqlxError(error)),
        ) = self.database()
        else {
            return false;
        };
        let code = error.as_database_error().and_then(|error| error.code());
        code.is_some_and(|code| codes.contains(&code.as_ref()))
    }
}

/// An error of a use case that may come from the database.
pub trait Failure {
    /// The database's failure, when it is one.
    fn store(&self) -> Option<&StoreError>;
}

impl Failure for StoreError {
    fn store(&self) -> Option<&StoreError> {
        Some(self)
    }
}

/// What a stored word stands for, read by one of the domain's parsers.
///
/// # Errors
/// A bug when the parser does not know the word: a newer program wrote it, or the row is damaged. To guess could sell
/// a seat twice.
pub fn stored_word<T>(
    word: &str,
    what: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Bug> {
    parse(word).ok_or_else(|| Bug::new(format!("{word} is no {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_is_logged_once_however_many_wait_for_it() {
        let error = StoreError::from(Bug::new("a row is missing"));
        let shared = error.clone();
        let (StoreError::Bug(first), StoreError::Bug(second)) = (&error, &shared) else {
            panic!("a bug stays a bug: {error}, {shared}");
        };
        assert!(first.log());
        assert!(!second.log());
        assert!(
            error.to_string().starts_with("a row is missing (src/kernel/db/error.rs:"),
            "{error}"
        );
    }

    #[test]
    fn a_bug_is_not_taken_for_a_store_that_is_away() {
        let error = StoreError::from(Bug::new("a row is missing"));
        assert!(!error.is_unavailable() && !error.asks_for_rerun() && !error.is_duplicate());
        let away = DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout);
        assert!(StoreError::from(away).is_unavailable());
    }
}
