//! Values that development finds by itself, for settings that production requires.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use super::node::NodeSettings;
use crate::kernel::{
    files::private_file,
    hex::hex,
    ports::Entropy,
    settings::{SettingsError, Values},
};

const SECRET: &str = "JWT_SECRET";
const KEYS: &str = "KEY_RING";
/// The name of the only key of a generated ring.
const FIRST_KEY: &str = "1";

/// Completes the values: a SQLite file and generated secrets in the data folder, and the address that the node binds.
///
/// # Errors
/// When a secret cannot be written.
pub(super) fn complete(
    values: &mut Values,
    node: &NodeSettings,
    entropy: &dyn Entropy,
) -> Result<(), SettingsError> {
    let database = node.data_dir.join("holdfast.db");
    values.complete("DATABASE_URL", || format!("sqlite://{}", database.display()));
    values.complete("PUBLIC_URL", || format!("http://{}", node.bind));
    for (name, file, prefix) in
        [(SECRET, "jwt-secret", String::new()), (KEYS, "key-ring", format!("{FIRST_KEY}:"))]
    {
        if !values.has(name) {
            let path = node.data_dir.join(file);
            let secret = kept_secret(&path, entropy).map_err(|source| SettingsError::File {
                what: name.to_owned(),
                path: path.display().to_string(),
                source,
            })?;
            values.complete(name, || prefix + &secret);
        }
    }
    Ok(())
}

/// The secret in this file. A missing file is created once, with a new secret.
fn kept_secret(path: &Path, entropy: &dyn Entropy) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(secret) => return Ok(secret.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut bytes = [0_u8; 32];
    entropy.fill(&mut bytes);
    let secret = hex(&bytes);
    match private_file(path)? {
        Some(mut file) => file.write_all(secret.as_bytes())?,
        // Another process has created the file at this moment.
        None => return Ok(fs::read_to_string(path)?.trim().to_owned()),
    }
    Ok(secret)
}
