//! The front end as `scripts/frontend.sh` built it, embedded in the program. This module is part of the program,
//! not of the library, so that a changed page recompiles only this module.

use rust_embed::{EmbeddedFile, RustEmbed};

/// The folder may be missing: the program then serves only the API.
#[derive(RustEmbed)]
#[folder = "frontend/dist"]
#[allow_missing = true]
struct Dist;

pub fn file(name: &str) -> Option<EmbeddedFile> {
    Dist::get(name)
}
