//! How statements are written: one text for both stores, tokens where they differ, guards that tests can drop.

use std::{
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
};

use sea_orm::{DbBackend, Statement, Value};

use super::sets;

/// The database program behind a handle: its SQL differs in a few places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// PostgreSQL, version 15 or later.
    Postgres,
    /// SQLite: one file, with a write-ahead log.
    Sqlite,
}

impl Dialect {
    /// SeaORM's name of the store.
    pub(super) fn backend(self) -> DbBackend {
        match self {
            Self::Postgres => DbBackend::Postgres,
            Self::Sqlite => DbBackend::Sqlite,
        }
    }
}

/// Whether `db::now` may be moved by development and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClockOffset {
    /// The database's clock as it is.
    Ignored,
    /// The database's clock plus the offset in the table `clock_offset`.
    Applied,
}

/// The predicates that keep a seat from being sold twice. Statements write them as `[[state: AND …]]`, so that tests
/// can leave out a guard and see the checks fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guard {
    /// The seat is in the state that the step starts from.
    State,
    /// The seat belongs to the reservation that acts.
    Owner,
    /// The seat has had no other owner since.
    Fence,
}

impl Guard {
    fn of(name: &str) -> Option<Self> {
        match name {
            "state" => Some(Self::State),
            "owner" => Some(Self::Owner),
            "fence" => Some(Self::Fence),
            _ => None,
        }
    }
}

/// The texts that were rendered, by their form and what they were rendered from.
static RENDERED: LazyLock<RwLock<HashMap<StatementForm, HashMap<String, String>>>> =
    LazyLock::new(RwLock::default);
/// The maximum number of rendered texts in each form.
const MAX_RENDERED: usize = 1_000;

/// The form in which this database takes statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatementForm {
    pub(super) dialect: Dialect,
    pub(super) offset: ClockOffset,
    pub(super) dropped: Option<Guard>,
}

impl StatementForm {
    pub fn dialect(self) -> Dialect {
        self.dialect
    }

    fn guards(self, sql: &str) -> String {
        let mut text = String::with_capacity(sql.len());
        let mut rest = sql;
        while let Some((before, after)) = rest.split_once("[[") {
            let (guarded, after) = after.split_once("]]").expect("a guard is closed by ]]");
            let (name, predicate) = guarded.split_once(':').expect("a guard has a name");
            let guard = Guard::of(name).expect("a guard is state, owner or fence");
            text.push_str(before);
            if self.dropped != Some(guard) {
                text.push_str(predicate);
            }
            rest = after;
        }
        text.push_str(rest);
        text
    }

    fn sets(self, sql: &str) -> String {
        let mut parts = sql.split("{among");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (set, rest) = part.split_once('}').expect("a set is closed by }");
            let (kind, set) = set.split_once(' ').expect("a set has a placeholder");
            text.push_str(&match (self.dialect, kind) {
                (Dialect::Postgres, _) => format!("= ANY({})", sets::hidden(set)),
                (Dialect::Sqlite, "_ids") => {
                    format!("IN (SELECT unhex(value, '-') FROM json_each({set}))")
                }
                (Dialect::Sqlite, _) => format!("IN (SELECT value FROM json_each({set}))"),
            });
            text.push_str(rest);
        }
        text
    }

    fn rows(self, sql: &str) -> String {
        let mut parts = sql.split("{rows ");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (rows, rest) = part.split_once(")}").expect("rows are closed by )}");
            let (parameter, columns) = rows.split_once(" (").expect("rows have columns");
            text.push_str(&sets::table(self.dialect, parameter, columns));
            text.push_str(rest);
        }
        text
    }

    /// Replaces the tokens. `{now}` is the database's wall clock in milliseconds since 1970 (not the transaction's
    /// time, which is old after a wait for a lock). `{lock}` locks the rows of a SELECT. `{skip}` does the same, but
    /// skips rows that another transaction has locked. `{lock_seats}` locks only the rows of the table with the alias
    /// `s`, the seats. `{uuid_text}(id)` shows an id as text. `id {among_ids $2}` compares a column with a
    /// [`super::set`] of ids, `id {among $2}` with a set of numbers or words. `{rows $2 (seat_id int, buyer_id uuid)}`
    /// is a table named `rows` of what [`super::rows`] sends. `[[fence: AND …]]` is a [`Guard`].
    ///
    /// # Panics
    /// When a guard, a set or rows are malformed.
    pub fn render(self, sql: &str) -> String {
        let sql = if sql.contains("[[") { &self.guards(sql) } else { sql };
        if !sql.contains('{') {
            return sql.to_owned();
        }
        let now = match (self.dialect, self.offset) {
            (Dialect::Postgres, ClockOffset::Ignored) => PG_NOW,
            (Dialect::Postgres, ClockOffset::Applied) => PG_NOW_MOVED,
            (Dialect::Sqlite, ClockOffset::Ignored) => SQLITE_NOW,
            (Dialect::Sqlite, ClockOffset::Applied) => SQLITE_NOW_MOVED,
        };
        let (lock, skip, seats, uuid_text) = match self.dialect {
            Dialect::Postgres => (
                "FOR NO KEY UPDATE",
                "FOR NO KEY UPDATE SKIP LOCKED",
                "FOR NO KEY UPDATE OF s",
                "text",
            ),
            Dialect::Sqlite => ("", "", "", "hex"),
        };
        self.rows(&self.sets(sql))
            .replace("{now}", now)
            .replace("{lock}", lock)
            .replace("{skip}", skip)
            .replace("{lock_seats}", seats)
            .replace("{uuid_text}", uuid_text)
    }

    /// The statement with its tokens replaced.
    pub(super) fn statement(self, sql: &str, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.dialect.backend(), self.rendered(sql), values)
    }

    /// Like [`StatementForm::render`], from what was rendered before if it is known. A program has some hundreds of texts, and
    /// sends each of them a thousand times in a second.
    fn rendered(self, sql: &str) -> String {
        if !sql.contains(['{', '[']) {
            return sql.to_owned();
        }
        let known = RENDERED.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = known.get(&self).and_then(|texts| texts.get(sql)) {
            return text.clone();
        }
        drop(known);
        let text = self.render(sql);
        let mut known = RENDERED.write().unwrap_or_else(PoisonError::into_inner);
        let texts = known.entry(self).or_default();
        if texts.len() < MAX_RENDERED {
            texts.insert(sql.to_owned(), text.clone());
        }
        text
    }
}

const PG_NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
const PG_NOW_MOVED: &str = "((extract(epoch FROM clock_timestamp()) * 1000)::bigint + \
    (SELECT offset_ms FROM clock_offset WHERE id = 1))";
const SQLITE_NOW: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
const SQLITE_NOW_MOVED: &str = "(CAST(unixepoch('subsec') * 1000 AS INTEGER) + \
    (SELECT offset_ms FROM clock_offset WHERE id = 1))";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dialect: Dialect, dropped: Option<Guard>, sql: &str, expected: &str) {
        let writing = StatementForm { dialect, offset: ClockOffset::Ignored, dropped };
        assert_eq!(writing.render(sql), expected);
        assert_eq!(writing.statement(sql, Vec::new()).sql, expected);
        assert_eq!(writing.statement(sql, Vec::new()).sql, expected, "the second time");
    }

    #[test]
    fn tokens_are_what_the_store_calls_them() {
        check(Dialect::Postgres, None, "SELECT 1 {skip}", "SELECT 1 FOR NO KEY UPDATE SKIP LOCKED");
        check(Dialect::Sqlite, None, "SELECT 1 {skip}", "SELECT 1 ");
        check(
            Dialect::Sqlite,
            None,
            "SELECT {now}",
            "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)",
        );
        let of_set = "DELETE FROM a WHERE id {among_ids $2} AND b = $1";
        check(
            Dialect::Postgres,
            None,
            of_set,
            "DELETE FROM a WHERE id = ANY(COALESCE((SELECT $2))) AND b = $1",
        );
        check(
            Dialect::Sqlite,
            None,
            of_set,
            "DELETE FROM a WHERE id IN (SELECT unhex(value, '-') FROM json_each($2)) AND b = $1",
        );
    }

    #[test]
    fn a_dropped_guard_is_the_only_one_missing() {
        let sql = "WHERE a [[state:AND b]] [[fence:AND c]]";
        check(Dialect::Sqlite, None, sql, "WHERE a AND b AND c");
        check(Dialect::Sqlite, Some(Guard::Fence), sql, "WHERE a AND b ");
        check(Dialect::Sqlite, None, sql, "WHERE a AND b AND c");
    }
}
