//! Percentiles of measured times.

use std::time::Duration;

use serde::Serialize;

/// Percentiles of some times, in milliseconds. All are 0 without a time.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize)]
pub struct Times {
    pub count: usize,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

impl Times {
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |share: f64| {
            let last = times.len().saturating_sub(1);
            let place = ((times.len() as f64 * share) as usize).min(last);
            times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
        };
        Self { count: times.len(), p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times = (1..=200).rev().map(Duration::from_millis).collect();
        let times = Times::of(times);
        assert_eq!(
            (times.count, times.p50_ms, times.p99_ms, times.max_ms),
            (200, 101.0, 199.0, 200.0)
        );
        assert_eq!(Times::of(Vec::new()), Times::default());
    }
}
