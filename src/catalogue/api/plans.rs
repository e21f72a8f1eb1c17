//! The HTTP routes of seating plans, in the pretix seating-plan JSON format.

use futures_util::StreamExt;
use holdfast_contract::{
    catalogue::PlanAccepted,
    problem::{FieldError, ProblemType},
};
use holdfast_domain::plan::{MAX_BYTES, Plan};
use poem::{Body, IntoResponse, Request, RequestBody, Response};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, OpenApi,
    param::Path,
    registry::{
        MetaMediaType, MetaRequest, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef,
        Registry,
    },
};

use super::{Tag, events::no_plan, problems};
use crate::{
    catalogue::{Catalogue, replace_plan, store},
    http::{
        auth::Caller,
        body::{self, Json},
        problem::ApiProblem,
    },
};

const CONTENT_TYPE: &str = "application/json";
/// How many bytes of an oversized body are read before the response. A client that reads only after it has sent
/// everything would not see an earlier response.
const MAX_DRAINED_BYTES: usize = 64 * 1024 * 1024;

#[derive(Debug, Clone)]
pub struct PlansApi(pub Catalogue);

fn schema() -> MetaSchemaRef {
    let mut schema = MetaSchema::new("object");
    schema.description = Some("A seating plan in the pretix seating-plan JSON format");
    MetaSchemaRef::Inline(Box::new(schema))
}

fn content() -> Vec<MetaMediaType> {
    vec![MetaMediaType { content_type: CONTENT_TYPE, schema: schema() }]
}

/// A plan whose body is not read yet, so that a caller without permission gets the refusal first.
#[derive(Debug)]
struct PlanBody(Body);

impl<'a> ApiExtractor<'a> for PlanBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest { description: None, content: content(), required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let kind = request.content_type().and_then(|kind| kind.split(';').next()).map(str::trim);
        if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case(CONTENT_TYPE)) {
            let message = "Send the plan as application/json.";
            return Err(ApiProblem::new(ProblemType::UnsupportedMediaType, message).into());
        }
        Ok(Self(body.take()?))
    }
}

impl PlanBody {
    async fn read(self) -> Result<Vec<u8>, ApiProblem> {
        let mut chunks = Box::pin(self.0.into_bytes_stream());
        let (mut bytes, mut size) = (Vec::new(), 0);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| body::unread(&error))?;
            size += chunk.len();
            if size <= MAX_BYTES {
                bytes.extend_from_slice(&chunk);
            } else if size > MAX_DRAINED_BYTES {
                break;
            } else {
                bytes = Vec::new();
            }
        }
        if size <= MAX_BYTES {
            return Ok(bytes);
        }
        let message = format!("is larger than {MAX_BYTES} bytes");
        Err(ApiProblem::new(ProblemType::BodyTooLarge, format!("The plan {message}."))
            .with_errors(vec![FieldError { field: "$".to_owned(), message }]))
    }
}

/// A plan document, unchanged since its import.
#[derive(Debug)]
struct Document(String);

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        Response::builder().content_type(CONTENT_TYPE).body(self.0)
    }
}

impl ApiResponse for Document {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "The seating plan in the pretix seating-plan JSON format.",
                status: Some(200),
                status_range: None,
                content: content(),
                headers: vec![],
            }],
        }
    }

    fn register(_registry: &mut Registry) {}
}

#[OpenApi(tag = "Tag::Seats")]
impl PlansApi {
    /// Export the event's seating plan, unchanged since its import.
    #[oai(path = "/events/:id/plan", method = "get")]
    async fn export(&self, caller: Caller, id: Path<String>) -> Result<Document, ApiProblem> {
        let moment = self.0.look(&caller, &id.0).await?;
        let (event, version) = (moment.row.id, moment.row.plan_version);
        let document = store::plans::document(&self.0.base.db, event, version).await?;
        document.map(Document).ok_or_else(no_plan)
    }

    /// Replace the event's seating plan.
    ///
    /// A seat that both plans contain keeps its id, state and price. The new plan must contain
    /// every seat that is held or sold.
    #[oai(path = "/events/:id/plan", method = "put")]
    async fn import(
        &self,
        caller: Caller,
        id: Path<String>,
        body: PlanBody,
    ) -> Result<Json<PlanAccepted>, ApiProblem> {
        let event = self.0.managed(&caller, &id.0).await?;
        let bytes = body.read().await?;
        let plan = tokio::task::spawn_blocking(move || Plan::parse(&bytes))
            .await
            .map_err(|error| ApiProblem::internal(&error))?
            .map_err(problems::plan_faults)?;
        let base = self.0.base.clone();
        let work = async move { replace_plan::replace_plan(&base, event, plan).await };
        Ok(Json(self.0.carry_out(work).await?))
    }
}
