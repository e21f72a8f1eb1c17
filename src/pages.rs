//! The front end as `scripts/frontend.sh` built it, in the program. Of the program, not of the library: whoever changes a
//! page waits for this alone.

use rust_embed::{EmbeddedFile, RustEmbed};

/// Without pages the program serves the API alone.
#[derive(RustEmbed)]
#[folder = "frontend/dist"]
#[allow_missing = true]
struct Dist;

/// The file of this name.
pub fn file(name: &str) -> Option<EmbeddedFile> {
    Dist::get(name)
}
