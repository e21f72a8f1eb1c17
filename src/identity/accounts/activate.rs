//! The proof that the address of a new account is its user's. Only then can the user sign in.
//!
//! Somebody else may have registered with the address. So a browser that has not registered the account sends a password
//! and a name, and nothing of the registration stays.

use std::sync::Arc;

use holdfast_contract::accounts::Activation;
use holdfast_domain::{
    access::AccountStatus,
    ids::{LinkId, UserId},
    legal::Subject,
    link::LinkPurpose,
    message::Kind,
};
use holdfast_entity::users;

use super::{
    Accounts, links,
    log_in::{SignedIn, user_named},
    proof::{ProofError, Proved},
    register::{locale_of, names},
    store,
};
use crate::{
    http::auth::LOCALES,
    kernel::{
        actor::User,
        audit::{self, AuditRecord},
        db::{self, StoreError, Tx},
        ports::Entropy,
    },
    legal::accept::{self, AcceptedTerms},
    messages::{NewMessage, post},
};

const PURPOSE: LinkPurpose = LinkPurpose::Activation;

/// What replaces the registration of an account.
#[derive(derive_more::Debug)]
struct NewOwner {
    #[debug("hidden")]
    hash: String,
    first_name: String,
    last_name: String,
    /// The language of the registration stays if there is none.
    locale: Option<&'static str>,
    terms: Option<AcceptedTerms>,
}

/// A proof that counts, and what the account becomes.
#[derive(derive_more::Debug)]
struct AccountActivation {
    user: UserId,
    link: LinkId,
    field: &'static str,
    /// The hash of the password when the proof was checked.
    #[debug("hidden")]
    known: Option<String>,
    owner: Option<NewOwner>,
}

impl Accounts {
    /// Writes the mail about a new account once more, if there is one with this address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ask_activation(&self, typed: &str) -> Result<(), StoreError> {
        match user_named(&self.base.db, typed).await? {
            Some(user) if user.status == AccountStatus::Inactive => {
                self.ask_mail(&user, PURPOSE).await
            }
            _ => Ok(()),
        }
    }

    /// Activates the account whose address is proved. `registered` is what [`Accounts::sign_up`] has given to the browser;
    /// `fallback` is the language of the browser.
    ///
    /// # Errors
    /// When the proof does not count, the browser has not registered the account and sends no password and name, a field is
    /// malformed, the password is weak, the password service is busy, or the database fails.
    pub async fn activate(
        &self,
        wanted: Activation,
        registered: Option<&str>,
        fallback: Option<&'static str>,
    ) -> Result<SignedIn, ProofError> {
        let Activation { token, email, code, password, first_name, last_name, locale, accepted } =
            wanted;
        // A field that is refused uses up no try.
        let of_field = |(field, fault)| ProofError::Field(field, fault);
        let locale = locale.as_deref().map(locale_of).transpose().map_err(of_field)?.or(fallback);
        let last_name = last_name.unwrap_or_default();
        let names = first_name.map(|first_name| names(&first_name, &last_name));
        let names = names.transpose().map_err(of_field)?;
        if let Some(password) = &password {
            let (first, last) = names.as_ref().map_or(("", ""), |(first, last)| (first, last));
            self.judge("password", password, &[first, last]).await?;
        }
        // Whoever has registered in this browser has accepted the terms then.
        let terms = match password {
            Some(_) => {
                let spoken = locale.unwrap_or(LOCALES[0]);
                self.legal
                    .judge(accepted.as_ref(), spoken)
                    .map_err(|refusal| ProofError::Field(refusal.field(), refusal.to_string()))?
            }
            None => None,
        };
        let Proved { field, link, user, .. } = self.prove(&[PURPOSE], token, email, code).await?;
        let has_registered = user.password_hash.as_deref().is_some_and(|hash| {
            registered.is_some_and(|it| links::is_registered(&self.sessions.keys, it, hash))
        });
        let owner = match (password, names) {
            (None, _) if has_registered => None,
            (None, _) => return Err(ProofError::RegisteredElsewhere("password")),
            (Some(_), None) => return Err(ProofError::RegisteredElsewhere("first_name")),
            (Some(password), Some((first_name, last_name))) => {
                self.judge("password", &password, &[&user.email, &first_name, &last_name]).await?;
                let hash = self.passwords.hash(password).await?;
                Some(NewOwner { hash, first_name, last_name, locale, terms })
            }
        };
        let known = user.password_hash;
        let activation = Arc::new(AccountActivation { user: user.id, link, field, known, owner });
        let entropy = Arc::clone(&self.base.entropy);
        self.base
            .db
            .transact(move |tx| {
                let (entropy, activation) = (Arc::clone(&entropy), Arc::clone(&activation));
                Box::pin(async move { write(tx, &*entropy, &activation).await })
            })
            .await
    }
}

async fn write(
    tx: &Tx,
    entropy: &dyn Entropy,
    activation: &AccountActivation,
) -> Result<SignedIn, ProofError> {
    let AccountActivation { field, owner, .. } = activation;
    let user = store::lock_user(tx, activation.user).await?;
    let user = user.filter(|user| user.status == AccountStatus::Inactive);
    let user = user.ok_or(ProofError::NoProof(field))?;
    let user = match owner {
        // Somebody else has registered with the address meanwhile.
        None if user.password_hash != activation.known => {
            return Err(ProofError::RegisteredElsewhere("password"));
        }
        None => user,
        Some(NewOwner { hash, first_name, last_name, locale, .. }) => users::Model {
            password_hash: Some(hash.clone()),
            first_name: first_name.clone(),
            last_name: last_name.clone(),
            locale: locale.map_or_else(|| user.locale.clone(), str::to_owned),
            ..user
        },
    };
    if !store::use_link(tx, activation.link).await? {
        return Err(ProofError::NoProof(field));
    }
    store::end_links(tx, user.id, PURPOSE).await?;
    store::set_registration(tx, &users::Model { status: AccountStatus::Active, ..user.clone() })
        .await?;
    let now = db::now(tx).await?;
    if let Some(owner) = owner {
        // Somebody else may have accepted the terms at the registration.
        accept::forget(tx, &[user.id]).await?;
        let accepted = owner.terms.iter().map(|it| it.row(entropy, Subject::User(user.id), now));
        accept::record(tx, accepted.collect()).await?;
    }
    let mail = NewMessage::once(Kind::Welcome, user.id.0, &user.email, &user.locale);
    post(tx, entropy, [mail], now).await?;
    let by = User { id: user.id, role: user.role };
    let detail = serde_json::json!({ "by": field });
    let entry = AuditRecord::new(entropy, by, "account.activate", ("user", user.id.0), &detail);
    audit::record(tx, &entry).await?;
    Ok(SignedIn { user: by, matched: user.password_hash })
}
