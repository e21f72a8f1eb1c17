//! Renews a session: a refresh token is replaced by the next one.

use holdfast_domain::{
    ids::{SessionId, UserId},
    session::{SessionLength, TokenMeaning},
};

use super::{Sessions, store, token::RefreshToken};
use crate::kernel::db::{self, StoreError, Tx, UseCaseError};

/// A session that goes on, with the refresh token that the browser keeps from now on.
#[derive(derive_more::Debug)]
pub struct Renewed {
    pub id: SessionId,
    pub user: UserId,
    pub length: SessionLength,
    /// The present refresh token.
    #[debug("hidden")]
    pub token: String,
}

/// Why a session is not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// The token is not ours, its session is over, or the token was replaced long ago. In the last case the session is
    /// over now.
    #[error("the session is over")]
    Over,
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for RenewError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Over => None,
        }
    }
}

/// The session of a token, and what became of it.
enum Judged {
    Goes { user: UserId, length: SessionLength, number: i32 },
    Over,
}

impl Sessions {
    /// Replaces the refresh token. A moment after the replacement, the replaced token and its successor both get the
    /// successor again; a token that was replaced before ends its session, because somebody has a copy.
    ///
    /// # Errors
    /// When the token is not ours, its session is over or ends now, or the database fails.
    pub async fn renew(&self, token: &str) -> Result<Renewed, RenewError> {
        let token = RefreshToken::read(token, &self.keys).ok_or(RenewError::Over)?;
        let judged = self.base.db.transact(|tx| Box::pin(judge(tx, token))).await?;
        let Judged::Goes { user, length, number } = judged else { return Err(RenewError::Over) };
        let id = token.session;
        let token = RefreshToken { session: id, number }.text(&self.keys);
        Ok(Renewed { id, user, length, token })
    }
}

async fn judge(tx: &Tx, token: RefreshToken) -> Result<Judged, RenewError> {
    let Some(session) = store::lock(tx, token.session).await? else { return Ok(Judged::Over) };
    let now = db::now(tx).await?;
    let goes = |number| Judged::Goes { user: session.user_id, length: session.length, number };
    match session.progress().meaning_of(token.number, now) {
        TokenMeaning::Present => {
            store::replace(tx, &session, now).await?;
            Ok(goes(session.number + 1))
        }
        TokenMeaning::InGrace => Ok(goes(session.number)),
        TokenMeaning::Replayed => {
            tracing::warn!(session = %token.session, "a replaced refresh token came back: its session ends");
            metrics::counter!("holdfast_sessions_replayed_total").increment(1);
            store::end(tx, token.session).await?;
            Ok(Judged::Over)
        }
        TokenMeaning::Over => Ok(Judged::Over),
    }
}
