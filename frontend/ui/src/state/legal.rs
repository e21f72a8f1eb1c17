//! The legal documents that the shop has, with their versions. The server writes them into the head of every page, so that
//! no page waits for them.

use holdfast_contract::legal::LegalKind;
use leptos::prelude::*;

use crate::api;

/// The element of the page's head with the documents.
const META: &str = "meta[name=holdfast-legal]";

/// The documents and their versions, as the head names them: `terms=2026-11-01 privacy=2026-11-01`.
#[derive(Clone, Copy)]
pub struct Legal(RwSignal<String>);

impl Legal {
    /// Reads the head of the page.
    pub fn provide() {
        let meta = document().query_selector(META).ok().flatten();
        let named = meta.and_then(|meta| meta.get_attribute("content"));
        provide_context(Self(RwSignal::new(named.unwrap_or_default())));
    }

    pub fn expect() -> Self {
        expect_context()
    }

    /// The version of a document. `None` if the shop does not have it. Reactive.
    pub fn version(self, kind: LegalKind) -> Option<String> {
        self.0.with(|named| version_in(named, kind).map(str::to_owned))
    }

    /// Whether the shop has the document; reactive.
    pub fn has(self, kind: LegalKind) -> bool {
        self.0.with(|named| version_in(named, kind).is_some())
    }

    /// Asks the server for the documents: another version may have come since the page was opened.
    pub fn look_again(self) {
        leptos::task::spawn_local(async move {
            let Ok(found) = api::legal_documents().await else { return };
            let named = found.items.iter().map(|it| format!("{}={}", it.kind.as_str(), it.version));
            let _ = self.0.try_set(named.collect::<Vec<_>>().join(" "));
        });
    }
}

fn version_in(named: &str, kind: LegalKind) -> Option<&str> {
    let mut documents = named.split(' ').filter_map(|it| it.split_once('='));
    documents.find(|(name, _)| *name == kind.as_str()).map(|(_, version)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_names_versions_by_kind() {
        let named = "terms=2026-11-01 imprint=2";
        assert_eq!(version_in(named, LegalKind::Terms), Some("2026-11-01"));
        assert_eq!(version_in(named, LegalKind::Imprint), Some("2"));
        assert_eq!(version_in(named, LegalKind::Privacy), None);
        assert_eq!(version_in("", LegalKind::Terms), None);
    }
}
