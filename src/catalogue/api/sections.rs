//! The HTTP routes of sections.

use holdfast_contract::catalogue::{NewSection, Section, SectionPage, SectionPatch};
use holdfast_domain::ids::SectionId;
use poem_openapi::{
    OpenApi,
    param::{Header, Path},
};
use uuid::Uuid;

use super::Tag;
use crate::{
    access::Managed,
    catalogue::{Catalogue, reads::Pace, sections, views},
    http::{
        auth::Caller,
        body::{Json, NoContent},
        problem::ApiProblem,
    },
    kernel::idempotency::{Attempt, Keyed},
};

/// The route name under which idempotency keys of new sections are stored.
const MAKE: &str = "sections";

#[derive(Debug, Clone)]
pub struct SectionsApi(pub Catalogue);

#[OpenApi(tag = "Tag::Sections")]
impl SectionsApi {
    /// List the sections of an event with their counts.
    #[oai(path = "/events/:id/sections", method = "get")]
    async fn list(
        &self,
        caller: Caller,
        id: Path<String>,
    ) -> Result<Json<SectionPage>, ApiProblem> {
        let seen = self.0.seen(&caller, &id.0).await?;
        Ok(Json(SectionPage { seq: seen.moving.seq, items: views::sections(&seen), next: None }))
    }

    /// Create a section: general admission, or rows of seats.
    #[oai(path = "/events/:id/sections", method = "post")]
    async fn create(
        &self,
        caller: Caller,
        id: Path<String>,
        /// One key for each attempt, the same with every retry.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewSection>,
    ) -> Result<Keyed<Section>, ApiProblem> {
        let event = self.0.managed(&caller, &id.0).await?;
        let (principal, request) = (caller.user()?.id.0, (event.event(), &body.0));
        let attempt = Attempt::named(principal, MAKE, key.0.as_deref(), &request)?;
        let base = self.0.base.clone();
        let work = async move { sections::add_section(&base, event, body.0, attempt).await };
        self.0.carry_out(work).await
    }

    /// Change a section's name or its capacity.
    #[oai(path = "/events/:id/sections/:section_id", method = "patch")]
    async fn edit(
        &self,
        caller: Caller,
        id: Path<String>,
        section_id: Path<Uuid>,
        body: Json<SectionPatch>,
    ) -> Result<Json<Section>, ApiProblem> {
        let event = self.0.managed(&caller, &id.0).await?;
        let (base, section) = (self.0.base.clone(), SectionId(section_id.0));
        let work = async move { sections::edit_section(&base, event, section, body.0).await };
        self.0.carry_out(work).await?;
        Ok(Json(self.section(event, section).await?))
    }

    /// Delete a general-admission section.
    ///
    /// No place of the section may be held or sold.
    #[oai(path = "/events/:id/sections/:section_id", method = "delete")]
    async fn delete(
        &self,
        caller: Caller,
        id: Path<String>,
        section_id: Path<Uuid>,
    ) -> Result<NoContent, ApiProblem> {
        let event = self.0.managed(&caller, &id.0).await?;
        let (base, section) = (self.0.base.clone(), SectionId(section_id.0));
        let work = async move { sections::delete_section(&base, event, section).await };
        self.0.carry_out(work).await?;
        Ok(NoContent)
    }
}

impl SectionsApi {
    async fn section(&self, event: Managed, id: SectionId) -> Result<Section, ApiProblem> {
        let missing = || ApiProblem::not_found("section");
        let moment = self.0.moment(event.visible()).await?;
        let seen = self.0.reads.seen(moment, Pace::EXACT).await?;
        views::sections(&seen).into_iter().find(|section| section.id == id.0).ok_or_else(missing)
    }
}
