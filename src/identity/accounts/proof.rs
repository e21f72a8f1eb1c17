//! Proofs of an address: the link or the code of a mail, and how often they are tried.

use std::sync::Arc;

use holdfast_domain::{
    email::MAX_CHARS,
    ids::{LinkId, UserId},
    link::{HOUR_MS, LEFT_MS, LinkPurpose, MAX_MAILS, MAX_TRIES, PAUSE_MS, TryKind},
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
    kernel::{
        db::{self, StoreError, Tx, UseCaseError},
        keys::MacPurpose,
        ports::Entropy,
    },
    messages::{NewMessage, post},
};

/// Why a proof does not count, or nothing came of it.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The link or the code is wrong, was used, has expired, or codes were tried too often. The error deliberately does not
    /// distinguish these cases, nor does it say whether there is such an account.
    #[error("{0}: the proof does not count")]
    NoProof(&'static str),
    /// The address is proved, and this browser has not registered the account: its user sends a password and a name to
    /// activate it.
    #[error("the account was registered in another browser")]
    RegisteredElsewhere(&'static str),
    #[error("the present password is wrong")]
    WrongPassword,
    /// The present password was tried too often within this hour.
    #[error("the present password was tried too often")]
    TooOften,
    /// A field is malformed: the field and the fault.
    #[error("{0}: {1}")]
    Field(&'static str, String),
    /// The account is no longer active.
    #[error("the account is no longer active")]
    NotActive,
    /// The address was changed a short time ago, and its former owner can still take that back.
    #[error("the address was changed a short time ago")]
    ChangedLately,
    /// The new password is too weak: the field that names it, and the fault.
    #[error("{0}: {1}")]
    Weak(&'static str, Weakness),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for ProofError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::NoProof(_)
            | Self::RegisteredElsewhere(_)
            | Self::WrongPassword
            | Self::TooOften
            | Self::Field(..)
            | Self::NotActive
            | Self::ChangedLately
            | Self::Weak(..)
            | Self::Password(_) => None,
        }
    }
}

/// A live link whose token or code somebody has sent.
#[derive(Debug)]
pub(super) struct Proved {
    /// The field that named it.
    pub(super) field: &'static str,
    pub(super) purpose: LinkPurpose,
    pub(super) link: LinkId,
    /// The address that the link proves, if it is not the user's present one.
    pub(super) address: Option<String>,
    pub(super) user: users::Model,
}

/// A link that somebody asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct WantedLink<'a> {
    /// The id of the link if it is a new one.
    pub(super) id: LinkId,
    pub(super) purpose: LinkPurpose,
    /// The address that the link proves, and to which the mail goes. `None` for the user's own.
    pub(super) address: Option<&'a str>,
}

impl WantedLink<'_> {
    /// The row of the link, whose first mail is written now.
    pub(super) fn row(self, user: UserId, now: i64) -> account_links::Model {
        account_links::Model {
            id: self.id,
            user_id: user,
            purpose: self.purpose,
            created_at: now,
            expires_at: now + self.purpose.lasts_ms(),
            sent_at: now,
            mails: 1,
            ended_at: None,
            address: self.address.map(str::to_owned),
        }
    }
}

impl Accounts {
    /// Writes a mail with a link and a code. Whoever asks again within a minute gets no second mail, and later the same link
    /// for as long as it is valid for half an hour.
    pub(super) async fn ask_mail(
        &self,
        user: &users::Model,
        purpose: LinkPurpose,
    ) -> Result<(), StoreError> {
        // Who asks all the time waits for no lock.
        let now = self.base.db.now().await?;
        if is_too_early(store::live_link(&self.base.db, user.id, purpose).await?.as_ref(), now) {
            return Ok(());
        }
        let (entropy, id, status) = (Arc::clone(&self.base.entropy), user.id, user.status);
        let link = LinkId(entropy.id());
        self.base
            .db
            .transact(move |tx| {
                let entropy = Arc::clone(&entropy);
                Box::pin(async move {
                    // The account may have been activated, suspended or erased meanwhile.
                    let found = store::lock_user(tx, id).await?;
                    let Some(user) = found.filter(|now| now.status == status) else {
                        return Ok(());
                    };
                    let wanted = WantedLink { id: link, purpose, address: None };
                    send_link(tx, &*entropy, &user, wanted).await
                })
            })
            .await
    }

    /// The live link of a token, or of an address and a code, for one of these purposes. Nothing is used up but a try.
    pub(super) async fn prove(
        &self,
        purposes: &[LinkPurpose],
        token: Option<String>,
        email: Option<String>,
        code: Option<String>,
    ) -> Result<Proved, ProofError> {
        let (field, link) = match (token, email, code) {
            (Some(token), None, None) => {
                let read = |of: &LinkPurpose| links::read(&self.sessions.keys, *of, &token);
                let id = purposes.iter().find_map(read).ok_or(ProofError::NoProof("token"))?;
                ("token", store::find_link(&self.base.db, id).await?)
            }
            (None, Some(email), Some(code)) => {
                ("code", self.link_of_code(purposes, &email, &code).await?)
            }
            _ => {
                let form = "send the token, or email and code".to_owned();
                return Err(ProofError::Field("token", form));
            }
        };
        let link = link.ok_or(ProofError::NoProof(field))?;
        let user = store::user(self.base.db.reader(), link.user_id).await?;
        let user = user.ok_or(ProofError::NoProof(field))?;
        Ok(Proved { field, purpose: link.purpose, link: link.id, address: link.address, user })
    }

    /// The link that goes on of the account with this address, if the code is that of the link. The same statements are
    /// sent whether the account exists or not.
    async fn link_of_code(
        &self,
        purposes: &[LinkPurpose],
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
        let is_code = |link: LinkId| keys.is_code(MacPurpose::AccountCode, link, code);
        let mut proved = None;
        for purpose in purposes.iter().filter(|purpose| purpose.has_code()) {
            let link = store::live_link(&self.base.db, id, *purpose).await?;
            proved = proved.or(link.filter(|link| is_code(link.id)));
        }
        Ok(proved.filter(|_| is_allowed))
    }

    /// Counts a try, and says whether there are not too many. The count is kept whatever becomes of the try.
    pub(super) async fn may_try(&self, user: UserId, kind: TryKind) -> Result<bool, StoreError> {
        Ok(store::count_try(&self.base.db, user, kind, HOUR_MS).await?.number <= MAX_TRIES)
    }

    /// Checks the present password of a user, and counts the try. Returns the hash that it matches.
    pub(super) async fn present_password(
        &self,
        user: &users::Model,
        typed: String,
    ) -> Result<Option<String>, ProofError> {
        if !self.may_try(user.id, TryKind::Password).await? {
            return Err(ProofError::TooOften);
        }
        let known = user.password_hash.clone();
        if typed.len() > password::MAX_BYTES
            || !self.passwords.matches(typed, known.clone()).await?
        {
            return Err(ProofError::WrongPassword);
        }
        Ok(known)
    }

    /// Judges the password in this field. `known` contains the words that an attacker would try first.
    pub(super) async fn judge(
        &self,
        field: &'static str,
        password: &str,
        known: &[&str],
    ) -> Result<(), ProofError> {
        let judged = self.passwords.judge(password, known).await?;
        judged.map_err(|weakness| ProofError::Weak(field, weakness))
    }
}

/// The words about a user that an attacker would try first.
pub(super) fn known_of(user: &users::Model) -> [&str; 3] {
    [&user.email, &user.first_name, &user.last_name]
}

/// Writes the mail to a locked user, with the user's live link for the same address or with a new link. Does nothing if the
/// last mail is too young.
pub(super) async fn send_link(
    tx: &Tx,
    entropy: &dyn Entropy,
    user: &users::Model,
    wanted: WantedLink<'_>,
) -> Result<(), StoreError> {
    let now = db::now(tx).await?;
    let Some((link, mails)) = renew_link(tx, user, wanted, now).await? else { return Ok(()) };
    let kind = match wanted.purpose {
        LinkPurpose::PasswordReset => Kind::PasswordReset,
        LinkPurpose::Activation => Kind::Activation,
        LinkPurpose::EmailChange => Kind::EmailChange,
        LinkPurpose::EmailRestore => Kind::EmailReplaced,
    };
    let recipient = wanted.address.unwrap_or(&user.email);
    let mail = NewMessage::once(kind, link.0, recipient, &user.locale);
    post(tx, entropy, [NewMessage { instance: mails.to_string(), ..mail }], now).await
}

/// The live link of a locked user for the same address, or a new one, with the number of its mails. `None` if the last mail
/// is too young.
pub(super) async fn renew_link(
    tx: &Tx,
    user: &users::Model,
    wanted: WantedLink<'_>,
    now: i64,
) -> Result<Option<(LinkId, i32)>, StoreError> {
    let WantedLink { purpose, address, .. } = wanted;
    let known = store::live_link(tx, user.id, purpose).await?;
    let known = known.filter(|known| known.address.as_deref() == address);
    if is_too_early(known.as_ref(), now) {
        return Ok(None);
    }
    Ok(Some(match known.filter(|known| known.expires_at - now >= LEFT_MS) {
        Some(known) => {
            store::count_mail(tx, known.id, now).await?;
            (known.id, known.mails + 1)
        }
        None => {
            store::end_links(tx, user.id, purpose).await?;
            db::insert(tx, wanted.row(user.id, now)).await?;
            (wanted.id, 1)
        }
    }))
}

/// Whether the user gets no mail now: the last one is too young. After some mails with a fresh link, the pause is longer.
fn is_too_early(link: Option<&account_links::Model>, now: i64) -> bool {
    link.is_some_and(|link| {
        let is_fresh = link.expires_at - now >= LEFT_MS;
        let pause = if is_fresh && link.mails >= MAX_MAILS { HOUR_MS } else { PAUSE_MS };
        now < link.sent_at + pause
    })
}
