//! The limits of a checkout. Every wait and every repetition has one.

/// How long the buyer and the gateway may take until the payment is authorized, in milliseconds.
pub const PAYMENT_DEADLINE_MS: i64 = 15 * 60 * 1000;

/// How often a step may fail in a row. With the backoff below, that takes about an hour.
pub const MAX_FAILURES: u32 = 20;

/// The wait after the first failure, in milliseconds. Each further failure doubles it.
pub const BACKOFF_FIRST_MS: i64 = 500;

/// The longest wait after a failure, in milliseconds.
pub const BACKOFF_MAX_MS: i64 = 5 * 60 * 1000;

/// The wait before the first question about a payment that waits for the buyer or the gateway, in
/// milliseconds. Each further question doubles it. A webhook or the buyer's return wakes the
/// checkout earlier.
pub const ASK_FIRST_MS: i64 = 2 * 1000;

/// The longest wait between two questions, in milliseconds.
pub const ASK_MAX_MS: i64 = 30 * 1000;

/// How long a key may be used, in milliseconds. Stripe removes keys after 24 hours at the earliest
/// (<https://docs.stripe.com/api/idempotent_requests>) and would then repeat the effect.
pub const KEY_LIFE_MS: i64 = 20 * 60 * 60 * 1000;

/// The wait after this number of failures in a row, in milliseconds.
pub(super) fn backoff_ms(failures: u32) -> i64 {
    doubled(BACKOFF_FIRST_MS, failures.saturating_sub(1), BACKOFF_MAX_MS)
}

/// The wait before the next question after this number of questions, in milliseconds.
pub(super) fn ask_again_ms(asks: u32) -> i64 {
    doubled(ASK_FIRST_MS, asks, ASK_MAX_MS)
}

fn doubled(first: i64, times: u32, most: i64) -> i64 {
    // 2^20 times the first wait is far above every maximum and far from an overflow.
    (first << times.min(20)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Documents and runbooks say how long things take. Stripe's documentation says how long it
    /// remembers keys.
    #[test]
    fn the_bounds_are_those_that_are_written_elsewhere() {
        const SECOND: i64 = 1000;
        assert_eq!(PAYMENT_DEADLINE_MS, 900 * SECOND);
        assert_eq!((BACKOFF_FIRST_MS, BACKOFF_MAX_MS), (SECOND / 2, 300 * SECOND));
        assert_eq!((ASK_FIRST_MS, ASK_MAX_MS), (2 * SECOND, 30 * SECOND));
        assert_eq!(KEY_LIFE_MS, 72_000 * SECOND);
    }

    #[test]
    fn waits_double_up_to_their_maximum() {
        assert_eq!(backoff_ms(1), BACKOFF_FIRST_MS);
        assert_eq!(backoff_ms(2), 2 * BACKOFF_FIRST_MS);
        assert_eq!(backoff_ms(MAX_FAILURES), BACKOFF_MAX_MS);
        assert_eq!(backoff_ms(u32::MAX), BACKOFF_MAX_MS);
        assert_eq!(ask_again_ms(0), ASK_FIRST_MS);
        assert_eq!(ask_again_ms(99), ASK_MAX_MS);
    }
}
