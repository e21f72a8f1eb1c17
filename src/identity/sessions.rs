//! Sessions: a signed-in user on one device, as long as the device renews the access token.
//!
//! The device has a refresh token in a cookie, and each renewal replaces it. The rule is the domain's
//! [`holdfast_domain::session`]. The decision about the form of the tokens is
//! `docs/adr/0031-sessions-are-renewed-by-numbered-tokens.md`.

pub mod api;
mod device;
mod personal;
mod renew;
mod store;
mod token;

use std::sync::Arc;

use holdfast_domain::{
    ids::{SessionId, UserId},
    session::SessionLength,
};
use holdfast_entity::sessions;
use poem_openapi::OpenApi;

use self::{device::DEVICE, token::RefreshToken};
pub use self::{
    device::Device,
    renew::{RenewError, Renewed},
};
use crate::{
    http::{
        cookie::SiteCookie,
        limits::{CountedAs, LimitRule},
        route::post,
    },
    kernel::{
        base::Base,
        db::{self, Sql, StoreError},
        keys::{KeyRing, Sealed, SealedColumn},
        passes::Pass,
        personal::PersonalData,
    },
    slice::{SharedParts, Slice},
};

/// How long a session is kept after its time is over.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Sessions {
    pub base: Base,
    pub keys: KeyRing,
    pub cookie: SiteCookie,
}

/// A session with its first refresh token.
#[derive(derive_more::Debug)]
pub struct Opened {
    pub id: SessionId,
    #[debug("hidden")]
    pub token: String,
}

impl Sessions {
    /// Begins a session of the user on this device.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open(
        &self,
        sql: &impl Sql,
        user: UserId,
        length: SessionLength,
        device: &Device,
    ) -> Result<Opened, StoreError> {
        let entropy = &self.base.entropy;
        let id = SessionId(entropy.id());
        let device = Sealed::seal(&self.keys, &**entropy, (DEVICE, id.0), device)?;
        let now = db::now(sql).await?;
        let session = sessions::Model {
            id,
            user_id: user,
            length,
            number: 1,
            device: device.into_stored(),
            created_at: now,
            replaced_at: now,
            expires_at: now + length.idle_ms(),
            ended_at: None,
        };
        db::insert(sql, session).await?;
        Ok(Opened { id, token: RefreshToken { session: id, number: 1 }.text(&self.keys) })
    }

    /// Ends the session to which this refresh token belongs, if there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_by(&self, token: &str) -> Result<(), StoreError> {
        match RefreshToken::read(token, &self.keys) {
            Some(token) => store::end(&self.base.db, token.session).await,
            None => Ok(()),
        }
    }

    /// Whether the session goes on. An access token outlives its session by up to ten minutes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_live(&self, id: SessionId) -> Result<bool, StoreError> {
        store::is_live(&self.base.db, id).await
    }

    /// Deletes sessions that have been over for a long time; returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retention_pass(&self) -> Result<u64, StoreError> {
        store::forget(&self.base.db, KEPT_MS).await
    }
}

/// Ends all sessions of the user but this one; returns how many.
///
/// # Errors
/// When the database fails.
pub async fn end_others(
    sql: &impl Sql,
    user: UserId,
    but: Option<SessionId>,
) -> Result<u64, StoreError> {
    store::end_others(sql, user, but).await
}

impl Slice for Sessions {
    const SEALED: &'static [SealedColumn] = &[DEVICE];
    // Every page begins with it, and comes without a token.
    const LIMITED: &'static [LimitRule] =
        &[LimitRule { route: post("auth/refresh"), counted: CountedAs::Read }];

    fn routes(self, _shared: SharedParts) -> impl OpenApi + 'static {
        api::SessionsApi { sessions: self }
    }

    fn personal(&self) -> Vec<Arc<dyn PersonalData>> {
        vec![Arc::new(self.clone())]
    }

    fn passes(&self, shared: &SharedParts) -> Vec<Pass> {
        vec![Pass::on("session-retention", shared.retention_every, self, |it| async move {
            it.retention_pass().await
        })]
    }
}
