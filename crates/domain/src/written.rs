//! What is written down as JSON together with the format that it is of, so that a program leaves alone what a newer
//! one wrote.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A record that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Written by a version of the program that this one does not know.
    #[error("a record of format {0}, which this program does not read")]
    Format(u16),
    /// No such record.
    #[error("not such a record")]
    Syntax(#[from] serde_json::Error),
}

/// Reads a record, provided that its member `format` is one of these.
pub(crate) fn decode<T: DeserializeOwned>(
    text: &str,
    formats: RangeInclusive<u16>,
) -> Result<T, Unreadable> {
    #[derive(Deserialize)]
    struct Head {
        format: u16,
    }
    let head: Head = serde_json::from_str(text)?;
    if !formats.contains(&head.format) {
        return Err(Unreadable::Format(head.format));
    }
    Ok(serde_json::from_str(text)?)
}

/// Writes a record down.
pub(crate) fn encode(record: &impl Serialize) -> String {
    serde_json::to_string(record).expect("our records have no maps with odd keys")
}
