//! The settings of the database.

use sea_orm::sqlx::postgres::PgConnectOptions;

use super::IN_MEMORY;
use crate::kernel::settings::{Secret, Setting, Value, Wrong, in_development, number, section};

section! {
    /// Database
    pub struct DatabaseSettings {
        /// The database. With SQLite, only one process can run.
        pub url: DatabaseUrl = in_development("DATABASE_URL", "a SQLite file in the data folder"),
        /// PostgreSQL connections of one node.
        pub pool: u32 = number("HOLDFAST_DB_POOL", 1..=1000, 16),
    }
}

/// The address of the database, with the password.
#[derive(Debug, Clone)]
pub struct DatabaseUrl(Secret);

impl DatabaseUrl {
    /// A SQLite database in memory, which vanishes when its only connection closes.
    pub fn in_memory() -> Self {
        Self(Secret::new(IN_MEMORY))
    }

    /// Reads `postgres://…` as the driver reads it, or `sqlite://path`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
        let is_sound = match text.strip_prefix("sqlite://") {
            // `Db::connect` adds the parameters.
            Some(path) => !path.is_empty() && !path.contains('?'),
            // The driver would log a parameter that it does not know, with its value.
            None => {
                is_postgres
                    && has_known_parameters(text)
                    && text.parse::<PgConnectOptions>().is_ok()
            }
        };
        (is_sound || text == IN_MEMORY).then(|| Self(Secret::new(text)))
    }

    /// The whole URL, with the password.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether only one process can use the database.
    pub fn is_sqlite(&self) -> bool {
        self.expose().starts_with("sqlite:")
    }
}

/// The parameters of SQLx's `PgConnectOptions` (its documentation, "Parameters").
const PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

fn has_known_parameters(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    query.split('&').filter(|pair| !pair.is_empty()).all(|pair| {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        PARAMETERS.contains(&name) || name.starts_with("options[")
    })
}

impl Value for DatabaseUrl {
    const FORM: &'static str =
        "postgres://user:password@host:5432/database or sqlite://path/to/file.db";
    const IS_SECRET: bool = true;

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        Self::parse(text).ok_or(Wrong::Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_url_is_read_as_the_driver_reads_it() {
        for (text, is_sound) in [
            ("postgres://user:password@localhost:5432/holdfast", true),
            ("postgresql://localhost/holdfast?sslmode=require", true),
            ("postgres://user@%2Ftmp%2Fsocket/holdfast", true),
            ("sqlite://data/holdfast.db", true),
            ("sqlite:///var/lib/holdfast.db", true),
            ("sqlite::memory:", true),
            ("postgres://localhost:port/holdfast", false),
            ("postgres://localhost/holdfast?sslmode=perhaps", false),
            ("postgres://localhost/holdfast?sslmode=require&sslpassword=a-secret", false),
            ("postgres://localhost/holdfast?application_name=holdfast", true),
            ("postgres:/localhost", false),
            ("mysql://localhost/holdfast", false),
            ("sqlite://", false),
            ("sqlite://holdfast.db?mode=ro", false),
            ("holdfast.db", false),
            ("", false),
        ] {
            assert_eq!(DatabaseUrl::parse(text).is_some(), is_sound, "{text}");
        }
    }
}
