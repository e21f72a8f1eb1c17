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
    link::{LEFT_MS, LinkPurpose, MAX_MAILS, MAX_TRIES, PAUSE_MS, TRIES_HOUR_MS, TryKind},
    message::Kind,
};
use holdfast_entity::{account_links, users};

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
    #[error("the present password is wrong")]
    WrongPassword,
    /// The present password was tried too often within this hour.
    #[error("the present password was tried too often")]
    TooOften,
    /// A field is malformed: the field and the fault.
    #[error("{0}: {1}")]
    Field(&'static str, &'static str),
    /// The new password is too weak: the field that names it, and the fault.
    #[error("{0}: {1}")]
    Weak(&'static str, Weakness),
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
            | Self::TooOften
            | Self::Field(..)
            | Self::Weak(..)
            | Self::Password(_) => None,
        }
    }
}

impl Accounts {
    /// Writes a mail with a link and a code, if there is an account with this address. Whoever asks again within a minute
    /// gets no second mail, and later the same link for as long as it is valid for half an hour.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forgot(&self, typed: &str) -> Result<(), StoreError> {
        let Some(user) = user_named(&self.base.db, typed).await? else { return Ok(()) };
        if !user.status.may_sign_in() {
            return Ok(());
        }
        // Who asks all the time waits for no lock.
        let now = self.base.db.now().await?;
        if is_too_early(store::live_link(&self.base.db, user.id, PURPOSE).await?.as_ref(), now) {
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
    /// When the proof does not count, the password is weak, the password service is busy, or the database fails.
    pub async fn reset(&self, wanted: NewPassword) -> Result<(), RecoverError> {
        let NewPassword { token, email, code, password } = wanted;
        // A weak password uses up no try.
        self.judge("password", &password, &[]).await?;
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
        self.judge("password", &password, &known_of(&user)).await?;
        let hash = self.passwords.hash(password).await?;
        let change = PasswordChange { user: user.id, hash, proof: Proof::Link(link.id, field) };
        self.write_password(change).await
    }

    /// Sets a new password for a user who knows the present one. All sessions of the user end but this one.
    ///
    /// # Errors
    /// When the present password is wrong or was tried too often, the new one is weak, the password service is busy, or
    /// the database fails.
    pub async fn change_password(
        &self,
        caller: User,
        session: Option<SessionId>,
        wanted: ChangedPassword,
    ) -> Result<(), RecoverError> {
        let user = store::user(self.base.db.reader(), caller.id).await?;
        let user = user.ok_or(RecoverError::WrongPassword)?;
        let ChangedPassword { current_password, new_password } = wanted;
        self.judge("new_password", &new_password, &known_of(&user)).await?;
        if !self.may_try(user.id, TryKind::Password).await? {
            return Err(RecoverError::TooOften);
        }
        let known = user.password_hash;
        if current_password.len() > password::MAX_BYTES
            || !self.passwords.matches(current_password, known.clone()).await?
        {
            return Err(RecoverError::WrongPassword);
        }
        let hash = self.passwords.hash(new_password).await?;
        let proof = Proof::Password { session, known };
        self.write_password(PasswordChange { user: caller.id, hash, proof }).await
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
        let keys = &self.sessions.keys;
        let id = user.map_or_else(|| links::nobody(keys, email), |user| user.id);
        let is_allowed = self.may_try(id, TryKind::Code).await?;
        let link = store::live_link(&self.base.db, id, PURPOSE).await?;
        Ok(link.filter(|link| is_allowed && links::is_code(keys, link.id, code)))
    }

    /// Counts a try, and says whether there are not too many. The count is kept whatever becomes of the try.
    async fn may_try(&self, user: UserId, kind: TryKind) -> Result<bool, StoreError> {
        Ok(store::count_try(&self.base.db, user, kind, TRIES_HOUR_MS).await? <= MAX_TRIES)
    }

    /// Judges the password in this field. `known` contains the words that an attacker would try first.
    async fn judge(
        &self,
        field: &'static str,
        password: &str,
        known: &[&str],
    ) -> Result<(), RecoverError> {
        let judged = self.passwords.judge(password, known).await?;
        judged.map_err(|weakness| RecoverError::Weak(field, weakness))
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

fn known_of(user: &users::Model) -> [&str; 3] {
    [&user.email, &user.first_name, &user.last_name]
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
    if is_too_early(known.as_ref(), now) {
        return Ok(());
    }
    let (link, mails) = match known.filter(|known| known.expires_at - now >= LEFT_MS) {
        Some(known) => {
            store::count_mail(tx, known.id, now).await?;
            (known.id, known.mails + 1)
        }
        None => {
            store::end_links(tx, id, PURPOSE).await?;
            let row = account_links::Model {
                id: link,
                user_id: id,
                purpose: PURPOSE,
                created_at: now,
                expires_at: now + PURPOSE.lasts_ms(),
                sent_at: now,
                mails: 1,
                ended_at: None,
            };
            db::insert(tx, row).await?;
            (link, 1)
        }
    };
    let mail = NewMessage::once(Kind::PasswordReset, link.0, &user.email, &user.locale);
    post(tx, entropy, [NewMessage { instance: mails.to_string(), ..mail }], now).await
}

/// Whether the user gets no mail now: the last one is too young, or the link was sent too often.
fn is_too_early(link: Option<&account_links::Model>, now: i64) -> bool {
    link.is_some_and(|link| {
        let is_fresh = link.expires_at - now >= LEFT_MS;
        now < link.sent_at + PAUSE_MS || (is_fresh && link.mails >= MAX_MAILS)
    })
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
#[derive(derive_more::Debug)]
enum Proof {
    /// A link of a mail, and the field that named it.
    Link(LinkId, &'static str),
    /// The present password, by its hash. The session goes on.
    Password {
        session: Option<SessionId>,
        #[debug("hidden")]
        known: Option<String>,
    },
}

async fn write(
    tx: &Tx,
    entropy: &dyn Entropy,
    change: &PasswordChange,
) -> Result<(), RecoverError> {
    let (field, kept) = match &change.proof {
        Proof::Link(_, field) => (*field, None),
        Proof::Password { session, .. } => ("current_password", *session),
    };
    let user = store::lock_user(tx, change.user).await?;
    let user = user.filter(|user| user.status == AccountStatus::Active);
    let user = user.ok_or(RecoverError::NoProof(field))?;
    match &change.proof {
        Proof::Link(link, _) if !store::use_link(tx, *link).await? => {
            return Err(RecoverError::NoProof(field));
        }
        // Another request has set a new password meanwhile.
        Proof::Password { known, .. } if user.password_hash != *known => {
            return Err(RecoverError::WrongPassword);
        }
        // The link of a mail that somebody else may have asked for ends with the old password.
        Proof::Link(..) | Proof::Password { .. } => {
            store::end_links(tx, user.id, PURPOSE).await?;
        }
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
