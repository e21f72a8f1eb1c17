//! The HTTP routes of sessions. Signing in and renewing are routes of the accounts, because their answer shows the
//! account.

use holdfast_contract::{
    accounts::{DeviceSession, DeviceSessions},
    problem::ProblemType,
};
use holdfast_domain::ids::SessionId;
use holdfast_entity::sessions;
use poem::Request;
use poem_openapi::{OpenApi, param::Path};
use uuid::Uuid;

use super::{Device, Sessions, device::DEVICE, store};
use crate::{
    http::{
        auth::{AuthTag, Caller},
        body::{Json, NoContent},
        cookie::WithCookies,
        own_page::OwnPage,
        problem::ApiProblem,
        time::rfc3339,
    },
    kernel::keys::Sealed,
};

#[derive(Debug, Clone)]
pub struct SessionsApi {
    pub sessions: Sessions,
}

#[OpenApi(prefix_path = "/auth", tag = "AuthTag::Auth")]
impl SessionsApi {
    /// Sign out.
    ///
    /// Ends the session of the cookie, and removes the cookie. Access tokens of the session stay valid until they expire.
    #[oai(path = "/logout", method = "post")]
    async fn log_out(
        &self,
        request: &Request,
        _page: OwnPage,
    ) -> Result<WithCookies<NoContent>, ApiProblem> {
        if let Some(token) = self.sessions.cookie.read(request) {
            let sessions = self.sessions.clone();
            let end = async move { sessions.end_by(&token).await };
            self.sessions.base.tasks.run(end).await??;
        }
        Ok(WithCookies { cookies: vec![self.sessions.cookie.removed()], response: NoContent })
    }

    /// List the sessions of the signed-in user that go on, the last one first.
    #[oai(path = "/sessions", method = "get")]
    async fn list_sessions(&self, caller: Caller) -> Result<Json<DeviceSessions>, ApiProblem> {
        let rows = store::list(&self.sessions.base.db, caller.user()?.id).await?;
        let shown = |row| self.sessions.shown(row, caller.session);
        let items = rows.into_iter().map(shown).collect();
        Ok(Json(DeviceSessions { items }))
    }

    /// Sign out on one device.
    #[oai(path = "/sessions/:id", method = "delete")]
    async fn end_session(&self, caller: Caller, id: Path<Uuid>) -> Result<NoContent, ApiProblem> {
        let (base, user, id) = (&self.sessions.base, caller.user()?.id, SessionId(id.0));
        let db = base.db.clone();
        let ended = base.tasks.run(async move { store::end_of(&db, user, id).await }).await??;
        if ended {
            Ok(NoContent)
        } else {
            Err(ApiProblem::new(ProblemType::NotFound, "No such session."))
        }
    }

    /// Sign out on all other devices.
    ///
    /// The session of the access token goes on.
    #[oai(path = "/sessions", method = "delete")]
    async fn end_other_sessions(&self, caller: Caller) -> Result<NoContent, ApiProblem> {
        let (base, user, current) = (&self.sessions.base, caller.user()?.id, caller.session);
        let db = base.db.clone();
        base.tasks.run(async move { store::end_others(&db, user, current).await }).await??;
        Ok(NoContent)
    }
}

impl Sessions {
    /// The session on the wire. `current` is the session of the request.
    pub(super) fn shown(&self, row: sessions::Model, current: Option<SessionId>) -> DeviceSession {
        let device = Sealed::<Device>::stored(row.device).open(&self.keys, (DEVICE, row.id.0));
        // A device that no key opens is unknown, and its session can be ended all the same.
        let device = device.unwrap_or_else(|error| {
            tracing::warn!(session = %row.id, %error, "the device of a session does not open");
            Device { agent: String::new(), address: None }
        });
        DeviceSession {
            id: row.id.0,
            agent: device.agent,
            address: device.address,
            created_at: rfc3339(row.created_at),
            used_at: rfc3339(row.replaced_at),
            is_current: Some(row.id) == current,
        }
    }
}
