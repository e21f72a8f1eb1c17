//! Changes of a user's address. The new address counts once its user has proved it; until then, the present one stays.
//!
//! The former address gets a mail with a link that takes the change back: whoever has stolen a session and the password
//! must not be able to take the account for good.

use std::sync::Arc;

use holdfast_contract::accounts::{EmailProof, NewEmail};
use holdfast_domain::{
    access::AccountStatus,
    email::EmailAddress,
    ids::{LinkId, UserId},
    link::{LinkPurpose, TryKind},
    message::Kind,
};
use holdfast_entity::users;

use super::{
    Accounts, may_mail_to,
    proof::{self, ProofError, Proved, WantedLink},
    register::{forms_of, tell_owner},
    store,
};
use crate::{
    identity::sessions,
    kernel::{
        actor::User,
        audit::{self, AuditRecord},
        db::{self, Sql, StoreError, Tx},
        ports::Entropy,
    },
    legal::accept,
    messages::{NewMessage, post},
};

/// A new address that somebody has proved.
#[derive(Debug)]
struct ProvedAddress {
    user: UserId,
    link: LinkId,
    field: &'static str,
    purpose: LinkPurpose,
    address: String,
}

impl Accounts {
    /// Writes a mail to the new address with a link and a code that prove it. If another account has the address, its user
    /// gets a mail that says so, and the caller does not learn it.
    ///
    /// # Errors
    /// When the address is malformed or is the present one, the password is wrong or was tried too often, the former address
    /// can still take a change back, the password service is busy, or the database fails.
    pub async fn ask_new_email(&self, caller: User, wanted: NewEmail) -> Result<(), ProofError> {
        let NewEmail { email: typed, current_password } = wanted;
        let address = EmailAddress::parse(&typed)
            .map_err(|fault| ProofError::Field("email", fault.to_string()))?;
        let user = store::user(self.base.db.reader(), caller.id).await?;
        let user = user.ok_or(ProofError::NotActive)?;
        if user.email == address.as_str() {
            return Err(ProofError::Field("email", "is your address already".to_owned()));
        }
        let known = self.present_password(&user, current_password).await?;
        if !may_change(&self.base.db, user.id, address.as_str()).await? {
            return Err(ProofError::ChangedLately);
        }
        // A stranger's mailbox gets few mails, whoever asks for them, and as few codes can be guessed.
        if !may_mail_to(&self.base.db, &self.sessions.keys, &address, TryKind::Address).await? {
            return Ok(());
        }
        let (entropy, asked) = (Arc::clone(&self.base.entropy), Arc::new((address, typed, known)));
        let link = LinkId(entropy.id());
        self.base
            .db
            .transact(move |tx| {
                let (entropy, asked) = (Arc::clone(&entropy), Arc::clone(&asked));
                Box::pin(async move {
                    let (address, typed, known) = &*asked;
                    let user = lock_active(tx, caller.id).await?.ok_or(ProofError::NotActive)?;
                    // Another request has set a new password meanwhile.
                    if user.password_hash != *known {
                        return Err(ProofError::WrongPassword);
                    }
                    if !may_change(tx, user.id, address.as_str()).await? {
                        return Err(ProofError::ChangedLately);
                    }
                    let (purpose, new) = (LinkPurpose::EmailChange, Some(address.as_str()));
                    let wanted = WantedLink { id: link, purpose, address: new };
                    let owner = other_owner(tx, address, typed, user.id).await?;
                    // Nobody has proved the address of an inactive account.
                    let Some(owner) = owner.filter(|owner| owner.status != AccountStatus::Inactive)
                    else {
                        return Ok(proof::send_link(tx, &*entropy, &user, wanted).await?);
                    };
                    // The same link as for a free address, so that no later request tells the two apart. Nobody gets it.
                    let now = db::now(tx).await?;
                    if proof::renew_link(tx, &user, wanted, now).await?.is_some() {
                        tell_owner(tx, &*entropy, &owner, now).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Gives the account the address that the link or the code of a mail proves: the new one, or the former one if its
    /// owner takes the change back. In the second case all sessions end, and a mail asks for a new password.
    ///
    /// # Errors
    /// When the proof does not count, or the database fails.
    pub async fn prove_email(&self, wanted: EmailProof) -> Result<(), ProofError> {
        let EmailProof { token, email, code } = wanted;
        let purposes = [LinkPurpose::EmailChange, LinkPurpose::EmailRestore];
        let Proved { field, purpose, link, address, user } =
            self.prove(&purposes, token, email, code).await?;
        let address = address.ok_or(ProofError::NoProof(field))?;
        let proved = Arc::new(ProvedAddress { user: user.id, link, field, purpose, address });
        let entropy = Arc::clone(&self.base.entropy);
        let written = self.base.db.transact(move |tx| {
            let (entropy, proved) = (Arc::clone(&entropy), Arc::clone(&proved));
            Box::pin(async move { write(tx, &*entropy, &proved).await })
        });
        match written.await {
            // Somebody has registered with this address at the same moment.
            Err(ProofError::Db(error)) if error.is_duplicate() => Err(ProofError::NoProof(field)),
            written => written,
        }
    }
}

/// The user, locked, whose account is active.
async fn lock_active(tx: &Tx, id: UserId) -> Result<Option<users::Model>, StoreError> {
    let user = store::lock_user(tx, id).await?;
    Ok(user.filter(|user| user.status == AccountStatus::Active))
}

/// Another account with this address.
async fn other_owner(
    tx: &Tx,
    address: &EmailAddress,
    typed: &str,
    user: UserId,
) -> Result<Option<users::Model>, StoreError> {
    let known = store::user_of_forms(tx, forms_of(address, typed)).await?;
    Ok(known.filter(|known| known.id != user))
}

async fn write(tx: &Tx, entropy: &dyn Entropy, proved: &ProvedAddress) -> Result<(), ProofError> {
    let ProvedAddress { field, purpose, address, .. } = proved;
    let no_proof = || ProofError::NoProof(field);
    let user = lock_active(tx, proved.user).await?.ok_or_else(no_proof)?;
    let is_restored = *purpose == LinkPurpose::EmailRestore;
    let may_change = is_restored || may_change(tx, user.id, address).await?;
    if !may_change
        || !store::use_link(tx, proved.link).await?
        || !is_free(tx, address, user.id).await?
    {
        return Err(no_proof());
    }
    store::set_email(tx, user.id, address).await?;
    let changed = users::Model { email: address.clone(), ..user.clone() };
    let action = if is_restored {
        restore(tx, entropy, &user, &changed).await?;
        "email.restore"
    } else {
        change(tx, entropy, &user, &changed).await?;
        "email.change"
    };
    // The audit log keeps no address, so that an erasure has nothing to erase there.
    let by = User { id: user.id, role: user.role };
    let detail = serde_json::json!({ "by": field });
    let entry = AuditRecord::new(entropy, by, action, ("user", user.id.0), &detail);
    Ok(audit::record(tx, &entry).await?)
}

/// Whether no other user has proved the address. An account with it that nobody has activated is deleted.
async fn is_free(tx: &Tx, address: &str, user: UserId) -> Result<bool, StoreError> {
    let Ok(parsed) = EmailAddress::parse(address) else { return Ok(true) };
    let Some(known) = other_owner(tx, &parsed, address, user).await? else { return Ok(true) };
    match store::lock_user(tx, known.id).await? {
        Some(known) if known.status == AccountStatus::Inactive => {
            store::delete_proofs(tx, known.id).await?;
            store::delete_user(tx, known.id).await?;
            accept::forget(tx, &[known.id]).await?;
            Ok(true)
        }
        Some(_) => Ok(false),
        None => Ok(true),
    }
}

/// Whether the user may have this address. As long as the former address can take a change back, it is the only one:
/// otherwise a robber could change the address once more, or the way back would lead to the robber.
async fn may_change(sql: &impl Sql, user: UserId, address: &str) -> Result<bool, StoreError> {
    let kept = store::live_link(sql, user, LinkPurpose::EmailRestore).await?;
    Ok(kept.is_none_or(|link| link.address.as_deref() == Some(address)))
}

/// Ends what the robber of an account could still use. Only a mail to the restored address leads to a new password.
async fn restore(
    tx: &Tx,
    entropy: &dyn Entropy,
    before: &users::Model,
    after: &users::Model,
) -> Result<(), StoreError> {
    store::end_all_links(tx, after.id).await?;
    store::clear_password(tx, after.id).await?;
    sessions::end_others(tx, after.id, None).await?;
    let now = db::now(tx).await?;
    // Somebody who is no robber must learn of it, too.
    let mail = NewMessage::once(Kind::EmailReplaced, after.id.0, &before.email, &before.locale);
    let instance = entropy.id().to_string();
    post(tx, entropy, [NewMessage { instance, ..mail }], now).await?;
    let (id, purpose) = (LinkId(entropy.id()), LinkPurpose::PasswordReset);
    proof::send_link(tx, entropy, after, WantedLink { id, purpose, address: None }).await
}

/// Writes a mail to the new address, and one to the former address with a link that takes the change back. Whoever goes back
/// to the former address needs no such link, and the other address gets none.
async fn change(
    tx: &Tx,
    entropy: &dyn Entropy,
    before: &users::Model,
    after: &users::Model,
) -> Result<(), StoreError> {
    let is_back = store::live_link(tx, after.id, LinkPurpose::EmailRestore).await?.is_some();
    // Links in mails to the former address no longer belong to the user.
    store::end_all_links(tx, after.id).await?;
    let now = db::now(tx).await?;
    let link = LinkId(entropy.id());
    if !is_back {
        let (purpose, address) = (LinkPurpose::EmailRestore, Some(before.email.as_str()));
        let wanted = WantedLink { id: link, purpose, address };
        db::insert(tx, wanted.row(after.id, now)).await?;
    }
    let instance = link.to_string();
    // An erasure finds the messages by the user and by the links that there are.
    let about = if is_back { after.id.0 } else { link.0 };
    let told = NewMessage::once(Kind::EmailChanged, after.id.0, &after.email, &after.locale);
    let former = NewMessage::once(Kind::EmailReplaced, about, &before.email, &after.locale);
    let mails = [told, former].map(|mail| NewMessage { instance: instance.clone(), ..mail });
    post(tx, entropy, mails, now).await
}
