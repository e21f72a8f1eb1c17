//! The address of a site.

use poem::http::Uri;

use super::{Setting, Value, Wrong};
use crate::kernel::loopback::is_loopback;

/// The address of a site: scheme, host and port, without path, user or slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress(String);

impl WebAddress {
    /// Reads an address such as `https://tickets.example.org`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('/');
        let uri: Uri = text.parse().ok()?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let has_no_path = uri.path().trim_end_matches('/').is_empty() && uri.query().is_none();
        let authority = uri.authority()?;
        let is_site = !authority.host().is_empty() && !authority.as_str().contains('@');
        (is_web && has_no_path && is_site).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the site is on this machine alone.
    pub fn is_loopback(&self) -> bool {
        let uri: Option<Uri> = self.0.parse().ok();
        uri.as_ref().and_then(Uri::host).is_some_and(is_loopback)
    }

    /// Whether connections to the site are encrypted.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl Value for WebAddress {
    const FORM: &'static str = "an address such as https://tickets.example.org";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        Self::parse(text).ok_or(Wrong::Form)
    }
}
