//! Records that are stored as JSON with a format number, such as checkouts and refunds. A program neither reads nor
//! changes a record whose format is newer than the program.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Why a stored record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableRecord {
    /// The record has this format, which this version of the program does not know.
    #[error("a record of format {0}, which this program does not read")]
    Format(u16),
    /// The text is not the JSON of such a record.
    #[error("not such a record")]
    Syntax(#[from] serde_json::Error),
    /// The record's parts contradict each other.
    #[error("a record that contradicts itself: {0}")]
    Contradictory(&'static str),
}

/// Reads a record, if the number in its member `format` is in the given range.
pub(crate) fn decode<T: DeserializeOwned>(
    text: &str,
    formats: RangeInclusive<u16>,
) -> Result<T, UnreadableRecord> {
    #[derive(Deserialize)]
    struct FormatHead {
        format: u16,
    }
    let head: FormatHead = serde_json::from_str(text)?;
    if !formats.contains(&head.format) {
        return Err(UnreadableRecord::Format(head.format));
    }
    Ok(serde_json::from_str(text)?)
}

/// Writes a record as JSON.
pub(crate) fn encode(record: &impl Serialize) -> String {
    serde_json::to_string(record).expect("our records have no maps with odd keys")
}
