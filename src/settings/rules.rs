//! Rules that concern several settings.

use super::Config;
use crate::{
    kernel::{environment::Environment, settings::Refusal},
    shop::{checkout::settings::Payment, reservations::settings::RateLimits},
};

/// # Errors
/// The first rule that is broken.
pub(super) fn check(config: &Config) -> Result<(), Refusal> {
    if config.node.environment == Environment::Production {
        production(config)?;
    }
    if !config.redis.urls.is_empty() && config.database.url.is_sqlite() {
        return refuse("REDIS_URLS", "several nodes need PostgreSQL: set DATABASE_URL, too");
    }
    if config.holds.cap < config.holds.ttl {
        return refuse("RESERVATION_CAP_MINUTES", "must not be below RESERVATION_TIMEOUT_MINUTES");
    }
    if let Payment::Stripe(account) = &config.payment
        && account.is_live()
        && !config.network.public_url.is_https()
    {
        return refuse("PUBLIC_URL", "must be https:// where Stripe takes real money");
    }
    Ok(())
}

fn production(config: &Config) -> Result<(), Refusal> {
    match &config.payment {
        Payment::Simulated => {
            return refuse(
                "DEFAULT_PAYMENT_PROVIDER",
                "must be stripe: the simulated gateway is for development",
            );
        }
        Payment::Stripe(account) if !account.api_base.is_https() => {
            return refuse("STRIPE_API_BASE", "must be https:// in production");
        }
        Payment::Stripe(_) => {}
    }
    if config.holds.rate_limits == RateLimits::Off {
        return refuse("RATE_LIMITS", "cannot be off in production");
    }
    Ok(())
}

fn refuse(name: &'static str, message: &str) -> Result<(), Refusal> {
    Err(Refusal::new(name, message))
}
