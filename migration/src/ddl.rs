//! Table definitions that are written once for PostgreSQL and SQLite.

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait as _, DatabaseBackend, DbErr},
};

/// Replaces the tokens in a definition by the store's own words:
///
/// | token | PostgreSQL | SQLite |
/// | --- | --- | --- |
/// | `{uuid}` | `uuid` | `BLOB` |
/// | `{int}` | `integer` | `INTEGER` |
/// | `{big}` | `bigint` | `INTEGER` |
/// | `{text}` | `text` | `TEXT` |
/// | `{serial}` | an identity column | the row id |
/// | `{hot}` | fillfactor 70, so that updates stay HOT | `STRICT` |
/// | `{end}` | nothing | `STRICT` |
#[expect(clippy::wildcard_enum_match_arm, reason = "SeaORM may add backends")]
pub(crate) fn render(backend: DatabaseBackend, text: &str) -> Result<String, DbErr> {
    let words: [(&str, &str); 7] = match backend {
        DatabaseBackend::Postgres => [
            ("{uuid}", "uuid"),
            ("{int}", "integer"),
            ("{big}", "bigint"),
            ("{text}", "text"),
            ("{serial}", "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
            ("{hot}", "WITH (fillfactor = 70)"),
            ("{end}", ""),
        ],
        DatabaseBackend::Sqlite => [
            ("{uuid}", "BLOB"),
            ("{int}", "INTEGER"),
            ("{big}", "INTEGER"),
            ("{text}", "TEXT"),
            ("{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT"),
            ("{hot}", "STRICT"),
            ("{end}", "STRICT"),
        ],
        other => return Err(DbErr::Custom(format!("{other:?} is not a store of Holdfast"))),
    };
    Ok(words.iter().fold(text.to_owned(), |text, (token, word)| text.replace(token, word)))
}

/// Runs statements that are separated by semicolons, after [`render`] has replaced their tokens.
pub(crate) async fn run(manager: &SchemaManager<'_>, text: &str) -> Result<(), DbErr> {
    for statement in render(manager.get_database_backend(), text)?.split(';') {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
