//! The secrets that sign tokens, as settings, and whether such a secret can be guessed.

use std::collections::HashSet;

use zxcvbn::matching::patterns::MatchPattern;

use crate::kernel::settings::{Secret, Setting, Value, Wrong};

/// The minimum length, in bytes.
const MIN_BYTES: usize = 32;
/// The minimum entropy of a secret, as estimated. The estimate is low for short texts: 64 random hexadecimal digits, which have
/// 256 bits, are estimated at 170 to 250 bits, and 32 of them, which have 128, at 65 to 120.
const MIN_BITS: f64 = 128.0;
/// The entropy of one character of a word or a pattern: about that of a letter in English text (Shannon, "Prediction and
/// Entropy of Printed English", 1951).
const BITS_OF_PATTERNS: f64 = 1.5;
/// zxcvbn sees a secret in pieces of so many characters, because it needs long for long texts and counts no further than
/// 64 bits.
const PIECE: usize = 16;
/// The number of characters that are estimated; the rest adds nothing.
const SCORED_CHARS: usize = 128;

/// A secret that signs tokens.
#[derive(Debug, Clone)]
pub struct SigningSecret(Secret);

impl SigningSecret {
    /// `None` when the text is too short.
    pub fn new(text: &str) -> Option<Self> {
        (text.len() >= MIN_BYTES).then(|| Self(Secret::new(text)))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether the secret is estimated at fewer than 128 bits: it repeats itself, has few different characters, or
    /// consists of words and patterns.
    pub fn is_guessable(&self) -> bool {
        estimated_bits(period(self.expose())) < MIN_BITS
    }
}

impl Value for SigningSecret {
    const FORM: &'static str = "at least 32 characters";
    const IS_SECRET: bool = true;

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        Self::new(text).ok_or_else(|| "must have at least 32 characters".into())
    }
}

/// The shortest beginning of a text whose repetition is the text.
fn period(text: &str) -> &str {
    let bytes = text.as_bytes();
    let repeats = |length: &usize| bytes[*length..] == bytes[..bytes.len() - length];
    let length = (1..bytes.len()).filter(|length| text.is_char_boundary(*length)).find(repeats);
    length.map_or(text, |length| &text[..length])
}

fn estimated_bits(text: &str) -> f64 {
    let characters: Vec<char> = text.chars().take(SCORED_CHARS).collect();
    let distinct: HashSet<&char> = characters.iter().collect();
    let bits_of_chance = f64::from(u16::try_from(distinct.len()).unwrap_or(u16::MAX)).log2();
    let pieces = characters.chunks(PIECE).map(String::from_iter);
    pieces.map(|piece: String| bits_of_piece(&piece, bits_of_chance)).sum()
}

fn bits_of_piece(piece: &str, bits_of_chance: f64) -> f64 {
    let found = zxcvbn::zxcvbn(piece, &[]);
    let bits = found.sequence().iter().map(|part| {
        let length: f64 = part.token.chars().map(|_| 1.0).sum();
        match part.pattern {
            MatchPattern::BruteForce => length * bits_of_chance,
            MatchPattern::Dictionary(_)
            | MatchPattern::Spatial(_)
            | MatchPattern::Repeat(_)
            | MatchPattern::Sequence(_)
            | MatchPattern::Regex(_)
            | MatchPattern::Date(_) => length * bits_of_chance.min(BITS_OF_PATTERNS),
        }
    });
    bits.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_types_is_told_from_what_a_machine_draws() {
        for drawn in [
            // openssl rand -hex 32, openssl rand -base64 48, Python's token_urlsafe(48).
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "3q2+7wW8fKxu0iXz0Z4oQn5sT1mYV7rLhJbcD9EaGtUpKfRyNvHxAeMlBwSgIzPd",
            "Zy3pW0uX-kTq7sJ_2vNcB8rLhE5dGmA1oFiYwKzRnVtQxUeSbPjDgHfMlCa4I9O6",
        ] {
            assert!(!SigningSecret::new(drawn).expect("long").is_guessable(), "{drawn}");
        }
        for typed in [
            "ssssssssssssssssssssssssssssssss",
            "abababababababababababababababababababababababab",
            "changemechangemechangemechangeme",
            "0123456789abcdef0123456789abcdef0123456789abcdef",
            "please-change-this-secret-before-production-use",
            "correct horse battery staple correct horse",
            "ThisIsTheSecretOfOurTicketShop!2026!",
            "a secret for tests, of enough bytes",
            "x7Gh!supersecretsupersecretpassword",
            "x7Gh!u2Kq0z8Wc4Rx7Gh!u2Kq0z8Wc4Rx7Gh!u2Kq0z8Wc4R",
            "qwertyuiopasdfghjklzxcvbnm1234567890",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        ] {
            assert!(SigningSecret::new(typed).expect("long").is_guessable(), "{typed}");
        }
    }
}
