//! The HTTP route of the stream of an event's changes: `GET /events/{id}/stream`.

use holdfast_contract::problem::ProblemType;
use poem::{
    Request, Response, handler,
    web::{Data, Path},
};

use crate::{
    access::Access,
    http::{auth::Caller, problem::ApiProblem},
    live::{Stream, StreamError},
};

pub const PATH: &str = "/api/v1/events/:id/stream";
/// The time after which a client should ask again when this node has too many viewers, in seconds.
const RETRY_AFTER_SECS: u64 = 5;

#[derive(Debug, Clone)]
pub struct StreamRoute {
    pub access: Access,
    pub live: Stream,
}

/// Sends every change of an event after `?after=` or `Last-Event-ID`, as it happens.
///
/// # Errors
/// 404 when the caller may not see the event, 503 when the node has too many viewers.
#[handler]
pub async fn stream(
    request: &Request,
    Path(id): Path<String>,
    route: Data<&StreamRoute>,
) -> Result<Response, poem::Error> {
    let caller = Caller::of(request).await?;
    let event = route.access.visible_now(&caller, &id).await?;
    let opened = route.live.open(event.event(), seen(request)?).await;
    Ok(opened.map_err(ApiProblem::from)?)
}

fn seen(request: &Request) -> Result<Option<i64>, ApiProblem> {
    let parse = |field: &str, text: &str| {
        text.parse::<i64>()
            .ok()
            .filter(|seq| *seq >= 0)
            .ok_or_else(|| ApiProblem::field(field, "must be a sequence number of the stream"))
    };
    // A browser that reconnects sends `Last-Event-ID`, which is newer than the `after` of its address.
    if let Some(id) = request.header("Last-Event-ID").filter(|id| !id.is_empty()) {
        return parse("Last-Event-ID", id).map(Some);
    }
    let query = request.uri().query().unwrap_or("");
    let after = query.split('&').find_map(|pair| pair.strip_prefix("after="));
    after.map(|after| parse("after", after)).transpose()
}

impl From<StreamError> for ApiProblem {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::TooManyViewers => {
                Self::new(ProblemType::Unavailable, "The server has too many viewers. Try again.")
                    .retry_after(RETRY_AFTER_SECS)
            }
            StreamError::Db(error) => error.into(),
        }
    }
}
