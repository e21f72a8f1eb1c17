//! Texts that people type: trimmed, limited in length, in one Unicode form (NFC), without control characters and
//! without characters that nobody sees. This module never handles passwords.

use std::{borrow::Cow, fmt};

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

mod folded;
pub mod letters;

pub use self::folded::{FOLDING, folded};

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// The text is empty after trimming.
    #[error("must not be empty")]
    Empty,
    /// The text has more than this number of characters.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// The text contains a control character. Line feeds are allowed only in [`paragraphs`].
    #[error("must not contain control characters")]
    Control,
    /// The text contains a character that nobody sees or that turns the direction of the text.
    #[error(
        "must not contain invisible characters or characters that change the direction of the text"
    )]
    Hidden,
    /// The text does not have the form of a slug.
    #[error("must be 1 to 80 of a-z, 0-9 and single hyphens between them")]
    NotASlug,
}

/// Reads one line of text, such as a name or a title.
///
/// # Errors
/// If the text is empty or shows nothing, has more than `max` characters, or contains control characters or hidden
/// characters ([`letters::is_hidden`]).
pub fn line(input: &str, max: usize) -> Result<String, TextFault> {
    let text = input.trim();
    if text.chars().any(char::is_control) {
        return Err(TextFault::Control);
    }
    if text.chars().all(letters::shows_nothing) {
        return Err(TextFault::Empty);
    }
    if text.chars().any(letters::is_hidden) {
        return Err(TextFault::Hidden);
    }
    bounded(text, max)
}

/// Reads several lines of text, such as a description. The text may be empty.
///
/// # Errors
/// If the text has more than `max` characters or contains hidden characters or control characters other than line feeds.
/// The marks of direction U+200E and U+200F are allowed.
pub fn paragraphs(input: &str, max: usize) -> Result<String, TextFault> {
    let text = input.replace("\r\n", "\n");
    let text = text.trim();
    if text.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Err(TextFault::Control);
    }
    let is_mark = |letter: char| matches!(letter, '\u{200e}' | '\u{200f}');
    if text.chars().any(|letter| letters::is_hidden(letter) && !is_mark(letter)) {
        return Err(TextFault::Hidden);
    }
    bounded(text, max)
}

/// Reads a slug, the name of an event in URLs.
///
/// # Errors
/// If the text is not 1 to 80 characters of `a-z`, `0-9` and single hyphens between them, or could
/// be mistaken for a UUID.
pub fn slug(input: &str) -> Result<String, TextFault> {
    let sound = (1..=80).contains(&input.len())
        && input.split('-').all(|part| {
            !part.is_empty()
                && part.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        })
        && uuid::Uuid::try_parse(input).is_err();
    if sound { Ok(input.to_owned()) } else { Err(TextFault::NotASlug) }
}

fn bounded(text: &str, max: usize) -> Result<String, TextFault> {
    let text = nfc(text);
    if text.chars().count() > max { Err(TextFault::TooLong(max)) } else { Ok(text) }
}

/// The text in the Unicode form NFC, so that one name has one spelling.
pub fn nfc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

/// The text in the Unicode form NFKC, in which letters that look different on keyboards alone are one.
pub fn nfkc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned()
}

/// The text in Unicode's decomposed form, NFD.
pub fn nfd(text: &str) -> String {
    DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned()
}

/// The text as people see it: without invisible characters, and with single spaces only between words. Two texts that
/// look the same on a ticket are the same here. The result only compares; it is not stored.
pub fn as_seen(text: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter.is_ascii_graphic();
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let seen: String = text.chars().filter(|letter| !letters::is_invisible(*letter)).collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    Cow::Owned(nfc(&words.join(" ")))
}

/// A number with its noun: `1 seat`, `2 seats`.
pub fn counted<N: Copy + PartialEq + From<u8> + fmt::Display>(
    number: N,
    one: &str,
    many: &str,
) -> String {
    let noun = if number == N::from(1) { one } else { many };
    format!("{number} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_the_same_are_the_same() {
        for same in ["1 A", " 1 A", "1  A", "1\u{a0}A ", "1 \u{200d}A", "1 A\u{fe0f}"] {
            assert_eq!(as_seen(same), "1 A", "{same:?}");
        }
        assert_eq!(as_seen("e\u{301}"), as_seen("\u{e9}"));
        assert_ne!(as_seen("1A"), as_seen("1 A"));
    }

    #[test]
    fn lines_are_trimmed_and_bounded() {
        assert_eq!(line("  Anna ", 10), Ok("Anna".into()));
        assert_eq!(line("   ", 10), Err(TextFault::Empty));
        assert_eq!(line("a\u{0}b", 10), Err(TextFault::Control));
        assert_eq!(line("éééé", 3), Err(TextFault::TooLong(3)));
        assert_eq!(paragraphs("a\r\nb", 10), Ok("a\nb".into()));
        assert_eq!(paragraphs("", 10), Ok(String::new()));
    }

    #[test]
    fn what_nobody_sees_is_no_text() {
        for nothing in
            ["\u{200b}", "\u{3164}", " \u{2800} ", "\u{115f}\u{1160}", "\u{feff}", "\u{200d}"]
        {
            assert_eq!(line(nothing, 10), Err(TextFault::Empty), "{nothing:?}");
        }
        for hidden in
            ["a\u{202e}b", "a\u{200b}", "a\u{2066}b", "a\u{ad}b", "a\u{200f}b", "A\u{3164}"]
        {
            assert_eq!(line(hidden, 10), Err(TextFault::Hidden), "{hidden:?}");
        }
        assert_eq!(paragraphs("a\u{202e}b", 10), Err(TextFault::Hidden));
        // Persian and Hindi words and some pictures need the joiners; texts of both directions need the marks.
        for seen in ["می\u{200c}خواهم", "क\u{94d}\u{200d}ष", "👩\u{200d}🚀", "❤\u{fe0f}"]
        {
            assert_eq!(line(seen, 10), Ok(seen.to_owned()));
        }
        assert!(paragraphs("עברית\u{200f}!", 20).is_ok());
    }

    #[test]
    fn one_name_has_one_spelling() {
        assert_eq!(line("Cafe\u{301}", 4), Ok("Caf\u{e9}".to_owned()));
        assert_eq!(paragraphs("Cafe\u{301}", 4), Ok("Caf\u{e9}".to_owned()));
    }

    #[test]
    fn one_thing_is_one_thing() {
        let texts = [0, 1, 2].map(|number: i64| counted(number, "seat", "seats"));
        assert_eq!(texts, ["0 seats", "1 seat", "2 seats"]);
    }

    #[test]
    fn slugs_are_plain_and_never_ids() {
        assert!(slug("erfurt-handball").is_ok());
        for wrong in
            ["", "-abc", "abc-", "a--b", "Abc", "é-été", "0192b3c4-0000-7000-8000-000000000000"]
        {
            assert_eq!(slug(wrong), Err(TextFault::NotASlug), "{wrong}");
        }
    }
}
