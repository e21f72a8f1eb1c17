//! The export of what the program knows about a user: a zip with a JSON file for each kind of data.

use std::{
    io::{Cursor, Write as _},
    sync::Arc,
};

use zip::{ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::{Accounts, log_in, proof::ProofError};
use crate::kernel::{
    actor::User,
    db::{Bug, StoreError},
    personal::{Person, PersonalData, PersonalFile},
};

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
        let profile = log_in::profile(&self.base.db, caller.id).await?;
        let profile = profile.ok_or(ProofError::NotActive)?;
        let person = Person { id: caller.id, email: profile.email.clone() };
        let mut files = vec![PersonalFile::of("profile", &profile)?];
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
