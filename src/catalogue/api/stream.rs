//! The stream of an event's changes over HTTP: `GET /events/{id}/stream`.

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

/// Where the route is.
pub const PATH: &str = "/api/v1/events/:id/stream";
/// When to ask again for a stream on a node that has too many viewers.
const RETRY_AFTER_SECS: u64 = 5;

/// What the route works with.
#[derive(Debug, Clone)]
pub struct StreamRoute {
    /// Finds events.
    pub access: Access,
    /// Opens streams.
    pub live: Stream,
}

/// Every change of an event after `?after=` or `Last-Event-ID`, as it happens.
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
    // What a returning browser sends is newer than the address it was opened with.
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
