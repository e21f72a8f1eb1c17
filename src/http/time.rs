//! Times on the wire: RFC 3339 in UTC.

use chrono::{DateTime, SecondsFormat, Utc};

use super::problem::ApiProblem;

/// Milliseconds since 1970 as RFC 3339.
pub fn rfc3339(ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(ms)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// RFC 3339 as milliseconds since 1970.
///
/// # Errors
/// A problem that names the field.
pub fn parse(field: &str, text: &str) -> Result<i64, ApiProblem> {
    DateTime::parse_from_rfc3339(text).map(|time| time.timestamp_millis()).map_err(|_| {
        ApiProblem::field(field, "must be a time such as 2026-11-21T19:30:00Z (RFC 3339)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_the_wire() {
        let ms = 1_795_000_000_123;
        assert_eq!(rfc3339(ms), "2026-11-18T11:06:40.123Z");
        assert_eq!(parse("at", &rfc3339(ms)).ok(), Some(ms));
        assert!(parse("at", "tomorrow").is_err());
    }
}
