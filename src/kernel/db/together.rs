//! Writes that do not depend on each other, sent as one statement where the store can: PostgreSQL runs them as the
//! parts of one `WITH` (manual, 7.8.4, "Data-Modifying Statements in WITH"), SQLite one after the other.
//!
//! A round trip and the overhead of a statement cost more than most writes of a checkout.

use std::sync::{Mutex, PoisonError};

use sea_orm::Value;

use super::{Bug, Dialect, Sql, StoreError};

/// Accepts writes whose results nobody reads: a transaction, or [`Together`].
pub trait Writes: Sync {
    fn dialect(&self) -> Dialect;

    /// Accepts a statement without RETURNING. With `expected`, another number of changed rows fails the transaction.
    fn write(
        &self,
        sql: &str,
        values: Vec<Value>,
        expected: Option<Expected>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The number of rows that a write must change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub rows: u64,
    /// The text of the bug when the number is different.
    pub otherwise: String,
}

impl Expected {
    fn check(&self, rows: u64) -> Result<(), StoreError> {
        if rows == self.rows {
            return Ok(());
        }
        Err(Bug::new(format!("{} ({rows} rows, not {})", self.otherwise, self.rows)).into())
    }
}

impl<S: Sql> Writes for S {
    fn dialect(&self) -> Dialect {
        self.writing().dialect()
    }

    async fn write(
        &self,
        sql: &str,
        values: Vec<Value>,
        expected: Option<Expected>,
    ) -> Result<(), StoreError> {
        let rows = self.run(sql, values).await?;
        expected.map_or(Ok(()), |expected| expected.check(rows))
    }
}

/// Collects writes and sends them together. No write may see or change a row that another write changes.
#[derive(Debug)]
pub struct Together {
    dialect: Dialect,
    parts: Mutex<Vec<QueuedWrite>>,
}

#[derive(Debug)]
struct QueuedWrite {
    sql: String,
    values: Vec<Value>,
    expected: Option<Expected>,
}

/// The results of writes, in their order.
#[derive(Debug)]
pub struct WriteResults {
    /// How many rows each write changed.
    pub rows: Vec<u64>,
    expected: Vec<Option<Expected>>,
}

impl WriteResults {
    /// Fails when a write changed another number of rows than expected; the transaction must then be rolled back.
    ///
    /// # Errors
    /// The bug of the first such write.
    pub fn check(&self) -> Result<(), StoreError> {
        for (expected, rows) in self.expected.iter().zip(&self.rows) {
            if let Some(expected) = expected {
                expected.check(*rows)?;
            }
        }
        Ok(())
    }
}

impl Writes for Together {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    async fn write(
        &self,
        sql: &str,
        values: Vec<Value>,
        expected: Option<Expected>,
    ) -> Result<(), StoreError> {
        let part = QueuedWrite { sql: sql.to_owned(), values, expected };
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).push(part);
        Ok(())
    }
}

impl Together {
    /// Starts to collect writes for this transaction.
    pub fn of(sql: &impl Sql) -> Self {
        Self { dialect: sql.writing().dialect(), parts: Mutex::default() }
    }

    /// How many writes are collected and not sent yet.
    pub fn len(&self) -> usize {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sends the writes in their order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn send(self, tx: &impl Sql) -> Result<WriteResults, StoreError> {
        let parts = self.parts.into_inner().unwrap_or_else(PoisonError::into_inner);
        let expected = parts.iter().map(|part| part.expected.clone()).collect();
        let rows = match (tx.writing().dialect(), parts.len()) {
            (Dialect::Postgres, 2..) => at_once(tx, parts).await?,
            _ => one_by_one(tx, parts).await?,
        };
        Ok(WriteResults { rows, expected })
    }
}

async fn one_by_one(tx: &impl Sql, parts: Vec<QueuedWrite>) -> Result<Vec<u64>, StoreError> {
    let mut rows = Vec::with_capacity(parts.len());
    for QueuedWrite { sql, values, .. } in parts {
        rows.push(tx.run(&sql, values).await?);
    }
    Ok(rows)
}

/// `WITH p0 AS (… RETURNING 1), … SELECT (SELECT count(*) FROM p0) AS n0, …`
async fn at_once(tx: &impl Sql, parts: Vec<QueuedWrite>) -> Result<Vec<u64>, StoreError> {
    let count = parts.len();
    let (mut text, mut counts) = ("WITH ".to_owned(), String::new());
    let mut all: Vec<Value> = Vec::new();
    for (at, QueuedWrite { sql, values, .. }) in parts.into_iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        text.push_str(&format!("{comma}p{at} AS ("));
        renumber(&sql, all.len(), &mut text);
        text.push_str(" RETURNING 1)");
        counts.push_str(&format!("{comma}(SELECT count(*) FROM p{at}) AS n{at}"));
        all.extend(values);
    }
    text.push_str(" SELECT ");
    text.push_str(&counts);
    let row = tx.one(&text, all).await?;
    let row = row.ok_or_else(|| Bug::new("no counts of writes"))?;
    let rows = (0..count).map(|at| {
        let rows: i64 = row.try_get("", &format!("n{at}"))?;
        Ok(u64::try_from(rows).map_err(|error| Bug::new(error.to_string()))?)
    });
    rows.collect()
}

/// Appends the statement to `to`, with the numbers of its placeholders raised by `by`.
fn renumber(sql: &str, by: usize, to: &mut String) {
    let mut parts = sql.split('$');
    to.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        to.push('$');
        match number.parse::<usize>() {
            Ok(number) => to.push_str(&(number + by).to_string()),
            Err(_) => to.push_str(number),
        }
        to.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::db::Db;

    #[test]
    fn placeholders_move_on() {
        let mut text = String::new();
        renumber("UPDATE a SET b = $1, c = $12 WHERE d = $2", 3, &mut text);
        assert_eq!(text, "UPDATE a SET b = $4, c = $15 WHERE d = $5");
        text.clear();
        renumber("UPDATE a SET b = 1", 3, &mut text);
        assert_eq!(text, "UPDATE a SET b = 1");
    }

    #[tokio::test]
    async fn a_write_that_changes_another_number_of_rows_fails_the_check() {
        let db = Db::in_memory().await;
        db.run("CREATE TABLE a (b INTEGER)", vec![]).await.expect("a table");
        let together = Together::of(&db);
        let one = |otherwise: &str| Some(Expected { rows: 1, otherwise: otherwise.to_owned() });
        together.write("INSERT INTO a VALUES ($1)", vec![1.into()], one("first")).await.ok();
        together
            .write("UPDATE a SET b = $1 WHERE b = $2", vec![2.into(), 7.into()], one("second"))
            .await
            .ok();
        assert_eq!(together.len(), 2);
        let sent = together.send(&db).await.expect("the store works");
        assert_eq!(sent.rows, [1, 0]);
        let failed = sent.check().expect_err("nothing was updated").to_string();
        assert!(failed.contains("second (0 rows, not 1)"), "{failed}");
    }
}
