//! The settings of the legal documents.

use std::{path::Path, sync::Arc};

use super::documents::{self, Documents};
use crate::kernel::settings::{Setting, Value, Wrong, optional, section};

section! {
    /// Legal documents
    pub struct LegalSettings {
        /// The folder with the shop's terms, privacy notice, cookie notice and imprint as Markdown files: `terms.en.md`,
        /// `terms.fr.md`, `privacy.en.md` and so on, each with its version and title at the top. Users and buyers then
        /// accept the terms. The files are read at start, and must be the same on all nodes.
        pub documents: Option<LegalFolder> =
            optional("HOLDFAST_LEGAL_DIR", "examples in development, no documents in production"),
    }
}

/// The documents of a folder.
#[derive(Debug, Clone)]
pub struct LegalFolder(pub Arc<Documents>);

impl Value for LegalFolder {
    const FORM: &'static str = "a folder with Markdown files";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        let documents = documents::read(Path::new(text));
        documents.map(|read| Self(Arc::new(read))).map_err(|bad| Wrong::Because(bad.to_string()))
    }
}
