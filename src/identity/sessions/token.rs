//! The text of a refresh token: the session and the token's number, signed. Nothing of a token is stored, not even a
//! hash: the session knows the number, and the keys are not in the database.

use holdfast_domain::ids::SessionId;
use uuid::Uuid;

use crate::kernel::keys::{KeyRing, MacPurpose};

const PREFIX: &str = "hr1";

/// A genuine refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RefreshToken {
    pub(super) session: SessionId,
    /// The place of the token among the tokens of the session, from 1.
    pub(super) number: i32,
}

impl RefreshToken {
    /// The text for the cookie.
    pub(super) fn text(self, keys: &KeyRing) -> String {
        let text = format!("{PREFIX}.{}.{}", self.session.0.simple(), self.number);
        keys.signed(MacPurpose::RefreshToken, &text)
    }

    /// Reads a text. `None` if we have not made it.
    pub(super) fn read(text: &str, keys: &KeyRing) -> Option<Self> {
        let ours = keys.verified(MacPurpose::RefreshToken, text)?;
        let (session, number) = ours.strip_prefix(PREFIX)?.strip_prefix('.')?.split_once('.')?;
        Some(Self {
            session: SessionId(Uuid::try_parse(session).ok()?),
            number: number.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_tokens_are_read() {
        let [ours, next, others] = [&["a"][..], &["b", "a"], &["b"]].map(KeyRing::of_names);
        let token = RefreshToken { session: SessionId(Uuid::from_u128(7)), number: 12 };
        let text = token.text(&ours);
        assert_eq!(RefreshToken::read(&text, &ours), Some(token));
        assert_eq!(RefreshToken::read(&text, &next), Some(token), "while the old key is named");
        assert_eq!(RefreshToken::read(&text, &others), None);
        for wrong in
            [text.replace(".12.", ".13."), format!("{text}.x"), String::new(), "...".to_owned()]
        {
            assert_eq!(RefreshToken::read(&wrong, &ours), None, "{wrong}");
        }
        let other_kind = ours.signed(MacPurpose::RefreshToken, "hr2.7.1");
        assert_eq!(RefreshToken::read(&other_kind, &ours), None);
    }
}
