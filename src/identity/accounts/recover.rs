//! New passwords: for users who have forgotten theirs, by a link or a code from a mail, and for users who are signed in.
//!
//! A request for a mail gets the same answer for every address. A new password ends the user's sessions, and a mail tells
//! of it.

use std::sync::Arc;

use holdfast_contract::accounts::{ChangedPassword, NewPassword};
use holdfast_domain::{
    access::AccountStatus,
    ids::{LinkId, SessionId, UserId},
    link::LinkPurpose,
    message::Kind,
};

use super::{
    Accounts,
    known_devices::{self, Secured},
    log_in::user_named,
    proof::{ProofError, Proved, known_of},
    store,
};
use crate::{
    identity::sessions,
    kernel::{
        actor::User,
        audit::{self, AuditRecord},
        db::{self, StoreError, Tx},
        ports::Entropy,
    },
    messages::{NewMessage, post},
};

const PURPOSE: LinkPurpose = LinkPurpose::PasswordReset;

impl Accounts {
    /// Writes a mail with a link and a code, if there is an account with this address. Whoever asks again within a minute
    /// gets no second mail, and later the same link for as long as it is valid for half an hour.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forgot(&self, typed: &str) -> Result<(), StoreError> {
        let Some(user) = user_named(&self.base.db, typed).await? else { return Ok(()) };
        match user.status {
            AccountStatus::Active => self.ask_mail(&user, PURPOSE).await,
            // The link or the code activates the account, with a new password in another browser.
            AccountStatus::Inactive => self.ask_mail(&user, LinkPurpose::Activation).await,
            AccountStatus::Suspended | AccountStatus::Erased => Ok(()),
        }
    }

    /// Sets a new password by the link or the code of a mail. All sessions of the user end. Returns the cookie by which the
    /// browser is known from now on; `devices` is the one that it has.
    ///
    /// # Errors
    /// When the proof does not count, the password is weak, the password service is busy, or the database fails.
    pub async fn reset(
        &self,
        wanted: NewPassword,
        devices: Option<&str>,
    ) -> Result<String, ProofError> {
        let NewPassword { token, email, code, password } = wanted;
        // A weak password uses up no try.
        self.judge("password", &password, &[]).await?;
        // The mail to a user who has not proved the address yet activates the account.
        let purposes = [PURPOSE, LinkPurpose::Activation];
        let Proved { field, purpose, link, user, .. } =
            self.prove(&purposes, token, email, code).await?;
        if purpose != PURPOSE {
            return Err(ProofError::RegisteredElsewhere("first_name"));
        }
        self.judge("password", &password, &known_of(&user)).await?;
        let hash = self.passwords.hash(password).await?;
        let change = PasswordChange { user: user.id, hash, proof: Proof::Link(link, field) };
        self.write_password(change, devices).await
    }

    /// Sets a new password for a user who knows the present one. All sessions of the user end but this one. Returns the
    /// cookie by which the browser is known from now on; `devices` is the one that it has.
    ///
    /// # Errors
    /// When the present password is wrong or was tried too often, the new one is weak, the password service is busy, or
    /// the database fails.
    pub async fn change_password(
        &self,
        caller: User,
        session: Option<SessionId>,
        wanted: ChangedPassword,
        devices: Option<&str>,
    ) -> Result<String, ProofError> {
        let user = store::user(self.base.db.reader(), caller.id).await?;
        let user = user.ok_or(ProofError::WrongPassword)?;
        let ChangedPassword { current_password, new_password } = wanted;
        self.judge("new_password", &new_password, &known_of(&user)).await?;
        let known = self.present_password(&user, current_password).await?;
        let hash = self.passwords.hash(new_password).await?;
        let proof = Proof::Password { session, known };
        self.write_password(PasswordChange { user: caller.id, hash, proof }, devices).await
    }

    async fn write_password(
        &self,
        change: PasswordChange,
        devices: Option<&str>,
    ) -> Result<String, ProofError> {
        let (entropy, change) = (&self.base.entropy, Arc::new(change));
        let (of_tx, written) = (Arc::clone(entropy), Arc::clone(&change));
        self.base
            .db
            .transact(move |tx| {
                let (entropy, change) = (Arc::clone(&of_tx), Arc::clone(&written));
                Box::pin(async move { write(tx, &*entropy, &change).await })
            })
            .await?;
        let account = Secured::with(change.user, &change.hash);
        Ok(known_devices::remembering(&self.sessions.keys, devices, account, entropy.id()))
    }
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

async fn write(tx: &Tx, entropy: &dyn Entropy, change: &PasswordChange) -> Result<(), ProofError> {
    let (field, kept) = match &change.proof {
        Proof::Link(_, field) => (*field, None),
        Proof::Password { session, .. } => ("current_password", *session),
    };
    let user = store::lock_user(tx, change.user).await?;
    let user = user.filter(|user| user.status == AccountStatus::Active);
    let user = user.ok_or(ProofError::NoProof(field))?;
    match &change.proof {
        Proof::Link(link, _) if !store::use_link(tx, *link).await? => {
            return Err(ProofError::NoProof(field));
        }
        // Another request has set a new password meanwhile.
        Proof::Password { known, .. } if user.password_hash != *known => {
            return Err(ProofError::WrongPassword);
        }
        // Links that somebody else may have asked for end with the old password.
        Proof::Link(..) | Proof::Password { .. } => {
            store::end_links(tx, user.id, PURPOSE).await?;
            store::end_links(tx, user.id, LinkPurpose::EmailChange).await?;
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
