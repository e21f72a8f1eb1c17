//! The legal documents of a shop: their kinds, the form of their files, and what an acceptance belongs to.

use uuid::Uuid;

use crate::{
    ids::{BookingId, UserId},
    text::{self, TextFault},
};

/// The maximum length of a version, in characters.
pub const MAX_VERSION_CHARS: usize = 40;
/// The maximum length of a title, in characters.
pub const MAX_TITLE_CHARS: usize = 120;
/// The line before and after the fields at the top of a file.
const FENCE: &str = "---";

/// The kind of a document. A shop has at most one document of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The terms under which the shop sells. Users and buyers accept them.
    Terms,
    /// What the shop does with personal data.
    Privacy,
    /// What the pages keep in the browser.
    Cookies,
    /// Who runs the shop.
    Imprint,
}

words! {
    Kind { Terms = "terms", Privacy = "privacy", Cookies = "cookies", Imprint = "imprint" }
}

/// What an acceptance belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The user accepted the document at the registration.
    User(UserId),
    /// The buyer accepted the document at the checkout.
    Booking(BookingId),
}

/// The kind of a [`Subject`], without the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubjectKind {
    /// A user, who accepted at the registration or the activation.
    User,
    /// A booking, whose buyer accepted at the checkout.
    Booking,
}

words! { SubjectKind { User = "user", Booking = "booking" } }

impl Subject {
    /// The id under which the acceptance is stored.
    pub const fn id(self) -> Uuid {
        match self {
            Self::User(user) => user.0,
            Self::Booking(booking) => booking.0,
        }
    }

    /// The word that the database stores beside the id.
    pub const fn kind(self) -> SubjectKind {
        match self {
            Self::User(_) => SubjectKind::User,
            Self::Booking(_) => SubjectKind::Booking,
        }
    }
}

/// A document in one language, as its file contains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentFile {
    /// The version, which an acceptance names.
    pub version: String,
    /// The title in the language of the text.
    pub title: String,
    /// The text as Markdown.
    pub markdown: String,
}

/// Why a file is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// The fields at the top are missing.
    #[error("must begin with the line ---, then `version: …` and `title: …`, then the line ---")]
    NoFields,
    /// A line between the fences is not one of the two fields.
    #[error("the line `{0}` is neither `version: …` nor `title: …`")]
    UnknownField(String),
    /// A field is missing.
    #[error("has no {0}")]
    Missing(&'static str),
    /// A field is there twice.
    #[error("has two lines with the {0}")]
    Twice(&'static str),
    /// The version is not plain.
    #[error(
        "the version must be 1 to {MAX_VERSION_CHARS} letters of a-z or A-Z, digits, dots, hyphens and underscores"
    )]
    Version,
    /// The title is no line of text.
    #[error("the title {0}")]
    Title(TextFault),
    /// Nothing follows the fields.
    #[error("has no text")]
    NoText,
}

impl DocumentFile {
    /// Reads the file of a document: the fields `version` and `title` between two lines `---`, and Markdown below.
    ///
    /// # Errors
    /// If a field is missing, twice, unknown or malformed, or there is no text.
    pub fn parse(file: &str) -> Result<Self, FileFault> {
        let mut lines = file.trim_start_matches('\u{feff}').lines().map(str::trim_end);
        if lines.next() != Some(FENCE) {
            return Err(FileFault::NoFields);
        }
        let (mut version, mut title) = (None, None);
        loop {
            let line = lines.next().ok_or(FileFault::NoFields)?;
            if line == FENCE {
                break;
            }
            let (place, name, value) = match line.split_once(':') {
                Some(("version", value)) => (&mut version, "version", value),
                Some(("title", value)) => (&mut title, "title", value),
                _ => return Err(FileFault::UnknownField(line.to_owned())),
            };
            if place.replace(value.trim()).is_some() {
                return Err(FileFault::Twice(name));
            }
        }
        let version = version.ok_or(FileFault::Missing("version"))?;
        if !is_version(version) {
            return Err(FileFault::Version);
        }
        let title = title.ok_or(FileFault::Missing("title"))?;
        let title = text::line(title, MAX_TITLE_CHARS).map_err(FileFault::Title)?;
        let markdown = lines.collect::<Vec<_>>().join("\n");
        if markdown.trim().is_empty() {
            return Err(FileFault::NoText);
        }
        Ok(Self { version: version.to_owned(), title, markdown })
    }
}

/// Whether the text is a version. A version has no space, so that a list of versions is one line.
fn is_version(text: &str) -> bool {
    (1..=MAX_VERSION_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "---\nversion: 2026-11-01\ntitle: Terms of sale\n---\n\n# Seats\n\nText";

    #[test]
    fn a_file_has_a_version_a_title_and_a_text() {
        let wanted = DocumentFile {
            version: "2026-11-01".to_owned(),
            title: "Terms of sale".to_owned(),
            markdown: "\n# Seats\n\nText".to_owned(),
        };
        assert_eq!(DocumentFile::parse(GOOD).as_ref(), Ok(&wanted));
        // Editors of other systems write the same file with other ends of lines, and with a mark before the text.
        let other = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
        assert_eq!(DocumentFile::parse(&other), Ok(wanted));
    }

    #[test]
    fn a_bad_file_is_refused_with_its_fault() {
        let with = |from: &str, to: &str| DocumentFile::parse(&GOOD.replace(from, to)).err();
        for (from, to, fault) in [
            ("---\nversion", "version", FileFault::NoFields),
            ("---\n\n#", "\n#", FileFault::UnknownField(String::new())),
            ("---\n\n# Seats\n\nText", "", FileFault::NoFields),
            ("title:", "name:", FileFault::UnknownField("name: Terms of sale".to_owned())),
            ("version: 2026-11-01\n", "", FileFault::Missing("version")),
            ("title: Terms of sale\n", "", FileFault::Missing("title")),
            ("title: Terms", "version: 2\ntitle: Terms", FileFault::Twice("version")),
            ("2026-11-01", "1 November", FileFault::Version),
            ("2026-11-01", "", FileFault::Version),
            ("2026-11-01", &"1".repeat(MAX_VERSION_CHARS + 1), FileFault::Version),
            ("Terms of sale", "", FileFault::Title(TextFault::Empty)),
            ("# Seats\n\nText", " \n", FileFault::NoText),
        ] {
            assert_eq!(with(from, to), Some(fault), "{from} {to}");
        }
    }
}
