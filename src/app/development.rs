//! What only development and tests have: the clock that can be moved.

use poem_openapi::{Object, OpenApi, Tags};
use serde::{Deserialize, Serialize};

use crate::{
    http::{body::Json, problem::ApiProblem},
    kernel::base::Base,
};

mod store;

/// How far the clock may be moved at once: a year.
const MAX_ADVANCE_MS: i64 = 366 * 24 * 60 * 60 * 1000;

/// The routes that only development has.
#[derive(Debug, Clone)]
pub struct DevelopmentApi {
    /// The database.
    pub base: Base,
}

#[derive(Tags)]
enum Tag {
    /// Only in development.
    Development,
}

/// How far to move the clock.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ClockMove {
    /// Milliseconds, 0 to a year.
    pub advance_ms: i64,
}

/// Where the clock stands.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
pub struct ClockState {
    /// The database's clock in milliseconds since 1970, the offset included.
    pub now_ms: i64,
}

#[OpenApi(tag = "Tag::Development")]
impl DevelopmentApi {
    /// Move the clock of every node forward.
    #[oai(path = "/clock", method = "post")]
    async fn advance(&self, body: Json<ClockMove>) -> Result<Json<ClockState>, ApiProblem> {
        let by = body.0.advance_ms;
        if !(0..=MAX_ADVANCE_MS).contains(&by) {
            return Err(ApiProblem::field("advance_ms", "must be 0 to a year"));
        }
        store::advance(&self.base.db, by).await?;
        Ok(Json(ClockState { now_ms: self.base.db.now().await? }))
    }
}
