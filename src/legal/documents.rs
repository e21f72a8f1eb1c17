//! The documents in memory: read once from their files, with their HTML made.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

use holdfast_domain::legal::{DocumentFile, FileFault, Kind};

use super::markdown;
use crate::http::auth::LOCALES;

/// The maximum size of a file, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// The maximum number of entries in the folder.
const MAX_ENTRIES: usize = 1_000;
/// The extension of the files that are documents. Other files in the folder are ignored.
const EXTENSION: &str = ".md";
/// Every document has a file in this language. The pages show it where another language has no file.
const FALLBACK: &str = LOCALES[0];

/// The documents by their kind.
pub type Documents = BTreeMap<Kind, Document>;

/// A document in its languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub version: String,
    /// The text in [`FALLBACK`].
    fallback: DocumentText,
    others: Vec<DocumentText>,
}

/// The text of a document in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentText {
    pub language: &'static str,
    pub title: String,
    pub html: String,
}

impl Document {
    /// The text in this language, or else in [`FALLBACK`].
    pub fn text(&self, language: &str) -> &DocumentText {
        self.others.iter().find(|text| text.language == language).unwrap_or(&self.fallback)
    }
}

/// Why the documents cannot be used. The text names the file.
#[derive(Debug, thiserror::Error)]
pub enum BadDocuments {
    #[error("the folder cannot be read: {0}")]
    Folder(io::Error),
    #[error("the folder has more than {MAX_ENTRIES} entries")]
    TooMany,
    #[error("the folder has none of terms.en.md, privacy.en.md, cookies.en.md and imprint.en.md")]
    Empty,
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, io::Error),
    #[error("{0} must have at most {MAX_BYTES} bytes")]
    TooLarge(String),
    #[error("{0} must be named like terms.en.md: terms, privacy, cookies or imprint, and a language of {languages}", languages = LOCALES.join(", "))]
    Name(String),
    #[error("{0} {1}")]
    Fault(String, FileFault),
    /// The name of the missing file.
    #[error(
        "{0} is missing: the English file is required, and is shown where another language has no file"
    )]
    NoFallback(String),
    /// The name of the file, and of the file with which it must agree.
    #[error("{0} must have the version of {1}")]
    OtherVersion(String, String),
}

/// Reads the documents of a folder.
///
/// # Errors
/// When the folder has no document, or a file is no document.
pub fn read(folder: &Path) -> Result<Documents, BadDocuments> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(BadDocuments::Folder)? {
        let name = entry.map_err(BadDocuments::Folder)?.file_name();
        names.push(name.to_string_lossy().into_owned());
        if names.len() > MAX_ENTRIES {
            return Err(BadDocuments::TooMany);
        }
    }
    names.retain(|name| name.ends_with(EXTENSION));
    // The first faulty file is named, whatever the order of the file system.
    names.sort_unstable();
    let mut files = Vec::with_capacity(names.len());
    for name in names {
        let text = text_of(&folder.join(&name));
        let text = text.map_err(|error| BadDocuments::Unreadable(name.clone(), error))?;
        let text = text.ok_or_else(|| BadDocuments::TooLarge(name.clone()))?;
        files.push((name, text));
    }
    of_files(files)
}

/// The text of the file; `None` if the file is too large.
fn text_of(path: &Path) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Ok(None);
    }
    let text = String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok(Some(text))
}

/// The documents of files with these names and texts.
fn of_files(files: impl IntoIterator<Item = (String, String)>) -> Result<Documents, BadDocuments> {
    let mut texts: BTreeMap<Kind, Vec<(String, String, DocumentText)>> = BTreeMap::new();
    for (name, file) in files {
        let (kind, language) = named(&name).ok_or_else(|| BadDocuments::Name(name.clone()))?;
        let file = DocumentFile::parse(&file);
        let file = file.map_err(|fault| BadDocuments::Fault(name.clone(), fault))?;
        let (title, html) = (file.title, markdown::html(&file.markdown));
        let text = DocumentText { language, title, html };
        texts.entry(kind).or_default().push((name, file.version, text));
    }
    if texts.is_empty() {
        return Err(BadDocuments::Empty);
    }
    let documents = texts.into_iter().map(|(kind, mut texts)| {
        let first = format!("{}.{FALLBACK}{EXTENSION}", kind.as_str());
        let fallback = texts.iter().position(|(_, _, text)| text.language == FALLBACK);
        let (_, version, fallback) =
            texts.swap_remove(fallback.ok_or_else(|| BadDocuments::NoFallback(first.clone()))?);
        if let Some((name, ..)) = texts.iter().find(|(_, other, _)| *other != version) {
            return Err(BadDocuments::OtherVersion(name.clone(), first));
        }
        let others = texts.into_iter().map(|(_, _, text)| text).collect();
        Ok((kind, Document { version, fallback, others }))
    });
    documents.collect()
}

/// The kind and the language in the name of a file.
fn named(name: &str) -> Option<(Kind, &'static str)> {
    let (kind, language) = name.strip_suffix(EXTENSION)?.split_once('.')?;
    Some((Kind::parse(kind)?, LOCALES.into_iter().find(|ours| *ours == language)?))
}

/// The documents of the demo.
///
/// # Panics
/// Never: a test reads them.
pub fn examples() -> Documents {
    let files = EXAMPLES.map(|(name, text)| (name.to_owned(), text.to_owned()));
    of_files(files).expect("the examples are documents")
}

macro_rules! examples {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("examples/", $name)))),+]
    };
}

const EXAMPLES: [(&str, &str); 8] = examples![
    "terms.en.md",
    "terms.fr.md",
    "privacy.en.md",
    "privacy.fr.md",
    "cookies.en.md",
    "cookies.fr.md",
    "imprint.en.md",
    "imprint.fr.md",
];

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: &str = "---\nversion: 1\ntitle: Terms\n---\nText";

    fn of(files: &[(&str, &str)]) -> Result<Documents, String> {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        of_files(files).map_err(|error| error.to_string())
    }

    #[test]
    fn the_examples_are_all_documents_in_all_languages() {
        let examples = examples();
        assert_eq!(examples.keys().copied().collect::<Vec<_>>(), Kind::ALL);
        for document in examples.values() {
            for language in LOCALES {
                assert_eq!(document.text(language).language, language, "{document:?}");
            }
        }
    }

    #[test]
    fn a_missing_language_is_replaced() {
        let documents = of(&[("terms.en.md", TERMS)]).expect("a document");
        assert_eq!(documents[&Kind::Terms].text("fr").language, "en");
    }

    #[test]
    fn a_bad_file_is_named() {
        let newer = TERMS.replace("version: 1", "version: 2");
        for (files, told) in [
            (vec![], "the folder has none of terms.en.md"),
            (vec![("term.en.md", TERMS)], "term.en.md must be named like terms.en.md"),
            (vec![("terms.de.md", TERMS)], "terms.de.md must be named like terms.en.md"),
            (vec![("terms.md", TERMS)], "terms.md must be named like terms.en.md"),
            (vec![("terms.en.md", "Text")], "terms.en.md must begin with the line ---"),
            (vec![("terms.fr.md", TERMS)], "terms.en.md is missing"),
            (
                vec![("terms.en.md", TERMS), ("terms.fr.md", newer.as_str())],
                "terms.fr.md must have the version of terms.en.md",
            ),
        ] {
            let error = of(&files).expect_err(told);
            assert!(error.starts_with(told), "{error}");
        }
    }

    #[test]
    fn a_folder_is_read_and_a_large_file_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text);
        write("terms.en.md", TERMS).expect("a file");
        write("README.txt", "Not a document").expect("a file");
        assert_eq!(read(folder.path()).expect("documents").len(), 1);
        let large = TERMS.replace("Text", &"x".repeat(MAX_BYTES as usize));
        write("privacy.en.md", &large).expect("a file");
        let error = read(folder.path()).expect_err("too large").to_string();
        assert_eq!(error, "privacy.en.md must have at most 262144 bytes");
        let error = read(&folder.path().join("nowhere")).expect_err("no folder").to_string();
        assert!(error.starts_with("the folder cannot be read"), "{error}");
    }
}
