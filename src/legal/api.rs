//! The HTTP routes of the legal documents.

use holdfast_contract::legal::{LegalDocument, LegalDocuments, LegalKind, LegalText};
use holdfast_domain::legal::Kind;
use poem::Request;
use poem_openapi::{
    OpenApi, Tags,
    param::{Path, Query},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Demand, Legal, kind_of, shown};
use crate::{
    http::{
        auth::LOCALES,
        body,
        problem::ApiProblem,
        tagged::{Packed, REVALIDATE, ResponseWishes, Tagged},
    },
    kernel::hex::hex,
};

#[derive(Debug, Clone)]
pub struct LegalApi {
    pub legal: Legal,
}

#[derive(Tags)]
enum Tag {
    /// The legal documents of the shop.
    Legal,
}

#[OpenApi(tag = "Tag::Legal")]
impl LegalApi {
    /// List the legal documents of the shop.
    ///
    /// The list contains only the documents that the shop has.
    #[oai(path = "/legal", method = "get")]
    async fn list(
        &self,
        request: &Request,
        /// The wanted language, such as `fr`. Default: `en`.
        language: Query<Option<String>>,
    ) -> Tagged<LegalDocuments> {
        let language = language.0.as_deref().unwrap_or(LOCALES[0]);
        let items = self.legal.documents.iter().map(|(kind, document)| {
            let text = document.text(language);
            LegalDocument {
                kind: shown(*kind),
                title: text.title.clone(),
                version: document.version.clone(),
                language: text.language.to_owned(),
                must_accept: *kind == Kind::Terms && self.legal.demand == Demand::Always,
            }
        });
        tagged(request, &LegalDocuments { items: items.collect() })
    }

    /// Read a legal document of the shop: `terms`, `privacy`, `cookies` or `imprint`.
    ///
    /// A document that is missing in the wanted language is returned in English; `language` says so.
    #[oai(path = "/legal/:kind", method = "get")]
    async fn read(
        &self,
        request: &Request,
        kind: Path<String>,
        /// The wanted language, such as `fr`. Default: `en`.
        language: Query<Option<String>>,
    ) -> Result<Tagged<LegalText>, ApiProblem> {
        let kind = LegalKind::parse(&kind.0);
        let found = kind.and_then(|kind| Some((kind, self.legal.documents.get(&kind_of(kind))?)));
        let (kind, document) = found.ok_or_else(|| ApiProblem::not_found("document"))?;
        let text = document.text(language.0.as_deref().unwrap_or(LOCALES[0]));
        let text = LegalText {
            kind,
            title: text.title.clone(),
            version: document.version.clone(),
            language: text.language.to_owned(),
            html: text.html.clone(),
        };
        Ok(tagged(request, &text))
    }
}

/// The response, with a tag that says what it contains.
fn tagged<T: Serialize>(request: &Request, value: &T) -> Tagged<T> {
    let json = body::bytes(value);
    let etag = format!("\"{}\"", &hex(&Sha256::digest(&json))[..32]);
    let asked = ResponseWishes::of(request);
    Tagged::new(&asked, etag, REVALIDATE, || Packed::quick(json, &asked))
}
