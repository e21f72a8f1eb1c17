//! The API and the pages that only development has: they move the clock of the database, and show the kept mails.
//! Production never mounts them.

use holdfast_contract::problem::ProblemType;
use poem::{
    Request,
    http::{header, uri::Authority},
};
use poem_openapi::{Object, OpenApi, Tags, param::Query};
use serde::{Deserialize, Serialize};

use self::mail::KeptMailList;
use crate::{
    http::{body::Json, problem::ApiProblem},
    kernel::{base::Base, loopback::is_loopback},
};

pub mod mail;
mod store;

/// The largest single move of the clock: one year.
const MAX_ADVANCE_MS: i64 = 366 * 24 * 60 * 60 * 1000;

#[derive(Debug, Clone)]
pub struct DevelopmentApi {
    pub base: Base,
}

#[derive(Tags)]
enum Tag {
    /// Routes that exist only in development.
    Development,
}

/// The request body that moves the clock forward.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ClockMove {
    /// The number of milliseconds to add, from 0 to one year.
    pub advance_ms: i64,
}

/// The state of the database's clock, which all nodes use.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
pub struct ClockState {
    /// The time of the database's clock in milliseconds since 1970, including the offset.
    pub now_ms: i64,
}

#[OpenApi(tag = "Tag::Development")]
impl DevelopmentApi {
    /// Move the clock of all nodes forward.
    #[oai(path = "/clock", method = "post")]
    async fn advance(
        &self,
        request: &Request,
        body: Json<ClockMove>,
    ) -> Result<Json<ClockState>, ApiProblem> {
        for_this_machine(request)?;
        let by = body.0.advance_ms;
        if !(0..=MAX_ADVANCE_MS).contains(&by) {
            return Err(ApiProblem::field("advance_ms", "must be 0 to a year"));
        }
        store::advance(&self.base.db, by).await?;
        Ok(Json(ClockState { now_ms: self.base.db.now().await? }))
    }

    /// List the mails that were kept instead of being sent, newest first.
    #[oai(path = "/mails", method = "get")]
    async fn mails(
        &self,
        request: &Request,
        /// Only mails to this address.
        to: Query<Option<String>>,
    ) -> Result<Json<KeptMailList>, ApiProblem> {
        for_this_machine(request)?;
        Ok(Json(mail::list(&self.base.db, to.0.as_deref()).await?))
    }
}

/// # Errors
/// 403 when another site may have led the caller here.
fn for_this_machine(request: &Request) -> Result<(), ApiProblem> {
    if is_for_this_machine(request) {
        return Ok(());
    }
    Err(ApiProblem::new(ProblemType::Forbidden, "Address this server as localhost."))
}

/// Whether the caller addresses this machine by a name that can mean no other. A page of another site can make its own
/// name lead here ("DNS rebinding"), and its browser then takes it for the site's own page.
fn is_for_this_machine(request: &Request) -> bool {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let named = named.or(request.uri().authority().map(Authority::as_str));
    let authority: Option<Authority> = named.and_then(|named| named.parse().ok());
    authority.is_some_and(|authority| is_loopback(authority.host()))
}
