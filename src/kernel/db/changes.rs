//! Statements that are built from entities and name the database's clock: changes, deletions, and reads.
//!
//! SeaORM's own `exec` would not replace `{now}` and could not collect a change in [`super::Together`]. These
//! functions send a built statement in the same way as hand-written SQL.

use sea_orm::{
    ColumnTrait, DeleteMany, EntityTrait, FromQueryResult, Iterable, PrimaryKeyToColumn,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, UpdateMany, Value,
    sea_query::{Expr, ExprTrait, LikeExpr, Query, ReturningClause},
};

use super::{Dialect, Expected, Sql, StoreError, Writes, entities::NOW};

/// The maximum number of rows that one statement of [`forget`] deletes.
const MAX_FORGOTTEN: u64 = 10_000;
/// The maximum number of such statements in one call. A busy sale writes thousands of rows in a second.
const MAX_ROUNDS: usize = 100;

/// A statement that changes or deletes rows of one table.
pub trait ChangeStatement: QueryTrait {
    /// The entity whose rows the statement changes or deletes.
    type Entity: EntityTrait;

    /// Lets the statement answer these columns of each row that it changed or deleted.
    fn answer(&mut self, columns: ReturningClause);
}

impl<E: EntityTrait> ChangeStatement for UpdateMany<E> {
    type Entity = E;

    fn answer(&mut self, columns: ReturningClause) {
        QueryTrait::query(self).returning(columns);
    }
}

impl<E: EntityTrait> ChangeStatement for DeleteMany<E> {
    type Entity = E;

    fn answer(&mut self, columns: ReturningClause) {
        QueryTrait::query(self).returning(columns);
    }
}

/// The database's wall clock in milliseconds since 1970, read when the statement runs.
pub fn clock() -> Expr {
    Expr::cust(NOW)
}

/// The column's value plus `by`.
pub fn plus(column: impl ColumnTrait, by: impl Into<Value>) -> Expr {
    column.into_expr().add(Expr::val(by))
}

/// The pattern of `LIKE … ESCAPE '!'` for texts that contain this text.
pub fn pattern_around(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// The condition of `LIKE` for texts that contain this text.
pub fn containing(text: &str) -> LikeExpr {
    LikeExpr::new(pattern_around(text)).escape('!')
}

/// A word in the text of the statement. As a parameter, it would keep the planner from using a partial index.
pub fn literal(word: &'static str) -> Expr {
    Expr::Constant(word.into())
}

/// Changes or deletes rows. Returns their number.
///
/// # Errors
/// When the database refuses the change.
pub async fn change(sql: &impl Sql, change: impl ChangeStatement) -> Result<u64, StoreError> {
    let (text, values) = built(sql.writing().dialect(), &change);
    sql.run(&text, values).await
}

/// Changes or deletes rows as [`Writes::write`] does.
///
/// # Errors
/// When the database refuses the change, or the number of changed rows is not `expected`.
pub async fn write(
    sql: &impl Writes,
    change: impl ChangeStatement,
    expected: Option<Expected>,
) -> Result<(), StoreError> {
    let (text, values) = built(sql.dialect(), &change);
    sql.write(&text, values, expected).await
}

/// Changes or deletes rows. Returns these columns of each of them: of a changed row the new values, of a deleted row the last.
///
/// # Errors
/// When the database refuses the change, or a row cannot be read as a `T`.
pub async fn changed<T, C>(
    sql: &impl Sql,
    mut change: C,
    columns: &[<C::Entity as EntityTrait>::Column],
) -> Result<Vec<T>, StoreError>
where
    T: FromQueryResult + Send,
    C: ChangeStatement,
{
    change.answer(Query::returning().columns(columns.iter().copied()));
    let (text, values) = built(sql.writing().dialect(), &change);
    sql.list(&text, values).await
}

/// Reads at most one row.
///
/// # Errors
/// When the database fails, or the row cannot be read as a `T`.
pub async fn find<T, E>(sql: &impl Sql, select: Select<E>) -> Result<Option<T>, StoreError>
where
    T: FromQueryResult + Send,
    E: EntityTrait,
{
    let (text, values) = built(sql.writing().dialect(), &select);
    sql.find(&text, values).await
}

/// Reads any number of rows, in the order of the query.
///
/// # Errors
/// When the database fails, or a row cannot be read as a `T`.
pub async fn list<T, E>(sql: &impl Sql, select: Select<E>) -> Result<Vec<T>, StoreError>
where
    T: FromQueryResult + Send,
    E: EntityTrait,
{
    let (text, values) = built(sql.writing().dialect(), &select);
    sql.list(&text, values).await
}

/// Deletes the rows among `of` whose time is more than `kept_ms` ago, oldest first. Returns their number. Rows that are left
/// after [`MAX_ROUNDS`] statements wait for the next call.
///
/// # Errors
/// When the database refuses the change.
pub async fn forget<E: EntityTrait>(
    sql: &impl Sql,
    of: Select<E>,
    at: E::Column,
    kept_ms: i64,
) -> Result<u64, StoreError> {
    in_rounds(MAX_FORGOTTEN, || forget_some(sql, of.clone(), at, kept_ms, MAX_FORGOTTEN)).await
}

/// Repeats a round that deletes at most `most` rows, until a round finds fewer. Returns the number of deleted rows.
async fn in_rounds<R>(most: u64, mut round: impl FnMut() -> R) -> Result<u64, StoreError>
where
    R: Future<Output = Result<u64, StoreError>>,
{
    let mut forgotten = 0;
    for _ in 0..MAX_ROUNDS {
        let rows = round().await?;
        forgotten += rows;
        if rows < most {
            break;
        }
    }
    Ok(forgotten)
}

async fn forget_some<E: EntityTrait>(
    sql: &impl Sql,
    of: Select<E>,
    at: E::Column,
    kept_ms: i64,
    most: u64,
) -> Result<u64, StoreError> {
    let keys = || E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    let oldest = of
        .select_only()
        .columns(keys())
        .filter(at.into_expr().lt(clock().sub(kept_ms)))
        .order_by_asc(at)
        .limit(most)
        .into_query();
    let key = Expr::tuple(keys().map(|column| column.into_expr()));
    change(sql, E::delete_many().filter(key.in_subquery(oldest))).await
}

fn built(dialect: Dialect, query: &impl QueryTrait) -> (String, Vec<Value>) {
    let statement = query.build(dialect.backend());
    (statement.sql, statement.values.map(|values| values.0).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use holdfast_domain::ids::EventId;
    use holdfast_entity::{changes, event_sequences};
    use uuid::Uuid;

    use super::*;
    use crate::kernel::db::{Db, Together, insert};

    const EVENT: EventId = EventId(Uuid::from_u128(7));

    fn advance(by: i64) -> UpdateMany<event_sequences::Entity> {
        let last_seq = event_sequences::Column::LastSeq;
        event_sequences::Entity::update_many()
            .col_expr(last_seq, plus(last_seq, by))
            .filter(event_sequences::Column::EventId.eq(EVENT))
            .filter(last_seq.eq(1).or(last_seq.eq(2)))
    }

    #[test]
    fn conditions_stand_together_and_values_are_parameters() {
        let (text, values) = built(Dialect::Postgres, &advance(3));
        assert_eq!(
            text,
            "UPDATE \"event_sequences\" SET \"last_seq\" = \"event_sequences\".\"last_seq\" + $1 \
             WHERE \"event_sequences\".\"event_id\" = $2 AND (\"event_sequences\".\"last_seq\" = $3 \
             OR \"event_sequences\".\"last_seq\" = $4)"
        );
        assert_eq!(values, [3_i64.into(), EVENT.into(), 1.into(), 2.into()]);
    }

    #[test]
    fn the_clock_is_left_to_the_dialect_and_a_literal_stands_in_the_text() {
        let old = changes::Column::CreatedAt.into_expr().lt(clock().sub(5));
        let word = changes::Column::Payload.into_expr().eq(literal("waiting"));
        let gone = changes::Entity::delete_many().filter(old).filter(word);
        let (text, values) = built(Dialect::Postgres, &gone);
        assert_eq!(
            text,
            "DELETE FROM \"changes\" WHERE \"changes\".\"created_at\" < ({now}) - $1 \
             AND \"changes\".\"payload\" = 'waiting'"
        );
        assert_eq!(values, [5.into()]);
    }

    async fn db_with(table: &str) -> Db {
        let db = Db::in_memory().await;
        db.run(table, vec![]).await.expect("a table");
        db
    }

    #[tokio::test]
    async fn a_change_answers_its_rows_and_can_be_collected() {
        let db = db_with("CREATE TABLE event_sequences (event_id BLOB, last_seq INTEGER)").await;
        let row = event_sequences::Model { event_id: EVENT, last_seq: 1 };
        insert(&db, row).await.expect("a row");
        let columns = [event_sequences::Column::EventId, event_sequences::Column::LastSeq];
        let rows: Vec<event_sequences::Model> =
            changed(&db, advance(1), &columns).await.expect("the store works");
        assert_eq!(rows, [event_sequences::Model { event_id: EVENT, last_seq: 2 }]);

        let together = Together::of(&db);
        write(&together, advance(5), None).await.expect("it is collected");
        let sent = together.send(&db).await.expect("the store works");
        assert_eq!(sent.rows, [1]);
        assert_eq!(change(&db, advance(1)).await.expect("the store works"), 0, "7 is no 1 or 2");
        let found = event_sequences::Entity::find_by_id(EVENT);
        let found: Option<event_sequences::Model> =
            find(&db, found).await.expect("the store works");
        assert_eq!(found.map(|row| row.last_seq), Some(7));
    }

    #[tokio::test]
    async fn the_oldest_rows_are_forgotten_and_young_ones_stay() {
        let table =
            "CREATE TABLE changes (event_id BLOB, seq INTEGER, payload TEXT, created_at INTEGER)";
        let db = db_with(table).await;
        let now = db.now().await.expect("the clock");
        for (seq, created_at) in [(1, now - 90_000), (2, now - 99_000), (3, now - 95_000), (4, now)]
        {
            let row = changes::Model { event_id: EVENT, seq, payload: String::new(), created_at };
            insert(&db, row).await.expect("a row");
        }
        let oldest = || changes::Entity::find().filter(changes::Column::Seq.ne(3));
        let at = changes::Column::CreatedAt;
        let left = async |most| {
            let forgotten = forget_some(&db, oldest(), at, 60_000, most).await;
            assert_eq!(forgotten.expect("the store works"), 1);
            let rows = changes::Entity::find().order_by_asc(changes::Column::Seq);
            let rows: Vec<changes::Model> = list(&db, rows).await.expect("the store works");
            rows.iter().map(|row| row.seq).collect::<Vec<_>>()
        };
        assert_eq!(left(1).await, [1, 3, 4]);
        assert_eq!(left(10).await, [3, 4]);
        let all = forget(&db, changes::Entity::find(), at, 60_000).await;
        assert_eq!(all.expect("the store works"), 1);
    }

    #[tokio::test]
    async fn rounds_go_on_until_one_finds_less() {
        let forgotten = async |rounds: &[u64]| {
            let mut left = rounds.iter().copied();
            let all = in_rounds(10, || std::future::ready(Ok(left.next().unwrap_or(0)))).await;
            (all.expect("no round fails"), left.count())
        };
        assert_eq!(forgotten(&[10, 10, 3, 10]).await, (23, 1));
        assert_eq!(forgotten(&[0, 10]).await, (0, 1));
        assert_eq!(forgotten(&[10; MAX_ROUNDS + 5]).await, (10 * MAX_ROUNDS as u64, 5));
    }
}
