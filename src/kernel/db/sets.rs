//! Sets of values and of rows as one parameter, so that a statement has one text for any number of values or rows.
//!
//! A set of values is an array on PostgreSQL and JSON on SQLite. A set of rows is JSON on both, because an array of
//! sea-query holds no NULL.

use sea_orm::{
    ColumnTrait, Value,
    sea_query::{
        ArrayType, Expr, ExprTrait, Query, SimpleExpr, ValueType, extension::postgres::PgFunc,
        sea_value_to_json_value,
    },
};
use serde::Serialize;

use super::{Bug, Dialect, StoreError, Writes};

/// A set as one value, for [`is_among`] and for `{among_ids $1}` or `{among $1}` in a statement's text.
pub fn set<V>(dialect: Dialect, set: impl IntoIterator<Item = V>) -> Value
where
    V: Into<Value> + ValueType,
{
    let set: Vec<Value> = set.into_iter().map(Into::into).collect();
    match dialect {
        Dialect::Postgres => Value::Array(V::array_type(), Some(Box::new(set))),
        Dialect::Sqlite => {
            let set: Vec<serde_json::Value> = set.iter().map(sea_value_to_json_value).collect();
            serde_json::Value::Array(set).to_string().into()
        }
    }
}

/// The condition that the column equals one of these values. The statement's text does not depend on the number of
/// values.
pub fn is_among<V>(
    sql: &impl Writes,
    column: impl ColumnTrait,
    among: impl IntoIterator<Item = V>,
) -> SimpleExpr
where
    V: Into<Value> + ValueType,
{
    let dialect = sql.dialect();
    let among = set(dialect, among);
    let column = Expr::col(column.as_column_ref());
    match dialect {
        Dialect::Postgres => column.eq(PgFunc::any(Expr::cust_with_values(hidden("$1"), [among]))),
        Dialect::Sqlite => {
            let value =
                if V::array_type() == ArrayType::Uuid { "unhex(value, '-')" } else { "value" };
            let rows = Expr::cust_with_values(format!("{value} FROM json_each(?)"), [among]);
            column.in_subquery(Query::select().expr(rows).take())
        }
    }
}

/// The array `parameter` for the `ANY` of PostgreSQL. The number of its elements is hidden from the planner: a plan for
/// one element looks so much cheaper than one for any number that PostgreSQL would plan the statement anew each time,
/// which takes longer than executing it (chapter "PREPARE" of its manual).
pub(super) fn hidden(parameter: &str) -> String {
    format!("COALESCE((SELECT {parameter}))")
}

/// A set of rows as one value, for `{rows $1 (…)}` in a statement's text. The fields of a row have the names of the
/// columns in that list.
///
/// # Errors
/// When a row cannot be written as JSON.
pub fn rows<R: Serialize>(rows: impl IntoIterator<Item = R>) -> Result<Value, StoreError> {
    let rows: Vec<R> = rows.into_iter().collect();
    Ok(serde_json::to_string(&rows).map_err(|error| Bug::new(error.to_string()))?.into())
}

/// The table of the rows in `parameter`, with columns such as `seat_id int, buyer_id uuid`. It has the name `rows`.
pub(super) fn table(dialect: Dialect, parameter: &str, columns: &str) -> String {
    match dialect {
        Dialect::Postgres => format!("json_to_recordset({parameter}::json) AS rows ({columns})"),
        Dialect::Sqlite => {
            let column = |column: &str| match column.trim().split_once(' ') {
                Some((name, "uuid")) => format!("unhex(value ->> '{name}', '-') AS {name}"),
                Some((name, _)) => format!("value ->> '{name}' AS {name}"),
                None => panic!("the column {column} has no type"),
            };
            let columns: Vec<String> = columns.split(',').map(column).collect();
            format!("(SELECT {} FROM json_each({parameter})) AS rows", columns.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_a_table_of_either_store() {
        let columns = "seat_id int, buyer_id uuid";
        assert_eq!(
            table(Dialect::Postgres, "$4", columns),
            "json_to_recordset($4::json) AS rows (seat_id int, buyer_id uuid)"
        );
        assert_eq!(
            table(Dialect::Sqlite, "$4", columns),
            "(SELECT value ->> 'seat_id' AS seat_id, unhex(value ->> 'buyer_id', '-') AS buyer_id \
             FROM json_each($4)) AS rows"
        );
    }
}
