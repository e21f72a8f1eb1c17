//! Writes rows of entities without a second column list. The number of rows never changes the text of a statement.
//!
//! PostgreSQL and SQLite take the same text, except for sets of rows. A set of rows travels as one JSON value, so a
//! statement is prepared once for any number of rows. PostgreSQL takes the columns' types from the table. SQLite stores
//! ids as BLOBs, which JSON shows as text.

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, EntityName, EntityTrait, IdenStatic,
    IntoActiveModel, Iterable, ModelTrait, PrimaryKeyToColumn, PrimaryKeyTrait, Value,
    sea_query::{
        Expr, InsertStatement, OnConflict, PostgresQueryBuilder, Query, sea_value_to_json_value,
    },
};

use super::{Bug, Dialect, Sql, StoreError, Writes};

type ActiveOf<M> = <<M as ModelTrait>::Entity as EntityTrait>::ActiveModel;
type KeyOf<M> = <<M as ModelTrait>::Entity as EntityTrait>::PrimaryKey;
type ColumnOf<M> = <<M as ModelTrait>::Entity as EntityTrait>::Column;

/// # Errors
/// When the database refuses the row.
pub async fn insert<M>(sql: &impl Writes, row: M) -> Result<(), StoreError>
where
    M: ModelTrait + IntoActiveModel<ActiveOf<M>>,
{
    insert_at(sql, row, &[]).await
}

/// Inserts the row. Its columns `at` take the database's clock, whatever the row says.
///
/// # Errors
/// When the database refuses the row.
pub async fn insert_at<M>(sql: &impl Writes, row: M, at: &[ColumnOf<M>]) -> Result<(), StoreError>
where
    M: ModelTrait + IntoActiveModel<ActiveOf<M>>,
{
    let (text, values) = single(row, at).build(PostgresQueryBuilder);
    sql.write(&text, values.0, None).await
}

/// Inserts the row, as [`insert_at`] does, unless its `key` exists. Returns whether it was inserted.
///
/// # Errors
/// When the database refuses the row.
pub async fn insert_unless_known<M>(
    sql: &impl Sql,
    row: M,
    at: &[ColumnOf<M>],
    key: &[ColumnOf<M>],
) -> Result<bool, StoreError>
where
    M: ModelTrait + IntoActiveModel<ActiveOf<M>>,
{
    let known = OnConflict::columns(key.iter().copied()).do_nothing().to_owned();
    let (text, values) = single(row, at).on_conflict(known).build(PostgresQueryBuilder);
    Ok(sql.run(&text, values.0).await? == 1)
}

fn single<M>(row: M, at: &[ColumnOf<M>]) -> InsertStatement
where
    M: ModelTrait + IntoActiveModel<ActiveOf<M>>,
{
    let (columns, values): (Vec<_>, Vec<_>) = fields(row)
        .map(|(column, value)| {
            let clock = is_among_columns(column, at);
            (column, if clock { Expr::cust(NOW) } else { Expr::val(value) })
        })
        .unzip();
    Query::insert().into_table(M::Entity::default()).columns(columns).values_panic(values).take()
}

/// The token of the database's clock in a statement's text.
pub(super) const NOW: &str = "{now}";

fn is_among_columns<C: ColumnTrait>(column: C, among: &[C]) -> bool {
    among.iter().any(|other| other.as_str() == column.as_str())
}

/// Inserts the rows, if there are any.
///
/// # Errors
/// When the database refuses a row.
pub async fn insert_all<M>(sql: &impl Writes, rows: Vec<M>) -> Result<(), StoreError>
where
    M: ModelTrait + IntoActiveModel<ActiveOf<M>>,
{
    insert_all_at(sql, rows, &[]).await
}

/// Inserts the rows. Their columns `at` take the database's clock, whatever the rows say.
///
/// # Errors
/// When the database refuses a row.
pub async fn insert_all_at<M>(
    sql: &impl Writes,
    rows: Vec<M>,
    at: &[ColumnOf<M>],
) -> Result<(), StoreError>
where
    M: ModelTrait + IntoActiveModel<ActiveOf<M>>,
{
    let Some((text, rows)) = many(sql.dialect(), rows, at)? else { return Ok(()) };
    sql.write(&text, vec![rows], None).await
}

/// Inserts the rows, if there are any, and leaves out each row whose `key` exists.
///
/// # Errors
/// When the database refuses a row.
pub async fn insert_new<M>(
    sql: &impl Writes,
    rows: Vec<M>,
    key: ColumnOf<M>,
) -> Result<(), StoreError>
where
    M: ModelTrait + IntoActiveModel<ActiveOf<M>>,
{
    let Some((text, rows)) = many(sql.dialect(), rows, &[])? else { return Ok(()) };
    let text = format!("{text} {NO_JOIN} ON CONFLICT (\"{}\") DO NOTHING", key.as_str());
    sql.write(&text, vec![rows], None).await
}

/// Without WHERE, SQLite would read ON as the ON of a join.
const NO_JOIN: &str = "WHERE TRUE";

/// Inserts rows, as [`insert_all_at`] does. Where a key exists, `otherwise` says what happens to the row. Returns the
/// number of rows written.
///
/// # Errors
/// When the database refuses a row.
pub async fn put_all<M>(
    sql: &impl Sql,
    rows: Vec<M>,
    at: &[ColumnOf<M>],
    otherwise: &str,
) -> Result<u64, StoreError>
where
    M: ModelTrait + IntoActiveModel<ActiveOf<M>>,
{
    let Some((text, rows)) = many(sql.dialect(), rows, at)? else { return Ok(0) };
    sql.run(&format!("{text} {NO_JOIN} {otherwise}"), vec![rows]).await
}

/// The statement that inserts the rows, and its only value. `None` without rows.
fn many<M>(
    dialect: Dialect,
    rows: Vec<M>,
    at: &[ColumnOf<M>],
) -> Result<Option<(String, Value)>, StoreError>
where
    M: ModelTrait + IntoActiveModel<ActiveOf<M>>,
{
    let rows: Vec<Vec<_>> = rows.into_iter().map(|row| fields(row).collect()).collect();
    let Some(first) = rows.first() else { return Ok(None) };
    let names: Vec<String> =
        first.iter().map(|(column, _)| format!("\"{}\"", column.as_str())).collect();
    let read = |(column, value): &(ColumnOf<M>, Value)| match (dialect, value) {
        _ if is_among_columns(*column, at) => NOW.to_owned(),
        (Dialect::Postgres, _) => format!("\"{}\"", column.as_str()),
        (Dialect::Sqlite, Value::Uuid(_)) => format!("unhex(value ->> '{}', '-')", column.as_str()),
        (Dialect::Sqlite, _) => format!("value ->> '{}'", column.as_str()),
    };
    let read: Vec<String> = first.iter().map(read).collect();
    let entity = M::Entity::default();
    let table = entity.table_name();
    let from = match dialect {
        Dialect::Postgres => format!("json_populate_recordset(NULL::\"{table}\", $1::json)"),
        Dialect::Sqlite => "json_each($1)".to_owned(),
    };
    let text = format!(
        "INSERT INTO \"{table}\" ({}) SELECT {} FROM {from}",
        names.join(", "),
        read.join(", ")
    );
    let object = |row: Vec<(ColumnOf<M>, Value)>| -> serde_json::Map<String, serde_json::Value> {
        row.iter()
            .map(|(column, value)| (column.as_str().to_owned(), sea_value_to_json_value(value)))
            .collect()
    };
    let rows: Vec<_> = rows.into_iter().map(object).collect();
    let rows = serde_json::to_string(&rows).map_err(|error| Bug::new(error.to_string()))?;
    Ok(Some((text, rows.into())))
}

/// The columns of a row with their values. A key that the store generates is left out.
fn fields<M>(row: M) -> impl Iterator<Item = (ColumnOf<M>, Value)>
where
    M: ModelTrait + IntoActiveModel<ActiveOf<M>>,
{
    let mut row = row.into_active_model();
    ColumnOf::<M>::iter().filter_map(move |column| {
        let by_store = KeyOf::<M>::auto_increment() && KeyOf::<M>::from_column(column).is_some();
        match row.take(column) {
            ActiveValue::Set(_) | ActiveValue::Unchanged(_) if by_store => None,
            ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Some((column, value)),
            ActiveValue::NotSet => None,
        }
    })
}
