//! The settings of payments: which gateway takes the money, and what Stripe wants to know.

use poem::http::Uri;

use super::{ConfigError, PaymentProvider, Raw};
use crate::kernel::{
    environment::Environment,
    ports::payments::method_types::{METHOD_TYPES, MethodType},
};

/// The account at Stripe.
#[derive(Clone)]
pub struct StripeConfig {
    /// `sk_…`, or a restricted key `rk_…`.
    pub secret_key: String,
    /// `pk_…`; the page may know it.
    pub publishable_key: String,
    /// Each may have signed a webhook: while a secret is replaced there are two.
    pub webhook_secrets: Vec<String>,
    /// Where Stripe is; another address in tests.
    pub api_base: String,
    /// What the page offers.
    pub method_types: Vec<MethodType>,
}

impl std::fmt::Debug for StripeConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StripeConfig").field("api_base", &self.api_base).finish_non_exhaustive()
    }
}

impl StripeConfig {
    /// Whether the account takes real money.
    pub fn is_live(&self) -> bool {
        is_live(&self.secret_key)
    }
}

fn is_live(key: &str) -> bool {
    key.contains("_live_")
}

/// Where Stripe is.
const STRIPE: &str = "https://api.stripe.com";

const PROVIDER: &str = "DEFAULT_PAYMENT_PROVIDER";
const SECRET_KEY: &str = "STRIPE_SECRET_KEY";
const PUBLISHABLE_KEY: &str = "STRIPE_PUBLISHABLE_KEY";
const WEBHOOK_SECRET: &str = "STRIPE_WEBHOOK_SECRET";
const API_BASE: &str = "STRIPE_API_BASE";
const OFFERED: &str = "STRIPE_METHOD_TYPES";
const PUBLIC_URL: &str = "PUBLIC_URL";

fn refused(name: &'static str, message: &str) -> ConfigError {
    ConfigError::Refused { name, message: message.to_owned() }
}

/// Which gateway: the named one, else Stripe where there is a key for it.
pub(super) fn provider(raw: &Raw) -> Result<PaymentProvider, ConfigError> {
    let named = raw.default_payment_provider;
    let provider = named.unwrap_or(match raw.stripe_secret_key {
        Some(_) => PaymentProvider::Stripe,
        None => PaymentProvider::Simulated,
    });
    if raw.holdfast_env == Environment::Production && provider == PaymentProvider::Simulated {
        return Err(refused(PROVIDER, "must be stripe: the simulated gateway is for development"));
    }
    Ok(provider)
}

/// Everything that Stripe needs, where Stripe takes the money.
pub(super) fn stripe(
    raw: &Raw,
    provider: PaymentProvider,
    public_url: &str,
) -> Result<Option<StripeConfig>, ConfigError> {
    if provider != PaymentProvider::Stripe {
        return Ok(None);
    }
    let needed = |name, value: &Option<String>, prefixes: &[&str]| {
        let value = value.clone().ok_or_else(|| refused(name, "is needed by Stripe"))?;
        let known = prefixes.iter().any(|prefix| value.starts_with(prefix));
        let sound = known && value.bytes().all(|byte| byte.is_ascii_graphic());
        if sound { Ok(value) } else { Err(refused(name, "does not look like one")) }
    };
    let secret_key = needed(SECRET_KEY, &raw.stripe_secret_key, &["sk_", "rk_"])?;
    let publishable_key = needed(PUBLISHABLE_KEY, &raw.stripe_publishable_key, &["pk_"])?;
    if is_live(&secret_key) != is_live(&publishable_key) {
        return Err(refused(
            PUBLISHABLE_KEY,
            "must be of the same mode, test or live, as STRIPE_SECRET_KEY",
        ));
    }
    let listed = needed(WEBHOOK_SECRET, &raw.stripe_webhook_secret, &["whsec_"])?;
    let webhook_secrets: Vec<String> = listed.split(',').map(str::to_owned).collect();
    let sound = |secret: &String| secret.strip_prefix("whsec_").is_some_and(|it| !it.is_empty());
    if !webhook_secrets.iter().all(sound) {
        return Err(refused(WEBHOOK_SECRET, "each, separated by commas, must start with whsec_"));
    }
    if is_live(&secret_key) && !public_url.starts_with("https://") {
        return Err(refused(PUBLIC_URL, "must be https:// where Stripe takes real money"));
    }
    let api_base = api_base(raw)?;
    let method_types = method_types(raw.stripe_method_types.as_deref().unwrap_or("card"))?;
    Ok(Some(StripeConfig { secret_key, publishable_key, webhook_secrets, api_base, method_types }))
}

fn method_types(listed: &str) -> Result<Vec<MethodType>, ConfigError> {
    let mut offered: Vec<MethodType> = Vec::new();
    for name in listed.split(',').map(str::trim) {
        let Some(found) = METHOD_TYPES.into_iter().find(|it| it.name == name) else {
            let all = METHOD_TYPES.map(|it| it.name).join(", ");
            return Err(refused(OFFERED, &format!("`{name}` cannot be offered; there are: {all}")));
        };
        if offered.contains(&found) {
            return Err(refused(OFFERED, &format!("`{name}` stands there twice")));
        }
        offered.push(found);
    }
    Ok(offered)
}

fn api_base(raw: &Raw) -> Result<String, ConfigError> {
    let Some(base) = &raw.stripe_api_base else {
        return Ok(STRIPE.to_owned());
    };
    let base = address(API_BASE, base)?;
    if raw.holdfast_env == Environment::Production && !base.starts_with("https://") {
        return Err(refused(API_BASE, "must be https:// in production"));
    }
    Ok(base)
}

/// Where people reach the program.
pub(super) fn public_url(raw: &Raw) -> Result<String, ConfigError> {
    match &raw.public_url {
        Some(url) => address(PUBLIC_URL, url),
        None if raw.holdfast_env == Environment::Production => {
            Err(refused(PUBLIC_URL, "has no default in production"))
        }
        None => Ok(format!("http://{}", raw.holdfast_bind)),
    }
}

/// An address without a path, without the sign at its end.
pub(super) fn address(name: &'static str, text: &str) -> Result<String, ConfigError> {
    let wrong = || refused(name, "must be an address such as https://tickets.example.org");
    let text = text.trim().trim_end_matches('/');
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let plain = uri.path().trim_end_matches('/').is_empty() && uri.query().is_none();
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let named =
        uri.authority().is_some_and(|it| !it.host().is_empty() && !it.as_str().contains('@'));
    if plain && web && named { Ok(text.to_owned()) } else { Err(wrong()) }
}
