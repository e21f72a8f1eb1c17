//! The settings of the HTTP interface.

use super::{cors::Origins, proxies::TrustedProxies, tokens::SigningSecret};
use crate::kernel::settings::{WebAddress, in_development, section, text};

section! {
    /// Network
    pub struct NetworkSettings {
        /// The address at which people reach the application; redirects start with it. It must be https:// with live
        /// keys of Stripe.
        pub public_url: WebAddress = in_development("PUBLIC_URL", "`http://` and `HOLDFAST_BIND`"),
        /// Other sites whose pages may call the API.
        pub cors_origins: Origins = text("CORS_ORIGINS", ""),
        /// The proxies whose `X-Forwarded-For` the server trusts.
        pub trusted_proxies: TrustedProxies = text("TRUSTED_PROXIES", ""),
    }
}

section! {
    /// Tokens
    pub struct TokenSettings {
        /// Signs access tokens and guest tokens; the same on all nodes.
        pub secret: SigningSecret = in_development("JWT_SECRET", "generated once and kept in the data folder"),
    }
}
