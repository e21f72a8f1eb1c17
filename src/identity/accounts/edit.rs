//! Changes of a profile by its user.

use std::sync::Arc;

use holdfast_contract::accounts::ProfileChange;
use holdfast_domain::access::AccountStatus;
use holdfast_entity::users;

use super::{
    Accounts,
    register::{first_name_of, last_name_of, locale_of},
    store,
};
use crate::kernel::{
    actor::User,
    audit::{self, AuditRecord},
    db::{StoreError, UseCaseError},
};

/// Why a profile was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// A field is malformed: the field and the fault.
    #[error("{0}: {1}")]
    Field(&'static str, String),
    #[error("the account is no longer active")]
    NotActive,
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for EditError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Field(..) | Self::NotActive => None,
        }
    }
}

impl Accounts {
    /// Changes the names and the language of the user. What the change does not name stays.
    ///
    /// # Errors
    /// When a field is malformed, the account is no longer active, or the database fails.
    pub async fn edit_profile(&self, caller: User, change: ProfileChange) -> Result<(), EditError> {
        let (entropy, change) = (Arc::clone(&self.base.entropy), Arc::new(change));
        self.base
            .db
            .transact(move |tx| {
                let (entropy, change) = (Arc::clone(&entropy), Arc::clone(&change));
                Box::pin(async move {
                    let user = store::lock_user(tx, caller.id).await?;
                    let user = user.filter(|user| user.status == AccountStatus::Active);
                    let user = user.ok_or(EditError::NotActive)?;
                    let (edited, fields) = edited(user, &change)
                        .map_err(|(field, fault)| EditError::Field(field, fault))?;
                    if fields.is_empty() {
                        return Ok(());
                    }
                    store::set_registration(tx, &edited).await?;
                    // The audit log keeps no names, so that an erasure has nothing to erase there.
                    let detail = serde_json::json!({ "fields": fields });
                    let subject = ("user", caller.id.0);
                    let entry =
                        AuditRecord::new(&*entropy, caller, "profile.edit", subject, &detail);
                    Ok(audit::record(tx, &entry).await?)
                })
            })
            .await
    }
}

/// The user after the change, and the fields that differ.
fn edited(
    user: users::Model,
    change: &ProfileChange,
) -> Result<(users::Model, Vec<&'static str>), (&'static str, String)> {
    let ProfileChange { first_name, last_name, locale } = change;
    // Stored names may be older than the present rule, so only the fields of the change are checked.
    let first_name = match first_name {
        Some(typed) => first_name_of(typed)?,
        None => user.first_name.clone(),
    };
    let last_name = match last_name {
        Some(typed) => last_name_of(typed)?,
        None => user.last_name.clone(),
    };
    let locale = match locale {
        Some(wanted) => locale_of(wanted)?.to_owned(),
        None => user.locale.clone(),
    };
    let differs = [
        ("first_name", first_name != user.first_name),
        ("last_name", last_name != user.last_name),
        ("locale", locale != user.locale),
    ];
    let fields = differs.into_iter().filter(|(_, is_new)| *is_new).map(|(field, _)| field);
    let fields = fields.collect();
    Ok((users::Model { first_name, last_name, locale, ..user }, fields))
}
