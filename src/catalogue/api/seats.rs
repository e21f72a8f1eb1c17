//! The HTTP routes of seats: the layout, the sparse state, the list, and the organizer's change of one seat.

use holdfast_contract::{
    catalogue::{Seat, SeatPage, SeatPatch},
    live::SeatStates,
    seat_map::SeatMap,
};
use holdfast_domain::ids::{SeatId, SectionId};
use poem::Request;
use poem_openapi::{
    ApiResponse, Enum, OpenApi,
    param::{Path, Query},
    registry::{MetaMediaType, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use uuid::Uuid;

use super::{Tag, events::no_plan};
use crate::{
    catalogue::{Catalogue, change_seat, reads::PresentEvent, store, views},
    http::{
        auth::Caller,
        body::Json,
        page,
        problem::ApiProblem,
        tagged::{IMMUTABLE, REVALIDATE, ResponseWishes, Tagged},
    },
    kernel::db::StoreError,
};

/// The maximum page size of the list.
const MAX_SEATS: u64 = 1_000;

#[derive(Debug, Clone)]
pub struct SeatsApi(pub Catalogue);

/// The form in which the seats are returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum SeatsPart {
    /// Only the seats that are not available, without the layout.
    Only,
}

/// Either the layout or the sparse state.
#[derive(Debug)]
enum Seats {
    Map(Tagged<SeatMap>),
    States(Tagged<SeatStates>),
}

impl poem::IntoResponse for Seats {
    fn into_response(self) -> poem::Response {
        match self {
            Self::Map(map) => map.into_response(),
            Self::States(states) => states.into_response(),
        }
    }
}

impl ApiResponse for Seats {
    fn meta() -> MetaResponses {
        let either = MetaSchema {
            one_of: vec![SeatMap::schema_ref(), SeatStates::schema_ref()],
            ..MetaSchema::ANY
        };
        let mut meta = Tagged::<SeatMap>::meta();
        meta.responses[0].content = vec![MetaMediaType {
            content_type: "application/json",
            schema: MetaSchemaRef::Inline(Box::new(either)),
        }];
        meta
    }

    fn register(registry: &mut Registry) {
        SeatMap::register(registry);
        SeatStates::register(registry);
    }
}

#[OpenApi(tag = "Tag::Seats")]
impl SeatsApi {
    /// Read the layout of the hall, or with `state=only` the seats that are not available.
    ///
    /// During a busy sale, the state can be a quarter of a second old. The event stream goes on from its `seq`.
    #[oai(path = "/events/:id/seats", method = "get")]
    async fn seats(
        &self,
        request: &Request,
        caller: Caller,
        id: Path<String>,
        /// `only` returns the sparse seat state instead of the layout.
        state: Query<Option<SeatsPart>>,
        /// The version of the layout. When it is the current version, a client may cache the
        /// response forever.
        plan_version: Query<Option<i32>>,
    ) -> Result<Seats, ApiProblem> {
        let moment = self.0.look(&caller, &id.0).await?;
        let asked = ResponseWishes::of(request);
        if state.0.is_some() {
            let pace = self.0.reads.pace_of(caller.role());
            let seen = self.0.reads.seen(moment, pace).await?;
            return Ok(Seats::States(states(&asked, &seen).await?));
        }
        let packed = self.0.reads.map(&moment).await?.ok_or_else(no_plan)?;
        let row = &moment.row;
        // A shared cache must not store a layout that only some callers may see.
        let is_current = plan_version.0 == Some(row.plan_version);
        let is_lasting = is_current && self.0.access.public(&id.0).await?.is_some();
        let policy = if is_lasting { IMMUTABLE } else { REVALIDATE };
        let etag = format!("\"m{}-{}\"", row.plan_version, row.id.0.simple());
        Ok(Seats::Map(Tagged::new(&asked, etag, policy, || packed)))
    }

    /// List the seats of a section, one object for each seat.
    #[oai(path = "/events/:id/sections/:section_id/seats", method = "get")]
    async fn list(
        &self,
        caller: Caller,
        id: Path<String>,
        section_id: Path<Uuid>,
        /// The page size, 1 to 1,000. Default: 20.
        limit: Query<Option<u64>>,
        /// The `next` value of the previous page.
        after: Query<Option<i32>>,
    ) -> Result<Json<SeatPage>, ApiProblem> {
        let moment = self.0.look(&caller, &id.0).await?;
        let (event, section) = (moment.row.id, SectionId(section_id.0));
        let limit = page::limit_up_to(limit.0, MAX_SEATS)?;
        let after = SeatId(after.0.unwrap_or(0));
        let mut rows =
            store::seats::page(&self.0.base.db, event, section, after, limit + 1).await?;
        let next = page::next(&mut rows, limit, |last| last.seat_id.to_string());
        if rows.is_empty() {
            let sections = store::sections::all(&self.0.base.db, event).await?;
            if !sections.iter().any(|known| known.id == section) {
                return Err(ApiProblem::not_found("section"));
            }
        }
        let fixed = self.0.reads.fixed(&moment).await?;
        let seat = |row| views::seat(row, &fixed, moment.row.currency, moment.now);
        Ok(Json(SeatPage { items: rows.iter().map(seat).collect(), next }))
    }

    /// Change a seat: block or unblock it, or set its kind or its own price.
    #[oai(path = "/events/:id/seats/:seat_id", method = "patch")]
    async fn change(
        &self,
        caller: Caller,
        id: Path<String>,
        seat_id: Path<i32>,
        body: Json<SeatPatch>,
    ) -> Result<Json<Seat>, ApiProblem> {
        let event = self.0.managed(&caller, &id.0).await?;
        let (base, seat) = (self.0.base.clone(), SeatId(seat_id.0));
        let work = async move {
            let changed = change_seat::change_seat(&base, event, seat, body.0).await;
            changed.map_err(|error| ApiProblem::of_seat(seat.0, error))
        };
        self.0.carry_out(work).await?;
        let missing = || ApiProblem::not_found("seat");
        let moment = self.0.moment(event.visible()).await?;
        let found = store::seats::one(&self.0.base.db, event.event(), seat).await?;
        let row = found.ok_or_else(missing)?;
        let fixed = self.0.reads.fixed(&moment).await?;
        Ok(Json(views::seat(&row, &fixed, moment.row.currency, moment.now)))
    }
}

async fn states(
    asked: &ResponseWishes,
    seen: &PresentEvent,
) -> Result<Tagged<SeatStates>, StoreError> {
    let moving = &seen.moving;
    let etag = format!("W/\"s{}-{}-{}\"", moving.plan_version, moving.total, moving.lapsed);
    let packed =
        if asked.has(&etag) { None } else { Some(moving.seat_states(&seen.moment).await?) };
    Ok(Tagged::of(asked, etag, REVALIDATE, packed))
}
