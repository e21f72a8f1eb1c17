//! New passwords: for users who have forgotten theirs, by a link or a code from a mail, and for users who are signed in.
//!
//! A request for a mail gets the same answer for every address. A new password ends the user's sessions, and a mail tells
//! of it.

use std::sync::Arc;

use holdfast_contract::accounts::{ChangedPassword, NewPassword};
use holdfast_domain::{
    access::AccountStatus,
    email::MAX_CHARS,
    ids::{LinkId, SessionId, UserId},
    link::{LinkPurpose, MAX_TRIES, PAUSE_MS, TRIES_HOUR_MS},
    message::Kind,
};
use holdfast_entity::{account_links, users};
use uuid::Uuid;

use super::{
    Accounts, links,
    log_in::user_named,
    password::{self, PasswordError, Weakness},
    store,
};
use crate::{
    identity::sessions,
    kernel::{
        actor::User,
        audit::{self, AuditRecord},
        db::{self, StoreError, Tx, UseCaseError},
        ports::Entropy,
    },
    messages::{NewMessage, post},
};

const PURPOSE: LinkPurpose = LinkPurpose::PasswordReset;

/// Why there is no new password.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The link or the code is wrong, was used, has expired, or codes were tried too often. The error deliberately does not
    /// distinguish these cases, nor does it say whether there is such an account.
    #[error("{0}: the proof does not count")]
    NoProof(&'static str),
    /// The present password is wrong, or passwords were tried too often.
    #[error("the present password is wrong")]
    WrongPassword,
    /// A field is malformed: the field and the fault.
    #[error("{0}: {1}")]
    Field(&'static str, &'static str),
    #[error(transparent)]
    Weak(#[from] Weakness),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for RecoverError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::NoProof(_)
            | Self::WrongPassword
            | Self::Field(..)
            | Self::Weak(_)
            | Self::Password(_) => None,
        }
    }
}

impl Accounts {
    /// Writes a mail with a link and a code, if there is an account with this address. Who asks again within a minute gets
    /// no second mail.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forgot(&self, typed: &str) -> Result<(), StoreError> {
        let Some(user) = user_named(&self.base.db, typed).await? else { return Ok(()) };
        if !user.status.may_sign_in() {
            return Ok(());
        }
        let (entropy, id) = (Arc::clone(&self.base.entropy), user.id);
        let link = LinkId(entropy.id());
        self.base
            .db
            .transact(move |tx| {
                let entropy = Arc::clone(&entropy);
                Box::pin(async move { send_link(tx, &*entropy, id, link).await })
            })
            .await
    }

    /// Sets a new password by the link or the code of a mail. All sessions of the user end.
    ///
    /// # Errors
    /// See [`RecoverError`].
    pub async fn reset(&self, wanted: NewPassword) -> Result<(), RecoverError> {
        let NewPassword { token, email, code, password } = wanted;
        let (field, link) = match (token, email, code) {
            (Some(token), None, None) => {
                let id = links::read(&self.sessions.keys, PURPOSE, &token);
                let id = id.ok_or(RecoverError::NoProof("token"))?;
                ("token", store::link(&self.base.db, id).await?)
            }
            (None, Some(email), Some(code)) => ("code", self.link_of_code(&email, &code).await?),
            _ => return Err(RecoverError::Field("token", "send the token, or email and code")),
        };
        let link = link.ok_or(RecoverError::NoProof(field))?;
        let user = store::user(self.base.db.reader(), link.user_id).await?;
        let user = user.ok_or(RecoverError::NoProof(field))?;
        let hash = self.hash_of_new(&user, password).await?;
        let change = PasswordChange { user: user.id, hash, proof: Proof::Link(link.id, field) };
        self.write_password(change).await
    }

    /// Sets a new password for a user who knows the present one. All sessions of the user end but this one.
    ///
    /// # Errors
    /// See [`RecoverError`].
    pub async fn change_password(
        &self,
        caller: User,
        session: Option<SessionId>,
        wanted: ChangedPassword,
    ) -> Result<(), RecoverError> {
        let user = store::user(self.base.db.reader(), caller.id).await?;
        let user = user.ok_or(RecoverError::WrongPassword)?;
        let is_allowed = self.may_try(user.id).await?;
        if wanted.current_password.len() > password::MAX_BYTES {
            return Err(RecoverError::WrongPassword);
        }
        let known = user.password_hash.clone();
        if !is_allowed || !self.passwords.matches(wanted.current_password, known).await? {
            return Err(RecoverError::WrongPassword);
        }
        let hash = self.hash_of_new(&user, wanted.new_password).await?;
        let change = PasswordChange { user: user.id, hash, proof: Proof::Password(session) };
        self.write_password(change).await
    }

    /// The link that goes on of the account with this address, if the code is that of the link. The same statements are
    /// sent whether the account exists or not.
    async fn link_of_code(
        &self,
        email: &str,
        code: &str,
    ) -> Result<Option<account_links::Model>, StoreError> {
        if email.chars().count() > MAX_CHARS {
            return Ok(None);
        }
        let user = user_named(&self.base.db, email).await?;
        let id = user.map_or(UserId(Uuid::nil()), |user| user.id);
        let is_allowed = self.may_try(id).await?;
        let link = store::live_link(&self.base.db, id, PURPOSE).await?;
        let keys = &self.sessions.keys;
        Ok(link.filter(|link| is_allowed && links::is_code(keys, link.id, code)))
    }

    /// Counts a try, and says whether there are not too many. The count is kept whatever becomes of the try.
    async fn may_try(&self, user: UserId) -> Result<bool, StoreError> {
        Ok(store::count_try(&self.base.db, user, TRIES_HOUR_MS).await? <= MAX_TRIES)
    }

    async fn hash_of_new(
        &self,
        user: &users::Model,
        password: String,
    ) -> Result<String, RecoverError> {
        let known = [user.email.as_str(), &user.first_name, &user.last_name];
        self.passwords.judge(&password, &known).await??;
        Ok(self.passwords.hash(password).await?)
    }

    async fn write_password(&self, change: PasswordChange) -> Result<(), RecoverError> {
        let (entropy, change) = (Arc::clone(&self.base.entropy), Arc::new(change));
        self.base
            .db
            .transact(move |tx| {
                let (entropy, change) = (Arc::clone(&entropy), Arc::clone(&change));
                Box::pin(async move { write(tx, &*entropy, &change).await })
            })
            .await
    }
}

async fn send_link(
    tx: &Tx,
    entropy: &dyn Entropy,
    id: UserId,
    link: LinkId,
) -> Result<(), StoreError> {
    let Some(user) = store::lock_user(tx, id).await? else { return Ok(()) };
    let now = db::now(tx).await?;
    let known = store::live_link(tx, id, PURPOSE).await?;
    if known.is_some_and(|known| now < known.created_at + PAUSE_MS) {
        return Ok(());
    }
    store::end_links(tx, id, PURPOSE).await?;
    let row = account_links::Model {
        id: link,
        user_id: id,
        purpose: PURPOSE,
        created_at: now,
        expires_at: now + PURPOSE.lasts_ms(),
        ended_at: None,
    };
    db::insert(tx, row).await?;
    let mail = NewMessage::once(Kind::PasswordReset, link.0, &user.email, &user.locale);
    post(tx, entropy, [mail], now).await
}

/// A new password that is allowed.
#[derive(derive_more::Debug)]
struct PasswordChange {
    user: UserId,
    #[debug("hidden")]
    hash: String,
    proof: Proof,
}

/// Why the user may set a password.
#[derive(Debug, Clone, Copy)]
enum Proof {
    /// A link of a mail, and the field that named it.
    Link(LinkId, &'static str),
    /// The present password. The session goes on.
    Password(Option<SessionId>),
}

async fn write(
    tx: &Tx,
    entropy: &dyn Entropy,
    change: &PasswordChange,
) -> Result<(), RecoverError> {
    let (field, kept) = match change.proof {
        Proof::Link(_, field) => (field, None),
        Proof::Password(session) => ("current_password", session),
    };
    let user = store::lock_user(tx, change.user).await?;
    let user = user.filter(|user| user.status == AccountStatus::Active);
    let user = user.ok_or(RecoverError::NoProof(field))?;
    match change.proof {
        Proof::Link(link, _) if !store::use_link(tx, link).await? => {
            return Err(RecoverError::NoProof(field));
        }
        // The present password is no proof any more: a link in a mail that somebody else may have asked for ends, too.
        Proof::Link(..) | Proof::Password(_) => store::end_links(tx, user.id, PURPOSE).await?,
    }
    store::set_password(tx, user.id, &change.hash).await?;
    sessions::end_others(tx, user.id, kept).await?;
    let now = db::now(tx).await?;
    let instance = entropy.id().to_string();
    let mail = NewMessage::once(Kind::PasswordChanged, user.id.0, &user.email, &user.locale);
    post(tx, entropy, [NewMessage { instance, ..mail }], now).await?;
    let by = User { id: user.id, role: user.role };
    let subject = ("user", user.id.0);
    let entry = AuditRecord::new(
        entropy,
        by,
        "password.change",
        subject,
        &serde_json::json!({ "by": field }),
    );
    Ok(audit::record(tx, &entry).await?)
}
