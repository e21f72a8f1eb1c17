//! The legal documents of the shop, and the acceptance of its terms.

use serde::{Deserialize, Serialize};

/// The kind of a document. A shop has at most one document of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum LegalKind {
    /// The terms under which the shop sells.
    Terms,
    /// What the shop does with personal data.
    Privacy,
    /// What the pages keep in the browser.
    Cookies,
    /// Who runs the shop.
    Imprint,
}

impl LegalKind {
    /// Every kind, in the order in which pages list them.
    pub const ALL: [Self; 4] = [Self::Terms, Self::Privacy, Self::Cookies, Self::Imprint];

    /// The word on the wire, which is also the address of the document's page.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Privacy => "privacy",
            Self::Cookies => "cookies",
            Self::Imprint => "imprint",
        }
    }

    /// The kind of a word. `None` for another word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The documents that the shop has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct LegalDocuments {
    /// The documents: terms, privacy, cookies, imprint. A document that the shop does not have is left out.
    pub items: Vec<LegalDocument>,
}

/// A document of the shop, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct LegalDocument {
    /// The kind of the document.
    pub kind: LegalKind,
    /// The title, in `language`.
    pub title: String,
    /// The version, the same in all languages.
    pub version: String,
    /// The language of the title and the text as a BCP 47 tag. A document that is missing in the wanted language is shown
    /// in English.
    pub language: String,
    /// Whether a registration and a checkout must say that this version was accepted.
    pub must_accept: bool,
}

/// A document of the shop with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct LegalText {
    /// The kind of the document.
    pub kind: LegalKind,
    /// The title, in `language`.
    pub title: String,
    /// The version, the same in all languages.
    pub version: String,
    /// The language of the title and the text as a BCP 47 tag. A document that is missing in the wanted language is shown
    /// in English.
    pub language: String,
    /// The text as HTML: headings from level 2 on, paragraphs, lists, tables and links. It contains neither scripts nor
    /// pictures, and links lead only to `http`, `https`, `mailto` and to pages of the shop.
    pub html: String,
}

/// What somebody has accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The version of the terms, which must be the present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// The language in which the terms were shown, `en` or `fr`. Default: that of `Accept-Language`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_the_same_word_in_json_and_in_addresses() {
        for kind in LegalKind::ALL {
            assert_eq!(LegalKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.as_str().into()));
        }
        assert_eq!(LegalKind::parse("Terms"), None);
    }
}
