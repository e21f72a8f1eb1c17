//! Rules that concern several settings.

use super::{Config, node::DevelopmentReach};
use crate::{
    http::{limits::settings::RateLimits, secret::SigningSecret, settings::TokenSettings},
    kernel::{environment::Environment, settings::SettingRefusal},
    messages::settings::MailSettings,
    shop::checkout::settings::GatewaySettings,
};

const GUESSABLE: &str = "can be guessed: set the output of `openssl rand -hex 32`";

/// # Errors
/// The first rule that is broken.
pub(super) fn check(config: &Config) -> Result<(), SettingRefusal> {
    match config.node.environment {
        Environment::Development => development(config)?,
        Environment::Production => production(config)?,
    }
    if !config.redis.urls.is_empty() && config.database.url.is_sqlite() {
        return refuse("REDIS_URLS", "several nodes need PostgreSQL: set DATABASE_URL, too");
    }
    if config.holds.cap < config.holds.ttl {
        return refuse("RESERVATION_CAP_MINUTES", "must not be below RESERVATION_TIMEOUT_MINUTES");
    }
    if let GatewaySettings::Stripe(account) = &config.payment
        && account.is_live()
        && !config.network.public_url.is_https()
    {
        return refuse("PUBLIC_URL", "must be https:// where Stripe takes real money");
    }
    Ok(())
}

fn production(config: &Config) -> Result<(), SettingRefusal> {
    match &config.payment {
        GatewaySettings::Simulated => {
            return refuse(
                "DEFAULT_PAYMENT_PROVIDER",
                "must be stripe: the simulated gateway is for development",
            );
        }
        GatewaySettings::Stripe(account) if !account.api_base.is_https() => {
            return refuse("STRIPE_API_BASE", "must be https:// in production");
        }
        GatewaySettings::Stripe(_) => {}
    }
    if matches!(config.mail, MailSettings::Kept) {
        return refuse("SMTP_URL", "is needed in production: buyers get their bookings by mail");
    }
    if config.limits.rate_limits == RateLimits::Off {
        return refuse("RATE_LIMITS", "cannot be off in production");
    }
    if config.network.trusted_proxies.are_about_everybody() {
        return refuse(
            "TRUSTED_PROXIES",
            "trusts about everybody: name the addresses of your own proxies",
        );
    }
    let public_url = &config.network.public_url;
    if !public_url.is_https() && !public_url.is_loopback() {
        return refuse("PUBLIC_URL", "must be https:// in production: serve the site through TLS");
    }
    secrets(&config.tokens)?;
    let mut keys = config.keys.ring.expose().filter_map(|key| SigningSecret::new(&key));
    if keys.any(|key| key.is_guessable()) {
        return refuse("KEY_RING", GUESSABLE);
    }
    Ok(())
}

fn development(config: &Config) -> Result<(), SettingRefusal> {
    let is_reachable = !config.node.bind.ip().to_canonical().is_loopback();
    if is_reachable && config.node.development_reach == DevelopmentReach::Loopback {
        return refuse(
            "HOLDFAST_BIND",
            "must be a loopback address in development, where everybody can move the clock and knows the \
             passwords: set HOLDFAST_ENV=production, or HOLDFAST_DEVELOPMENT_ANYWHERE=true",
        );
    }
    Ok(())
}

fn secrets(tokens: &TokenSettings) -> Result<(), SettingRefusal> {
    for (name, secret) in [
        ("JWT_SECRET", Some(&tokens.secret)),
        ("JWT_SECRET_PREVIOUS", tokens.previous_secret.as_ref()),
        ("GUEST_TOKEN_SECRET", tokens.guest_secret.as_ref()),
    ] {
        if secret.is_some_and(SigningSecret::is_guessable) {
            return refuse(name, GUESSABLE);
        }
    }
    Ok(())
}

fn refuse(name: &'static str, message: &str) -> Result<(), SettingRefusal> {
    Err(SettingRefusal::new(name, message))
}
