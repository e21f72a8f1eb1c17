//! The HTTP routes of offers.

use holdfast_contract::{
    catalogue::{NewOffer, Offer, OfferPage, OfferPatch},
    problem::ProblemType,
};
use holdfast_domain::ids::{EventId, OfferId};
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::{Tag, events::cursor};
use crate::{
    access::Managed,
    catalogue::{Catalogue, offers, store, views},
    http::{
        auth::Caller,
        body::{Json, NoContent},
        page,
        problem::ApiProblem,
    },
    kernel::idempotency::{Attempt, Keyed},
};

/// The route name under which idempotency keys of new offers are stored.
const MAKE: &str = "offers";

#[derive(Debug, Clone)]
pub struct OffersApi(pub Catalogue);

#[OpenApi(tag = "Tag::Offers")]
impl OffersApi {
    /// List the offers of all published events that are not over.
    #[oai(path = "/offers", method = "get")]
    async fn list(
        &self,
        /// Only offers of the event with this id.
        event_id: Query<Option<Uuid>>,
        /// Only offers that admit this number of persons.
        persons: Query<Option<i32>>,
        /// The page size, 1 to 100. Default: 20.
        limit: Query<Option<u64>>,
        /// The `next` value of the previous page.
        after: Query<Option<String>>,
    ) -> Result<Json<OfferPage>, ApiProblem> {
        let limit = page::limit(limit.0)?;
        let after = cursor(after.0)?.unwrap_or(Uuid::nil());
        let event = event_id.0.map(EventId);
        let mut found =
            store::offers::public(&self.0.base.db, event, persons.0, after, limit + 1).await?;
        let next = page::next(&mut found, limit, |last| last.offer.id.to_string());
        let items = found.iter().map(|found| views::offer(&found.offer, found.currency));
        Ok(Json(OfferPage { items: items.collect::<Result<_, _>>()?, next }))
    }

    /// List the offers of an event.
    ///
    /// All of them fit on one page.
    #[oai(path = "/events/:id/offers", method = "get")]
    async fn of_event(
        &self,
        caller: Caller,
        id: Path<String>,
    ) -> Result<Json<OfferPage>, ApiProblem> {
        let moment = self.0.look(&caller, &id.0).await?;
        let fixed = self.0.reads.fixed(&moment).await?;
        let offer = |row| views::offer(row, moment.row.currency);
        let items = fixed.offers.iter().map(offer).collect::<Result<_, _>>()?;
        Ok(Json(OfferPage { items, next: None }))
    }

    /// Create an offer.
    #[oai(path = "/events/:id/offers", method = "post")]
    async fn create(
        &self,
        caller: Caller,
        id: Path<String>,
        /// One key for each attempt, the same with every retry.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewOffer>,
    ) -> Result<Keyed<Offer>, ApiProblem> {
        let event = self.0.managed(&caller, &id.0).await?;
        let (principal, request) = (caller.user()?.id.0, (event.event(), &body.0));
        let attempt = Attempt::named(principal, MAKE, key.0.as_deref(), &request)?;
        let base = self.0.base.clone();
        let work = async move { offers::add_offer(&base, event, body.0, attempt).await };
        self.0.carry_out(work).await
    }

    /// Change an offer.
    ///
    /// Held and sold places keep their price.
    #[oai(path = "/offers/:id", method = "patch")]
    async fn edit(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        body: Json<OfferPatch>,
    ) -> Result<Json<Offer>, ApiProblem> {
        let (event, offer) = self.managed(&caller, id.0).await?;
        let base = self.0.base.clone();
        let work = async move { offers::edit_offer(&base, event, offer, body.0).await };
        self.0.carry_out(work).await?;
        Ok(Json(self.offer(offer).await?))
    }

    /// Withdraw an offer.
    ///
    /// Existing holds and bookings of the offer stay valid.
    #[oai(path = "/offers/:id", method = "delete")]
    async fn withdraw(&self, caller: Caller, id: Path<Uuid>) -> Result<NoContent, ApiProblem> {
        let (event, offer) = self.managed(&caller, id.0).await?;
        let base = self.0.base.clone();
        let work = async move { offers::withdraw_offer(&base, event, offer).await };
        self.0.carry_out(work).await?;
        Ok(NoContent)
    }
}

impl OffersApi {
    /// The offer and its event, if the caller may manage them. For strangers, an offer of a draft does not exist.
    async fn managed(&self, caller: &Caller, id: Uuid) -> Result<(Managed, OfferId), ApiProblem> {
        let found = store::offers::one(&self.0.base.db, OfferId(id)).await?;
        let event = found.map(|found| found.offer.event_id.to_string());
        let event = event.ok_or_else(|| ApiProblem::not_found("offer"))?;
        let managed = self.0.managed(caller, &event).await.map_err(|refused| {
            let is_hidden = refused.problem().problem_type() == Some(ProblemType::NotFound);
            if is_hidden { ApiProblem::not_found("offer") } else { refused }
        })?;
        Ok((managed, OfferId(id)))
    }

    async fn offer(&self, id: OfferId) -> Result<Offer, ApiProblem> {
        let found = store::offers::one(&self.0.base.db, id).await?;
        let found = found.ok_or_else(|| ApiProblem::not_found("offer"))?;
        Ok(views::offer(&found.offer, found.currency)?)
    }
}
