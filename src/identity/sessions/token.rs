//! The text of a refresh token: the session, the token's number, and a MAC over both. Nothing of a token is stored, not
//! even a hash: the session knows the number, and the keys are not in the database.

use holdfast_domain::ids::SessionId;
use uuid::Uuid;

use crate::kernel::{
    hex::hex,
    keys::{KeyRing, MacPurpose},
};

const PREFIX: &str = "hr1";
const MAC_BYTES: usize = 32;

/// A genuine refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RefreshToken {
    pub(super) session: SessionId,
    /// The place of the token among the tokens of the session, from 1.
    pub(super) number: i32,
}

impl RefreshToken {
    fn message(self) -> Vec<u8> {
        [self.session.0.as_bytes().as_slice(), &self.number.to_be_bytes()].concat()
    }

    /// The text for the cookie.
    pub(super) fn text(self, keys: &KeyRing) -> String {
        let mac = keys.mac(MacPurpose::RefreshToken, &self.message());
        format!("{PREFIX}.{}.{}.{}", self.session.0.simple(), self.number, hex(&mac))
    }

    /// Reads a text. `None` if we have not made it.
    pub(super) fn read(text: &str, keys: &KeyRing) -> Option<Self> {
        let mut parts = text.split('.');
        let (prefix, session, number, mac) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if prefix != PREFIX || parts.next().is_some() {
            return None;
        }
        let token = Self {
            session: SessionId(Uuid::try_parse(session).ok()?),
            number: number.parse().ok()?,
        };
        let is_ours = keys.has_made(&bytes(mac)?, MacPurpose::RefreshToken, &token.message());
        // Each token has one text.
        (is_ours && number == token.number.to_string()).then_some(token)
    }
}

fn bytes(digits: &str) -> Option<[u8; MAC_BYTES]> {
    let mut bytes = [0; MAC_BYTES];
    let is_hex = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    if digits.len() != 2 * MAC_BYTES || !is_hex {
        return None;
    }
    for (byte, place) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&digits[place..place + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_tokens_are_read() {
        let (ours, next, others) =
            (KeyRing::of_names(&["a"]), KeyRing::of_names(&["b", "a"]), KeyRing::of_names(&["b"]));
        let token = RefreshToken { session: SessionId(Uuid::from_u128(7)), number: 12 };
        let text = token.text(&ours);
        assert_eq!(RefreshToken::read(&text, &ours), Some(token));
        assert_eq!(RefreshToken::read(&text, &next), Some(token), "while the old key is named");
        assert_eq!(RefreshToken::read(&text, &others), None);
        let wrong = [
            text.replace(".12.", ".13."),
            text.replace(".12.", ".012."),
            text.replace(".12.", ".+12."),
            text.replace("hr1", "hr2"),
            text.to_uppercase(),
            format!("{text}.x"),
            text[..text.len() - 1].to_owned(),
            text.replace(
                &Uuid::from_u128(7).simple().to_string(),
                &Uuid::nil().simple().to_string(),
            ),
            String::new(),
            "...".to_owned(),
            format!("hr1.{}.12.{}", Uuid::nil(), "é".repeat(32)),
        ];
        for wrong in wrong {
            assert_eq!(RefreshToken::read(&wrong, &ours), None, "{wrong}");
        }
    }
}
