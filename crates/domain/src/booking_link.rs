//! Signed links to bookings: what a link allows, how long it is valid, and the codes that let its holder do more.

use crate::link::{HOUR_MS, MAX_MAILS, MAX_TRIES, PAUSE_MS};

/// What the holder of a link may do with the booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkScope {
    /// Read the booking. Mails contain such links, and they may be passed on.
    Read,
    /// Act as the buyer. Whoever has the code of a fresh mail gets such a link, for a short time.
    Act,
}

words! { LinkScope { Read = "read", Act = "act" } }

const DAY_MS: i64 = 24 * HOUR_MS;

/// How long a link with [`LinkScope::Act`] is valid, in milliseconds.
pub const ACT_LASTS_MS: i64 = 15 * 60 * 1000;

/// How long the code of a mail is valid, in milliseconds.
pub const CODE_LASTS_MS: i64 = 15 * 60 * 1000;

/// How long after the end of its last event a booking is shown by a link, in milliseconds: buyers need it for complaints and
/// refunds.
const AFTER_EVENT_MS: i64 = 30 * DAY_MS;

/// How long a new link with [`LinkScope::Read`] is valid at least, in milliseconds.
const READ_LASTS_MS: i64 = 7 * DAY_MS;

/// The time at which a link with [`LinkScope::Read`] ends that is made at `now_ms` for a booking of events that end at
/// `ends_ms`. All times are in milliseconds since 1970.
pub fn read_until_ms(ends_ms: impl IntoIterator<Item = i64>, now_ms: i64) -> i64 {
    let last = ends_ms.into_iter().max().unwrap_or(now_ms);
    (last + AFTER_EVENT_MS).max(now_ms + READ_LASTS_MS)
}

/// The mails and tries of one booking. They are counted by the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CodeCount {
    /// The beginning of the hour, in milliseconds since 1970.
    pub hour_ms: i64,
    /// The number of mails with a code in this hour.
    pub mails: i32,
    /// The number of tries in this hour, over all codes.
    pub tries: i32,
}

impl CodeCount {
    /// The count at this time: it begins anew with each hour.
    #[must_use]
    pub fn at(self, now_ms: i64) -> Self {
        let hour_ms = now_ms - now_ms.rem_euclid(HOUR_MS);
        if hour_ms == self.hour_ms { self } else { Self { hour_ms, mails: 0, tries: 0 } }
    }

    /// Whether one more mail may be sent, if the last one was sent at `sent_ms`.
    pub fn may_mail(self, sent_ms: i64, now_ms: i64) -> bool {
        self.mails < MAX_MAILS && now_ms >= sent_ms + PAUSE_MS
    }

    /// Whether one more code may be tried.
    pub fn may_try(self) -> bool {
        self.tries < MAX_TRIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_valid_for_a_month_after_the_last_event_and_for_a_week_at_least() {
        let day = |days: i64| days * DAY_MS;
        assert_eq!(read_until_ms([day(10), day(20)], day(1)), day(50));
        assert_eq!(read_until_ms([day(10)], day(39)), day(46));
        assert_eq!(read_until_ms([], 0), day(30));
    }

    #[test]
    fn mails_and_tries_are_counted_by_the_hour() {
        let count = CodeCount { hour_ms: HOUR_MS, mails: MAX_MAILS, tries: MAX_TRIES };
        let at = |now_ms| count.at(now_ms);
        assert_eq!(at(2 * HOUR_MS - 1), count);
        assert!(!at(2 * HOUR_MS - 1).may_mail(0, 2 * HOUR_MS - 1) && !count.may_try());
        let next = at(2 * HOUR_MS + 5);
        assert_eq!(next, CodeCount { hour_ms: 2 * HOUR_MS, mails: 0, tries: 0 });
        assert!(next.may_try() && next.may_mail(2 * HOUR_MS + 5 - PAUSE_MS, 2 * HOUR_MS + 5));
        assert!(!next.may_mail(2 * HOUR_MS + 6 - PAUSE_MS, 2 * HOUR_MS + 5), "too soon");
    }
}
