//! The fields `RateLimit-Policy` and `RateLimit` of a response (draft-ietf-httpapi-ratelimit-headers-10): which limits
//! counted the request, and how much of each is left.

use holdfast_domain::rate::Level;
use poem::http::{HeaderMap, HeaderName, HeaderValue};

use crate::kernel::ports::limiter::Count;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEVEL: HeaderName = HeaderName::from_static("ratelimit");

/// The whole seconds that are not less than this time.
pub fn whole_secs(time: std::time::Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Adds the fields for these counts, each with its level.
pub fn add(headers: &mut HeaderMap, counts: &[(Count, Level)]) {
    let policy = |(Count { name, quota, .. }, _): &(Count, Level)| {
        format!("\"{name}\";q={};w={}", quota.units, whole_secs(quota.window))
    };
    let level = |(Count { name, .. }, level): &(Count, Level)| {
        format!("\"{name}\";r={};t={}", level.remaining, whole_secs(level.more_after))
    };
    set(headers, POLICY, counts.iter().map(policy).collect());
    set(headers, LEVEL, counts.iter().map(level).collect());
}

/// Sets a field to a list (RFC 9651, 3.1).
fn set(headers: &mut HeaderMap, name: HeaderName, members: Vec<String>) {
    if let Ok(value) = HeaderValue::try_from(members.join(", ")) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use holdfast_domain::rate::Quota;

    use super::*;

    #[test]
    fn each_limit_has_its_policy_and_its_level() {
        let count = |name, units| {
            let units = NonZeroU32::new(units).expect("positive");
            Count { name, quota: Quota::per_minute(units), cost: 1 }
        };
        let level = |remaining, ms| Level { remaining, more_after: Duration::from_millis(ms) };
        let mut headers = HeaderMap::new();
        add(
            &mut headers,
            &[(count("requests", 100), level(99, 600)), (count("proofs", 20), level(0, 3_000))],
        );
        assert_eq!(headers["RateLimit-Policy"], r#""requests";q=100;w=60, "proofs";q=20;w=60"#);
        assert_eq!(headers["RateLimit"], r#""requests";r=99;t=1, "proofs";r=0;t=3"#);
    }
}
