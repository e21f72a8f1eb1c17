//! The HTTP routes of events.

use std::sync::Arc;

use holdfast_contract::{
    catalogue::{Eligibility, Event, EventPage, EventPatch, Inventory, NewEvent},
    problem::ProblemType,
    words::SaleReason,
};
use holdfast_domain::{
    access::Action,
    event::{self, Command},
    ids::{EventId, OrganizationId},
};
use poem::Request;
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::Tag;
use crate::{
    access::{Deletable, Managed},
    catalogue::{
        Catalogue, create_event, delete_event, edit_event, lifecycle,
        list_events::{EventQuery, MAX_SEARCH, Sort, Stage, drafts_seen_by},
        reads::Pace,
        sellable, store, views,
    },
    http::{
        auth::Caller,
        body::{self, Json, NoContent},
        page,
        problem::ApiProblem,
        tagged::{REVALIDATE, ResponseWishes, Tagged},
        time,
    },
    identity::memberships,
    kernel::idempotency::{Attempt, Keyed},
    shop::reservations::read,
};

/// The route name under which idempotency keys of new events are stored.
const MAKE: &str = "events";

#[derive(Debug, Clone)]
pub struct EventsApi(pub Catalogue);

#[OpenApi(tag = "Tag::Events")]
impl EventsApi {
    /// List events.
    #[oai(path = "/events", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the route")]
    async fn list(
        &self,
        caller: Caller,
        /// Only events in this stage. Default: all published events.
        status: Query<Option<Stage>>,
        /// Only events of this category. Case and accents do not count.
        category: Query<Option<String>>,
        /// Only events that begin at or after this time (RFC 3339).
        from: Query<Option<String>>,
        /// Only events that begin before this time (RFC 3339).
        to: Query<Option<String>>,
        /// Only events whose place contains this text. Case and accents do not count.
        place: Query<Option<String>>,
        /// Only events whose name, place, description or category contains this text. Case and accents do not count.
        q: Query<Option<String>>,
        /// The sort order. A leading `-` reverses the order. Names are sorted after the Unicode Collation Algorithm.
        sort: Query<Option<Sort>>,
        /// The page size, 1 to 100. Default: 20.
        limit: Query<Option<u64>>,
        /// The `next` value of the previous page.
        after: Query<Option<String>>,
    ) -> Result<Json<EventPage>, ApiProblem> {
        let at = |field: &str, text: Option<String>| {
            text.map(|text| time::parse(field, &text)).transpose()
        };
        let wanted = EventQuery {
            stage: status.0.unwrap_or_default(),
            category: searched("category", category.0)?,
            from: at("from", from.0)?,
            to: at("to", to.0)?,
            place: searched("place", place.0)?,
            q: searched("q", q.0)?,
            sort: sort.0.unwrap_or_default(),
            after: cursor(after.0)?.map(EventId),
            limit: page::limit(limit.0)?,
        };
        Ok(Json(self.page(&caller, &wanted).await?))
    }

    /// Create an event.
    ///
    /// A new event is a draft.
    #[oai(path = "/events", method = "post")]
    async fn create(
        &self,
        caller: Caller,
        /// One key for each attempt, the same with every retry.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<NewEvent>,
    ) -> Result<Keyed<Event>, ApiProblem> {
        let named = body.0.organization_id.map(OrganizationId);
        let organization = self.0.access.organization(&caller, named).await?;
        let principal = caller.user()?.id.0;
        let attempt = Attempt::named(principal, MAKE, key.0.as_deref(), &body.0)?;
        let (base, holds) = (self.0.base.clone(), self.0.holds);
        let work = async move {
            create_event::create_event(&base, organization, body.0, holds, attempt).await
        };
        self.0.carry_out(work).await
    }

    /// Read an event by its id or slug.
    #[oai(path = "/events/:id", method = "get")]
    async fn get(&self, caller: Caller, id: Path<String>) -> Result<Json<Event>, ApiProblem> {
        Ok(Json(views::event(&self.0.seen(&caller, &id.0).await?)?))
    }

    /// Change an event.
    #[oai(path = "/events/:id", method = "patch")]
    async fn edit(
        &self,
        caller: Caller,
        id: Path<String>,
        body: Json<EventPatch>,
    ) -> Result<Json<Event>, ApiProblem> {
        let event = self.0.managed(&caller, &id.0).await?;
        let (base, holds) = (self.0.base.clone(), self.0.holds);
        let work = async move { edit_event::edit_event(&base, event, body.0, holds).await };
        self.0.carry_out(work).await?;
        Ok(Json(self.event(event).await?))
    }

    /// Delete an event.
    ///
    /// The event must never have had a hold.
    #[oai(path = "/events/:id", method = "delete")]
    async fn delete(&self, caller: Caller, id: Path<String>) -> Result<NoContent, ApiProblem> {
        let event: Deletable = self.0.access.permit(&caller, &id.0).await?;
        let base = self.0.base.clone();
        let work = async move { delete_event::delete_event(&base, event).await };
        self.0.carry_out(work).await?;
        self.0.access.forget(event.event()).await;
        Ok(NoContent)
    }

    /// Publish a draft.
    #[oai(path = "/events/:id/publish", method = "post")]
    async fn publish(&self, caller: Caller, id: Path<String>) -> Result<Json<Event>, ApiProblem> {
        self.command(&caller, &id.0, Command::Publish).await
    }

    /// Cancel an event.
    #[oai(path = "/events/:id/cancel", method = "post")]
    async fn cancel(&self, caller: Caller, id: Path<String>) -> Result<Json<Event>, ApiProblem> {
        self.command(&caller, &id.0, Command::Cancel).await
    }

    /// Read an event's inventory: how many places are in each state.
    ///
    /// During a busy sale, the inventory can be a quarter of a second old.
    #[oai(path = "/events/:id/inventory", method = "get")]
    async fn inventory(
        &self,
        request: &Request,
        caller: Caller,
        id: Path<String>,
    ) -> Result<Tagged<Inventory>, ApiProblem> {
        let seen = self.0.seen(&caller, &id.0).await?;
        let (row, moving) = (&seen.moment.row, &seen.moving);
        let turned = seen.offers_turned_at();
        let etag = format!("W/\"i{}-{}-{}-{turned}\"", row.version, moving.total, moving.lapsed);
        let asked = ResponseWishes::of(request);
        let packed = if asked.has(&etag) {
            None
        } else {
            let make = || body::bytes(&views::inventory(&seen));
            Some(moving.inventory((seen.fixed.version(), turned), make).await?)
        };
        Ok(Tagged::of(&asked, etag, REVALIDATE, packed))
    }

    /// Read whether the caller can buy tickets for an event now, and every reason against it.
    #[oai(path = "/events/:id/purchase-eligibility", method = "get")]
    async fn eligibility(
        &self,
        caller: Caller,
        id: Path<String>,
    ) -> Result<Json<Eligibility>, ApiProblem> {
        let seen = self.0.seen(&caller, &id.0).await?;
        let row = &seen.moment.row;
        let schedule = views::schedule(row)?;
        let found = event::obstacles(row.status, &schedule, seen.moment.now);
        let mut reasons: Vec<String> =
            found.into_iter().map(|obstacle| obstacle.as_str().to_owned()).collect();
        let counts = seen.moving.counts();
        reasons.extend(sellable::nothing_for_sale(&seen).into_iter().map(str::to_owned));
        if counts.capacity > 0 && counts.available <= 0 {
            reasons.push(SaleReason::SoldOut.as_str().to_owned());
        }
        let db = &self.0.base.db;
        let (taken, pending_reservations) = match caller.buyer() {
            Some(buyer) => (
                read::persons_of(db, row.id, buyer).await?,
                read::pending_of(db, row.id, buyer).await?,
            ),
            None => (0, Vec::new()),
        };
        let remaining = (i64::from(row.max_per_user) - taken).max(0);
        if remaining == 0 {
            reasons.push(SaleReason::LimitReached.as_str().to_owned());
        }
        let can_purchase = reasons.is_empty();
        Ok(Json(Eligibility { can_purchase, reasons, remaining, pending_reservations }))
    }
}

impl EventsApi {
    async fn page(&self, caller: &Caller, wanted: &EventQuery) -> Result<EventPage, ApiProblem> {
        let memberships = match (wanted.stage, caller.user) {
            (Stage::Draft, Some(user)) => {
                memberships::of_user(&self.0.base.db, user, Action::ReadDraft).await?
            }
            (_, _) => Vec::new(),
        };
        let drafts_of = drafts_seen_by(caller.role(), memberships);
        let (asked, pace) = (self.0.reads.now_of_any(), self.0.reads.pace_of(caller.role()));
        let mut moments =
            store::listing::page(&self.0.base.db, wanted, drafts_of.as_deref()).await?;
        let next = page::next(&mut moments, wanted.limit, |last| last.row.id.to_string());
        let mut items = Vec::with_capacity(moments.len());
        for moment in moments {
            let moment = Arc::new(moment.asked_at(asked));
            items.push(views::event(&self.0.reads.seen(moment, pace).await?)?);
        }
        Ok(EventPage { items, next })
    }

    async fn command(
        &self,
        caller: &Caller,
        id: &str,
        command: Command,
    ) -> Result<Json<Event>, ApiProblem> {
        let event = self.0.managed(caller, id).await?;
        let base = self.0.base.clone();
        let work = async move { lifecycle::command(&base, event, command).await };
        self.0.carry_out(work).await?;
        Ok(Json(self.event(event).await?))
    }

    async fn event(&self, event: Managed) -> Result<Event, ApiProblem> {
        let moment = self.0.moment(event.visible()).await?;
        Ok(views::event(&self.0.reads.seen(moment, Pace::EXACT).await?)?)
    }
}

/// A search text without surrounding white space; `None` when it is blank.
fn searched(field: &str, text: Option<String>) -> Result<Option<String>, ApiProblem> {
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    holdfast_domain::text::line(&text, MAX_SEARCH)
        .map(Some)
        .map_err(|fault| ApiProblem::field(field, fault.to_string()))
}

/// A page's cursor: the id of the last item of the previous page.
pub(super) fn cursor(after: Option<String>) -> Result<Option<Uuid>, ApiProblem> {
    after
        .map(|after| Uuid::try_parse(&after))
        .transpose()
        .map_err(|_| ApiProblem::field("after", "must be the `next` value of the previous page"))
}

pub(super) fn no_plan() -> ApiProblem {
    ApiProblem::new(ProblemType::NotFound, "This event has no seating plan.")
}
