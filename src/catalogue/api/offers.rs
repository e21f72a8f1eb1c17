//! Offers over HTTP.

use holdfast_contract::catalogue::{NewOffer, Offer, OfferPage, OfferPatch};
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

/// The name under which attempts to make an offer are kept.
const MAKE: &str = "offers";

/// The routes of offers.
#[derive(Debug, Clone)]
pub struct OffersApi(pub Catalogue);

#[OpenApi(tag = "Tag::Offers")]
impl OffersApi {
    /// Offers across every event that is published and not over.
    #[oai(path = "/offers", method = "get")]
    async fn list(
        &self,
        /// Of this event alone.
        event_id: Query<Option<Uuid>>,
        /// Which admit this many persons.
        persons: Query<Option<i32>>,
        /// How many, 1 to 100; 20 without.
        limit: Query<Option<u64>>,
        /// The `next` of the page before.
        after: Query<Option<String>>,
    ) -> Result<Json<OfferPage>, ApiProblem> {
        let limit = page::limit(limit.0)?;
        let after = cursor(after.0)?.unwrap_or(Uuid::nil());
        let event = event_id.0.map(EventId);
        let mut found =
            store::offers::public(&self.0.base.db, event, persons.0, after, limit + 1).await?;
        let next = page::next(&mut found, limit, |last| last.offer.id.to_string());
        let items = found.iter().map(|found| views::offer(&found.offer, &found.currency));
        Ok(Json(OfferPage { items: items.collect::<Result<_, _>>()?, next }))
    }

    /// The offers of an event, all of them: an event's offers fit on one page.
    #[oai(path = "/events/:id/offers", method = "get")]
    async fn of_event(
        &self,
        caller: Caller,
        id: Path<String>,
    ) -> Result<Json<OfferPage>, ApiProblem> {
        let moment = self.0.look(&caller, &id.0).await?;
        let fixed = self.0.reads.fixed(&moment).await?;
        let offer = |row| views::offer(row, &moment.row.currency);
        let items = fixed.offers.iter().map(offer).collect::<Result<_, _>>()?;
        Ok(Json(OfferPage { items, next: None }))
    }

    /// Make an offer.
    #[oai(path = "/events/:id/offers", method = "post")]
    async fn create(
        &self,
        caller: Caller,
        id: Path<String>,
        /// One per attempt, the same at every retry.
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

    /// Change an offer; held and sold places keep their price.
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

    /// Take an offer back; who holds or bought under it keeps what they have.
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
    /// The offer and its event, where the caller may manage them; an offer of a draft does not exist for
    /// strangers.
    async fn managed(&self, caller: &Caller, id: Uuid) -> Result<(Managed, OfferId), ApiProblem> {
        let found = store::offers::one(&self.0.base.db, OfferId(id)).await?;
        let event = found.map(|found| found.offer.event_id.to_string());
        let event = event.ok_or_else(|| ApiProblem::not_found("offer"))?;
        Ok((self.0.managed(caller, &event).await?, OfferId(id)))
    }

    async fn offer(&self, id: OfferId) -> Result<Offer, ApiProblem> {
        let found = store::offers::one(&self.0.base.db, id).await?;
        let found = found.ok_or_else(|| ApiProblem::not_found("offer"))?;
        Ok(views::offer(&found.offer, &found.currency)?)
    }
}
