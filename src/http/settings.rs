//! The settings of the HTTP interface.

use super::{
    cors::Origins,
    proxies::{ProxyHeader, TrustedProxies},
    secret::SigningSecret,
};
use crate::kernel::settings::{WebAddress, in_development, optional, section, text};

section! {
    /// Network
    pub struct NetworkSettings {
        /// The address at which people reach the application; redirects start with it. It must be https:// in
        /// production, unless it is an address of this machine, and with live keys of Stripe.
        pub public_url: WebAddress = in_development("PUBLIC_URL", "`http://` and `HOLDFAST_BIND`"),
        /// Other sites whose pages may call the API.
        pub cors_origins: Origins = text("CORS_ORIGINS", ""),
        /// The proxies that the server trusts to say where a request comes from. Production refuses networks that contain
        /// about everybody.
        pub trusted_proxies: TrustedProxies = text("TRUSTED_PROXIES", ""),
        /// The header in which the trusted proxies say it.
        pub proxy_header: ProxyHeader = text("TRUSTED_PROXY_HEADER", "X-Forwarded-For"),
    }
}

section! {
    /// Tokens
    pub struct TokenSettings {
        /// Signs access tokens; the same on all nodes. Production refuses a secret that can be guessed: take the
        /// output of `openssl rand -hex 32`.
        pub secret: SigningSecret = in_development("JWT_SECRET", "generated once and kept in the data folder"),
        /// The previous value of `JWT_SECRET`. Tokens that it signed are accepted until they expire.
        pub previous_secret: Option<SigningSecret> = optional("JWT_SECRET_PREVIOUS", "none"),
        /// Signs the tokens of guests, which do not expire; the same on all nodes.
        pub guest_secret: Option<SigningSecret> = optional("GUEST_TOKEN_SECRET", "derived from `JWT_SECRET`"),
    }
}
