//! The export of what the program knows about a user: a zip with a JSON file for each kind of data.

use std::{
    io::{Cursor, Write as _},
    sync::Arc,
};

use serde::Serialize;
use zip::{ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::{Accounts, log_in, proof::ProofError, store};
use crate::{
    http::time::rfc3339,
    kernel::{
        actor::User,
        db::{Bug, StoreError},
        personal::{Person, PersonalData, PersonalFile},
    },
};

/// What the account's row says besides the profile.
#[derive(Serialize)]
struct ExportedAccount {
    created_at: String,
    status: &'static str,
}

/// A link in a mail, without its token.
#[derive(Serialize)]
struct ExportedLink {
    purpose: &'static str,
    address: Option<String>,
    created_at: String,
    expires_at: String,
    ended_at: Option<String>,
}

impl Accounts {
    /// The zip with the user's data.
    ///
    /// # Errors
    /// When the account is no longer active, or the database fails.
    pub async fn export(
        &self,
        parts: &[Arc<dyn PersonalData>],
        caller: User,
    ) -> Result<Vec<u8>, ProofError> {
        let db = &self.base.db;
        let profile = log_in::profile(db, caller.id).await?.ok_or(ProofError::NotActive)?;
        let user = store::user(db.reader(), caller.id).await?.ok_or(ProofError::NotActive)?;
        let account =
            ExportedAccount { created_at: rfc3339(user.created_at), status: user.status.as_str() };
        let links = store::links_of(db, caller.id).await?.into_iter().map(|link| ExportedLink {
            purpose: link.purpose.as_str(),
            address: link.address,
            created_at: rfc3339(link.created_at),
            expires_at: rfc3339(link.expires_at),
            ended_at: link.ended_at.map(rfc3339),
        });
        let person = Person { id: caller.id, email: user.email };
        let mut files = vec![
            PersonalFile::of("profile", &profile)?,
            PersonalFile::of("account", &account)?,
            PersonalFile::of("links", &links.collect::<Vec<_>>())?,
        ];
        for part in parts {
            files.extend(part.export(&person).await?);
        }
        let zipped = tokio::task::spawn_blocking(move || zipped(&files)).await;
        let zipped = zipped.map_err(|error| StoreError::from(Bug::new(error.to_string())))?;
        Ok(zipped.map_err(|error| StoreError::from(Bug::new(format!("a zip: {error}"))))?)
    }
}

fn zipped(files: &[PersonalFile]) -> Result<Vec<u8>, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for PersonalFile { name, content } in files {
        zip.start_file(format!("{name}.json"), SimpleFileOptions::default())?;
        zip.write_all(content)?;
    }
    Ok(zip.finish()?.into_inner())
}
