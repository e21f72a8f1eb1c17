//! The settings of who may call from where: other sites' pages, and proxies that speak for their callers.

use super::{ConfigError, payment};
use crate::http::proxies::TrustedProxies;

/// Reads `TRUSTED_PROXIES`.
///
/// # Errors
/// When a part is neither an address nor a network.
pub(super) fn proxies(list: Option<&str>) -> Result<TrustedProxies, ConfigError> {
    TrustedProxies::parse(parts(list)).ok_or_else(|| ConfigError::Refused {
        name: "TRUSTED_PROXIES",
        message: "each must be an address or a network, such as 10.0.0.0/8".to_owned(),
    })
}

/// Reads `CORS_ORIGINS`.
///
/// # Errors
/// When a part is no origin. A star is none: whoever may call is named.
pub(super) fn origins(list: Option<&str>) -> Result<Vec<String>, ConfigError> {
    parts(list).map(|origin| payment::address("CORS_ORIGINS", origin)).collect()
}

fn parts(list: Option<&str>) -> impl Iterator<Item = &str> {
    list.unwrap_or("").split(',').map(str::trim).filter(|part| !part.is_empty())
}
