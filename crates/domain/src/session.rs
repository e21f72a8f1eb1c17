//! A user's session on one device, and which of its refresh tokens counts.
//!
//! A refresh token is used once: a use replaces it by the next one. The tokens of a session are numbered, and the session
//! knows the number of the present one. A token that was replaced long ago and comes back is a copy that somebody has
//! stolen, so the session ends (RFC 9700, "Best Current Practice for OAuth 2.0 Security", 4.14.2).

/// How long after a replacement both the replaced token and its successor get the successor, in milliseconds. An answer may
/// be lost, and tabs may ask at the same moment. The successor is not replaced in this time either, so a request that left
/// before the replacement, and arrives within this time after it, is never taken for a copy.
pub const GRACE_MS: i64 = 10_000;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// How long a session lasts without being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionLength {
    /// Until the browser is closed, and at most 12 hours.
    Browser,
    /// 30 days, for a user who wants to be remembered.
    Remembered,
}

words! { SessionLength {
    Browser = "browser",
    Remembered = "remembered",
} }

impl SessionLength {
    /// The time without a use after which the session is over, in milliseconds.
    pub const fn idle_ms(self) -> i64 {
        match self {
            Self::Browser => 12 * HOUR_MS,
            Self::Remembered => 30 * 24 * HOUR_MS,
        }
    }
}

/// The progress of a session. Times are in milliseconds since 1970, by the database's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionProgress {
    /// The number of the present token. The first token has the number 1.
    pub number: i32,
    /// When the present token replaced the one before it.
    pub replaced_at: i64,
    /// When the session is over if it is not used.
    pub expires_at: i64,
    /// Whether the session was ended: by its user, by a new password, or because a token came back.
    pub is_ended: bool,
}

/// What a genuine token of a session means at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenMeaning {
    /// The present token: the next one replaces it.
    Present,
    /// The present token or the one before it, a moment after the replacement: the answer is the present token once more.
    InGrace,
    /// The token was replaced before: somebody has a copy, and the session ends.
    Replayed,
    /// The session is over.
    Over,
}

impl SessionProgress {
    /// Judges the token with this number at `now` (milliseconds since 1970).
    pub fn meaning_of(&self, number: i32, now: i64) -> TokenMeaning {
        if self.is_ended || self.expires_at <= now {
            return TokenMeaning::Over;
        }
        let was_replaced = self.number > 1;
        let is_in_grace = was_replaced && now - self.replaced_at <= GRACE_MS;
        match self.number - number {
            0 | 1 if is_in_grace => TokenMeaning::InGrace,
            0 => TokenMeaning::Present,
            1.. => TokenMeaning::Replayed,
            // A token of a future that a restored backup does not know.
            _ => TokenMeaning::Over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_has_one_meaning() {
        let session =
            SessionProgress { number: 5, replaced_at: 1_000, expires_at: 90_000, is_ended: false };
        for (number, now, expected) in [
            (5, 1_000, TokenMeaning::InGrace),
            (5, 1_000 + GRACE_MS, TokenMeaning::InGrace),
            (5, 1_001 + GRACE_MS, TokenMeaning::Present),
            (5, 89_999, TokenMeaning::Present),
            (5, 90_000, TokenMeaning::Over),
            (4, 1_000 + GRACE_MS, TokenMeaning::InGrace),
            (4, 1_001 + GRACE_MS, TokenMeaning::Replayed),
            (3, 1_000, TokenMeaning::Replayed),
            (1, 90_000, TokenMeaning::Over),
            (6, 1_000, TokenMeaning::Over),
        ] {
            assert_eq!(session.meaning_of(number, now), expected, "{number} at {now}");
        }
        let first = SessionProgress { number: 1, ..session };
        assert_eq!(first.meaning_of(1, 1_000), TokenMeaning::Present);
        let ended = SessionProgress { is_ended: true, ..session };
        for number in 1..=6 {
            assert_eq!(ended.meaning_of(number, 1_000), TokenMeaning::Over);
        }
    }
}
