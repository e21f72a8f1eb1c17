//! Times on the wire: RFC 3339 there, milliseconds since 1970 here.

use chrono::{DateTime, SecondsFormat};

/// The times that are taken: the years 2000 to 2199.
const RANGE_MS: std::ops::Range<i64> = 946_684_800_000..7_258_118_400_000;

/// Not a time that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a time such as 2026-11-21T19:30:00Z (RFC 3339)")]
pub struct NotATime;

/// Reads a time.
///
/// # Errors
/// When it is no RFC 3339, or of another age.
pub fn parse(text: &str) -> Result<i64, NotATime> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| NotATime)?;
    let ms = time.timestamp_millis();
    if RANGE_MS.contains(&ms) { Ok(ms) } else { Err(NotATime) }
}

/// Writes a time in UTC.
pub fn format(ms: i64) -> String {
    let time = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_in_utc() {
        assert_eq!(
            parse("2026-11-21T20:30:00+01:00").map(format),
            Ok("2026-11-21T19:30:00Z".into())
        );
        assert_eq!(
            parse("2026-11-21T19:30:00.5Z").map(format),
            Ok("2026-11-21T19:30:00.500Z".into())
        );
        for wrong in ["", "2026-11-21", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "now"] {
            assert_eq!(parse(wrong), Err(NotATime), "{wrong}");
        }
    }
}
