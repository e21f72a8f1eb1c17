//! The content of a mail, and its two forms: an HTML document and plain text. Both have the same parts in the same
//! order, so a slice writes each sentence once.

use askama::Template;

use crate::kernel::db::{Bug, StoreError};

/// The name of the shop in mails.
const SHOP: &str = "Holdfast";

/// A language of mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    French,
}

impl Language {
    /// The language of a BCP 47 tag; English if we do not write the language.
    pub fn of(tag: &str) -> Self {
        match tag.split('-').next() {
            Some("fr") => Self::French,
            _ => Self::English,
        }
    }

    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// The mark between a label and its value. French puts a space before it.
    pub fn colon(self) -> &'static str {
        self.pick(":", "\u{a0}:")
    }

    /// The text of this language.
    pub fn pick<T>(self, english: T, french: T) -> T {
        match self {
            Self::English => english,
            Self::French => french,
        }
    }
}

/// The content of a mail. All texts are in the recipient's language, and none of them is HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub language: Language,
    /// The subject line, without line breaks.
    pub subject: String,
    pub heading: String,
    pub paragraphs: Vec<String>,
    pub groups: Vec<LetterGroup>,
    pub facts: Vec<LetterFact>,
    /// The page that the recipient is asked to open.
    pub action: Option<LetterAction>,
    pub notes: Vec<String>,
    /// An attached calendar file (RFC 5545).
    pub calendar: Option<String>,
}

/// An event with what the recipient has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterGroup {
    pub title: String,
    /// Time and place.
    pub lines: Vec<String>,
    pub rows: Vec<LetterRow>,
    /// The page about this group, if a letter has a page for each.
    pub link: Option<LetterAction>,
}

/// A seat or a number of places. A remark or an amount that is empty is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterRow {
    pub label: String,
    pub remark: String,
    pub amount: String,
}

/// A label and its value, such as the reference of the booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterFact {
    pub label: String,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterAction {
    pub label: String,
    pub url: String,
}

#[derive(Template)]
#[template(path = "letter.html", config = "src/messages/askama.toml")]
struct HtmlForm<'a> {
    letter: &'a Letter,
    language: Language,
    shop: &'static str,
    home: &'a str,
    footer: String,
}

#[derive(Template)]
#[template(path = "letter.txt", config = "src/messages/askama.toml")]
struct TextForm<'a> {
    letter: &'a Letter,
    footer: String,
}

impl Letter {
    /// A letter with a heading, a first paragraph, and nothing else.
    pub fn new(
        language: Language,
        subject: String,
        heading: impl Into<String>,
        paragraph: String,
    ) -> Self {
        Self {
            language,
            subject,
            heading: heading.into(),
            paragraphs: vec![paragraph],
            groups: Vec::new(),
            facts: Vec::new(),
            action: None,
            notes: Vec::new(),
            calendar: None,
        }
    }

    /// The letter as an HTML document that needs no other file. `home` is the address of the shop.
    ///
    /// # Errors
    /// When the template fails, which is a bug.
    pub fn as_html(&self, home: &str) -> Result<String, StoreError> {
        let (language, footer) = (self.language, self.footer(home));
        rendered(&HtmlForm { letter: self, language, shop: SHOP, home, footer })
    }

    /// The letter as plain text. `home` is the address of the shop.
    ///
    /// # Errors
    /// When the template fails, which is a bug.
    pub fn as_text(&self, home: &str) -> Result<String, StoreError> {
        rendered(&TextForm { letter: self, footer: self.footer(home) })
    }

    fn footer(&self, home: &str) -> String {
        let why = self.language.pick(
            "You get this mail because of a booking or an account at",
            "Vous recevez ce message au sujet d’une réservation ou d’un compte sur",
        );
        format!("{why} {home}.")
    }
}

fn rendered(template: &impl Template) -> Result<String, StoreError> {
    Ok(template.render().map_err(|error| Bug::new(format!("a letter: {error}")))?)
}
