//! An event's name in URLs.

use std::fmt;

use deunicode::deunicode_char;

use crate::text::{self, TextFault};

/// The maximum length of a slug, in characters.
const MAX_SLUG: usize = 80;

/// A text that [`text::slug`] accepts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slug(String);

impl Slug {
    /// Checks a text and makes it a slug.
    ///
    /// # Errors
    /// If the text does not have the form of a slug; see [`text::slug`].
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        text::slug(text).map(Self)
    }

    /// Derives a slug from a title: letters of every script become Latin letters without marks, and every other
    /// character becomes `-`. If nothing of the title remains, the slug is `event`.
    pub fn from_title(title: &str) -> Self {
        let mut slug = String::new();
        let latin = text::nfc(title).chars().map(latin).collect::<Vec<_>>().concat();
        for c in latin.chars() {
            if c.is_ascii_alphanumeric() {
                slug.push(c.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        // Leaves room for a number that distinguishes events with the same title.
        slug.truncate(MAX_SLUG - 12);
        let slug = slug.trim_end_matches('-');
        Self::parse(slug).unwrap_or_else(|_| Self("event".to_owned()))
    }

    /// The same slug with a number appended, for another event with the same title.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let tail = format!("-{number}");
        let mut head = self.0.clone();
        head.truncate(MAX_SLUG - tail.len());
        Self(head.trim_end_matches('-').to_owned() + &tail)
    }

    /// The text of the slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The character in Latin letters. The umlauts have two letters, as in German; a character without a name in Latin
/// letters is a space.
fn latin(c: char) -> &'static str {
    match c {
        'ä' => "ae",
        'ö' => "oe",
        'ü' => "ue",
        'Ä' => "Ae",
        'Ö' => "Oe",
        'Ü' => "Ue",
        '\'' | '’' => "",
        c => deunicode_char(c).unwrap_or(" "),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_become_slugs() {
        for (title, slug) in [
            ("Erfurt: Handball!", "erfurt-handball"),
            ("  L'Été à Besançon ", "lete-a-besancon"),
            ("Straße & Größe", "strasse-groesse"),
            ("U2", "u2"),
            ("X", "x"),
            ("東京", "dong-jing"),
            ("Москва", "moskva"),
            ("Ærø & Łódź", "aero-lodz"),
            ("Cafe\u{301}", "cafe"),
            ("…!", "event"),
            ("", "event"),
            ("6a1f4b0c-6f5e-4d0f-9d1e-0e5d2b6f7c11", "event"),
        ] {
            assert_eq!(Slug::from_title(title).as_str(), slug);
        }
        assert_eq!(Slug::from_title("Gala").numbered(2).as_str(), "gala-2");
    }

    #[test]
    fn other_texts_are_no_slugs() {
        for text in ["", "-ab", "ab-", "a--b", "Abc", "a b", "äbc", &"a".repeat(81)] {
            assert_eq!(Slug::parse(text), Err(TextFault::NotASlug), "{text}");
        }
        assert_eq!(Slug::parse("6a1f4b0c-6f5e-4d0f-9d1e-0e5d2b6f7c11"), Err(TextFault::NotASlug));
        assert!(Slug::parse("erfurt-handball").is_ok());
    }

    proptest! {
        #[test]
        fn what_is_made_from_a_title_is_a_slug(title in "\\PC{0,200}", number in 2u32..) {
            let slug = Slug::from_title(&title);
            prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug.clone()));
            let second = slug.numbered(number);
            prop_assert_eq!(Slug::parse(second.as_str()), Ok(second.clone()));
        }
    }
}
