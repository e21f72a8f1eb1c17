//! Failures of the database. A refusal by a rule is never a [`StoreError`]: each use case has its own type for
//! refusals. A contradiction in the program or in the stored rows is a [`Bug`] and not an error of the database.

use std::{
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use sea_orm::{DbErr, RuntimeErr, sqlx::Error};

/// The failure of a statement, of a transaction, or of the code that reads stored rows.
///
/// Clones share the error, so that all who wait for one shared query or transaction get the same error.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database failed or refused a statement.
    #[error(transparent)]
    Database(Arc<DbErr>),
    /// The program or the stored rows contradict themselves.
    #[error(transparent)]
    Bug(#[from] Bug),
}

/// A contradiction that no input explains: a row that must exist is missing, a guarded write changed another number
/// of rows than its lock allows, a stored document does not parse. The API responds with 500 and logs the bug.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} ({})", .0.text, .0.place)]
pub struct Bug(Arc<BugReport>);

#[derive(Debug)]
struct BugReport {
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
        Self(Arc::new(BugReport { text: text.into(), place, is_logged: AtomicBool::new(false) }))
    }

    /// Logs the bug once for all its clones. Returns whether this call logged it.
    pub fn log(&self) -> bool {
        let is_first = !self.0.is_logged.swap(true, Ordering::Relaxed);
        if is_first {
            tracing::error!(bug = %self, "a bug");
        }
        is_first
    }
}

/// Checks the number of rows that a statement has changed. `why` says why no other number is possible.
///
/// # Errors
/// A [`Bug`] when the number is another.
#[track_caller]
pub fn exactly(expected: u64, changed: u64, why: &str) -> Result<(), StoreError> {
    if changed == expected {
        return Ok(());
    }
    Err(Bug::new(format!("{changed} rows changed instead of {expected}, although {why}")).into())
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

    /// Whether the store is busy or cannot be reached for now. The caller should try again.
    pub fn is_unavailable(&self) -> bool {
        self.asks_for_rerun() || self.database().is_some_and(is_away)
    }

    /// Whether the store would fail for other work, too. The loss of a race for locks concerns one transaction only.
    pub fn concerns_all(&self) -> bool {
        self.is_unavailable() && !self.asks_for_rerun()
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
        let code = self.database().and_then(driver).and_then(code);
        code.is_some_and(|code| codes.contains(&code.as_str()))
    }
}

/// The error for a connection that cannot be opened.
pub(super) fn no_connection(reason: impl Into<String>) -> StoreError {
    DbErr::Conn(RuntimeErr::Internal(reason.into())).into()
}

/// Whether the connection under the statement broke. Whether the statement had an effect is unknown.
pub(super) fn has_lost_connection(error: &DbErr) -> bool {
    driver(error).is_some_and(|error| {
        matches!(error, Error::Io(_) | Error::Tls(_) | Error::WorkerCrashed)
            || code(error).is_some_and(|code| is_among_classes(&code, &["08", "57P"]))
    })
}

/// Whether the store is unable to work at present: no connection is free, the store breaks connections (SQLSTATE
/// class 08, 57P: it shuts down, starts, or crashed), it lacks resources (class 53: too many connections, disk full),
/// or it is a standby that only reads (25006); or SQLite is locked, read-only, out of space, or cannot reach its
/// file.
fn is_away(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) || has_lost_connection(error) {
        return true;
    }
    driver(error).is_some_and(|error| {
        let is_away = |code: String| match sqlite_kind(&code) {
            Some(kind) => SQLITE_AWAY.contains(&kind),
            None => is_among_classes(&code, &["53", "25006"]),
        };
        matches!(error, Error::PoolTimedOut | Error::PoolClosed | Error::BeginFailed)
            || code(error).is_some_and(is_away)
    })
}

/// SQLITE_BUSY, LOCKED, READONLY, IOERR, FULL and CANTOPEN (<https://sqlite.org/rescode.html>).
const SQLITE_AWAY: [u32; 6] = [5, 6, 8, 10, 13, 14];

/// The primary result code in the low byte of SQLite's code; `None` for an SQLSTATE, which has five characters.
fn sqlite_kind(code: &str) -> Option<u32> {
    let number: u32 = (code.len() < 5).then(|| code.parse().ok()).flatten()?;
    Some(number & 0xff)
}

fn is_among_classes(code: &str, classes: &[&str]) -> bool {
    code.len() == 5 && classes.iter().any(|class| code.starts_with(class))
}

fn driver(error: &DbErr) -> Option<&Error> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    Some(error)
}

fn code(error: &Error) -> Option<String> {
    error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned())
}

/// An error of a use case that may come from the database.
pub trait UseCaseError {
    /// The database's failure, if the error comes from the database.
    fn store(&self) -> Option<&StoreError>;
}

impl UseCaseError for StoreError {
    fn store(&self) -> Option<&StoreError> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use sea_orm::sqlx::error::{DatabaseError, ErrorKind};

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

    /// An error of SQLite with this code.
    #[derive(Debug, thiserror::Error)]
    #[error("SQLite's code {0}")]
    struct OfSqlite(&'static str);

    impl DatabaseError for OfSqlite {
        fn message(&self) -> &str {
            self.0
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    #[test]
    fn what_ails_sqlite_for_now_is_unavailable_and_its_faults_are_not() {
        let of = |code| -> StoreError {
            let error = Error::Database(Box::new(OfSqlite(code)));
            DbErr::Query(RuntimeErr::SqlxError(Arc::new(error))).into()
        };
        // BUSY, LOCKED, READONLY, IOERR, FULL and CANTOPEN, each also with a reason in the upper bytes:
        // BUSY_RECOVERY, BUSY_SNAPSHOT, LOCKED_SHAREDCACHE, READONLY_DBMOVED, IOERR_READ, IOERR_FSYNC, CANTOPEN_ISDIR.
        let away =
            ["5", "261", "517", "6", "262", "8", "1032", "10", "266", "1034", "13", "14", "526"];
        for code in away {
            assert!(of(code).is_unavailable(), "{code}");
        }
        // ERROR, CORRUPT, CONSTRAINT, MISUSE, NOTADB, CONSTRAINT_CHECK, CONSTRAINT_UNIQUE.
        for code in ["1", "11", "19", "21", "26", "275", "2067"] {
            assert!(!of(code).is_unavailable(), "{code}");
        }
        // Another connection had the lock: the whole transaction can run again at once.
        for (code, reruns) in
            [("5", true), ("261", true), ("517", true), ("6", false), ("10", false)]
        {
            assert_eq!(of(code).asks_for_rerun(), reruns, "{code}");
        }
    }

    #[test]
    fn a_bug_is_not_taken_for_a_store_that_is_away() {
        let error = StoreError::from(Bug::new("a row is missing"));
        assert!(!error.is_unavailable() && !error.asks_for_rerun() && !error.is_duplicate());
        let away = DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout);
        assert!(StoreError::from(away).is_unavailable());
    }
}
