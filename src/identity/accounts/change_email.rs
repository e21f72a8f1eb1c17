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
    link::LinkPurpose,
    message::Kind,
};
use holdfast_entity::users;

use super::{
    Accounts,
    proof::{self, ProofError, Proved, WantedLink},
    register::{forms_of, tell_owner},
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
    /// When the address is malformed or is the present one, the password is wrong or was tried too often, the password
    /// service is busy, or the database fails.
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
                    match other_owner(tx, address, typed, user.id).await? {
                        Some(owner) if owner.status != AccountStatus::Inactive => {
                            let now = db::now(tx).await?;
                            return Ok(tell_owner(tx, &*entropy, &owner, now).await?);
                        }
                        // Nobody has proved the address yet.
                        Some(_) | None => {}
                    }
                    let (purpose, address) = (LinkPurpose::EmailChange, Some(address.as_str()));
                    let wanted = WantedLink { id: link, purpose, address };
                    Ok(proof::send_link(tx, &*entropy, &user, wanted).await?)
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
    if !store::use_link(tx, proved.link).await? || !is_free(tx, address, user.id).await? {
        return Err(no_proof());
    }
    store::set_email(tx, user.id, address).await?;
    let changed = users::Model { email: address.clone(), ..user.clone() };
    let action = if *purpose == LinkPurpose::EmailRestore {
        restore(tx, entropy, &changed).await?;
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
            Ok(true)
        }
        Some(_) => Ok(false),
        None => Ok(true),
    }
}

/// Ends what the robber of an account could still use. Only a mail to the restored address leads to a new password.
async fn restore(tx: &Tx, entropy: &dyn Entropy, user: &users::Model) -> Result<(), StoreError> {
    store::end_all_links(tx, user.id).await?;
    store::clear_password(tx, user.id).await?;
    sessions::end_others(tx, user.id, None).await?;
    let (id, purpose) = (LinkId(entropy.id()), LinkPurpose::PasswordReset);
    proof::send_link(tx, entropy, user, WantedLink { id, purpose, address: None }).await
}

/// Writes a mail to the new address, and one to the former address with a link that takes the change back. As long as there
/// is such a link for an address from before, it stays the only one: otherwise a second change would end it.
async fn change(
    tx: &Tx,
    entropy: &dyn Entropy,
    before: &users::Model,
    after: &users::Model,
) -> Result<(), StoreError> {
    const RESTORE: LinkPurpose = LinkPurpose::EmailRestore;
    // Links in mails to the former address no longer belong to the user.
    for purpose in LinkPurpose::ALL.into_iter().filter(|purpose| *purpose != RESTORE) {
        store::end_links(tx, after.id, purpose).await?;
    }
    let now = db::now(tx).await?;
    let known = store::live_link(tx, after.id, RESTORE).await?;
    let known = known.filter(|link| link.address.as_deref() != Some(&after.email));
    let link = match known {
        Some(known) => known.id,
        None => {
            store::end_links(tx, after.id, RESTORE).await?;
            let (id, address) = (LinkId(entropy.id()), Some(before.email.as_str()));
            let wanted = WantedLink { id, purpose: RESTORE, address };
            db::insert(tx, wanted.row(after.id, now)).await?;
            id
        }
    };
    let instance = entropy.id().to_string();
    let mails = [(Kind::EmailChanged, &after.email), (Kind::EmailReplaced, &before.email)];
    let mails = mails.map(|(kind, recipient)| NewMessage {
        instance: instance.clone(),
        ..NewMessage::once(kind, link.0, recipient, &after.locale)
    });
    post(tx, entropy, mails, now).await
}
