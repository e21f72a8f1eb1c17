//! The remaining time of a hold as figures, colours and words.

/// How urgent the remaining time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// More than three minutes are left.
    Calm,
    /// Three minutes or less are left.
    Soon,
    /// Less than one minute is left.
    Last,
    /// No time is left: the hold has lapsed.
    Over,
}

impl Urgency {
    /// The phase at this number of remaining seconds.
    pub const fn at(seconds: i64) -> Self {
        match seconds {
            ..=0 => Self::Over,
            1..=59 => Self::Last,
            60..=180 => Self::Soon,
            _ => Self::Calm,
        }
    }

    /// The class name of the phase in the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Soon => "soon",
            Self::Last => "last",
            Self::Over => "over",
        }
    }
}

/// The remaining time in the form `9:07`.
pub fn clock(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// The minutes to announce when the remaining time changes from `before` to `now` (in seconds): 5, 3, 1 or none.
pub fn announcement(before: i64, now: i64) -> Option<i64> {
    [1, 3, 5].into_iter().find(|minutes| now <= minutes * 60 && before > minutes * 60)
}

/// Whole seconds until a deadline, rounded up, so that the last second is shown as 1.
#[allow(clippy::cast_possible_truncation, reason = "a few minutes")]
pub fn seconds_until(deadline_ms: f64, now_ms: f64) -> i64 {
    ((deadline_ms - now_ms) / 1000.0).ceil() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_change_at_three_minutes_and_at_one() {
        for (seconds, phase) in [
            (600, Urgency::Calm),
            (181, Urgency::Calm),
            (180, Urgency::Soon),
            (60, Urgency::Soon),
            (59, Urgency::Last),
            (1, Urgency::Last),
            (0, Urgency::Over),
            (-5, Urgency::Over),
        ] {
            assert_eq!(Urgency::at(seconds), phase, "{seconds} s");
        }
    }

    #[test]
    fn minutes_are_said_once() {
        assert_eq!(announcement(301, 300), Some(5));
        assert_eq!(announcement(300, 299), None);
        assert_eq!(announcement(181, 179), Some(3));
        assert_eq!(announcement(61, 60), Some(1));
        // A tab that slept announces its current time, not a time that has passed.
        assert_eq!(announcement(400, 30), Some(1));
        // An extension is not announced.
        assert_eq!(announcement(30, 600), None);
    }

    #[test]
    fn the_last_second_is_shown() {
        assert_eq!(seconds_until(1000.0, 999.0), 1);
        assert_eq!(seconds_until(1000.0, 1000.0), 0);
        assert_eq!(clock(61), "1:01");
        assert_eq!(clock(-3), "0:00");
    }
}
