//! Chooses the adapters by the settings.

use std::sync::Arc;

use holdfast_contract::bookings::PaymentMethodType;
use holdfast_domain::checkout::Taking;

use crate::{
    adapters::{
        in_process::{InProcessBroker, InProcessLocks},
        in_process_limiter::InProcessLimiter,
        kept_mail::KeptMails,
        redis_broker::RedisBroker,
        redis_limiter::RedisLimiter,
        redis_nodes,
        redlock::Redlock,
        simulated_gateway::SimulatedGateway,
        smtp::SmtpMailer,
        stripe::{StripeGateway, StripeSettings},
        system::{SystemClock, SystemEntropy},
    },
    kernel::{
        base::Base,
        db::{ClockOffset, Db},
        environment::Environment,
        ports::{
            Broker, Clock, Entropy, LockManager, Mailer, PaymentGateway, RateLimiter,
            payments::{SimulatedBank, method_types::MethodType},
        },
        tasks::Tasks,
    },
    legal::Legal,
    live::Relay,
    messages::settings::MailSettings,
    money::refunds::Refunds,
    settings::{Authority, Config},
    shop::checkout::{Checkouts, WebhookSettings, buyer_return, settings::GatewaySettings},
};

pub(super) async fn base(config: &Config) -> anyhow::Result<Base> {
    let offset = match config.node.environment {
        Environment::Development => ClockOffset::Applied,
        Environment::Production => ClockOffset::Ignored,
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let database = &config.database;
    let db = Db::connect(database.url.expose(), database.pool, offset, &clock).await?;
    #[cfg(feature = "failpoints")]
    let db = match config.sabotage.dropped_guard {
        Some(guard) => db.without_guard(guard),
        None => db,
    };
    Ok(Base { db, entropy, clock, tasks: Tasks::default() })
}

/// Locks in this process, or Redlock over the nodes of `REDIS_URLS`.
pub(super) fn locks(config: &Config, base: &Base) -> anyhow::Result<Arc<dyn LockManager>> {
    #[cfg(feature = "failpoints")]
    if config.sabotage.locks_say_yes {
        return Ok(Arc::new(crate::adapters::sabotage::YesLocks));
    }
    if config.redis.urls.is_empty() {
        return Ok(Arc::new(InProcessLocks::default()));
    }
    let (clock, tasks) = (Arc::clone(&base.clock), base.tasks.clone());
    Ok(Arc::new(Redlock::new(redis(config)?, config.redis.lock_ttl, clock, tasks)))
}

/// Wake-ups within this process, or over the nodes of `REDIS_URLS`.
pub(super) fn broker(config: &Config, base: &Base) -> anyhow::Result<Arc<dyn Broker>> {
    if config.redis.urls.is_empty() {
        return Ok(Arc::new(InProcessBroker::default()));
    }
    Ok(Arc::new(RedisBroker::start(redis(config)?, &base.tasks)))
}

/// The nodes of `REDIS_URLS`.
fn redis(config: &Config) -> redis::RedisResult<Vec<redis::Client>> {
    redis_nodes::clients(
        config.redis.urls.expose(),
        config.redis.authority.as_ref().map(Authority::pem),
    )
}

/// Buckets in this process, or on the nodes of `REDIS_URLS`.
pub(super) fn limiter(config: &Config, base: &Base) -> anyhow::Result<Arc<dyn RateLimiter>> {
    #[cfg(feature = "failpoints")]
    if config.sabotage.limiter_says_yes {
        return Ok(Arc::new(crate::adapters::sabotage::YesLimiter));
    }
    let clock = Arc::clone(&base.clock);
    if config.redis.urls.is_empty() {
        return Ok(Arc::new(InProcessLimiter::new(clock)));
    }
    Ok(Arc::new(RedisLimiter::start(&redis(config)?, clock, base.tasks.clone())))
}

/// The mail server of the settings, or a place where mails are kept.
pub(super) fn mailer(config: &Config, base: &Base) -> Arc<dyn Mailer> {
    match &config.mail {
        MailSettings::Kept => Arc::new(KeptMails::new(base.db.clone())),
        MailSettings::Smtp { url, from } => {
            let (from, clock) = (from.mailbox().clone(), Arc::clone(&base.clock));
            Arc::new(SmtpMailer::start(url.server().clone(), from, clock, &base.tasks))
        }
    }
}

/// The payment gateway, and the parts that only some gateways have.
pub(super) struct GatewayParts {
    gateway: Arc<dyn PaymentGateway>,
    /// The buyer's bank. Only the simulated gateway has one.
    bank: Option<Arc<dyn SimulatedBank>>,
    webhooks: Option<WebhookSettings>,
    offered: Vec<PaymentMethodType>,
}

/// Stripe when the settings name it, otherwise the simulated gateway.
pub(super) fn gateway(config: &Config, base: &Base) -> anyhow::Result<GatewayParts> {
    let GatewaySettings::Stripe(account) = &config.payment else {
        let entropy = Arc::clone(&base.entropy);
        let gateway = Arc::new(SimulatedGateway::new(base.db.clone(), entropy));
        let bank = Arc::clone(&gateway);
        return Ok(GatewayParts {
            gateway: with_faults(gateway),
            bank: Some(bank),
            webhooks: None,
            offered: Vec::new(),
        });
    };
    let gateway = StripeGateway::new(StripeSettings {
        secret_key: account.secret_key.expose().to_owned(),
        publishable_key: account.publishable_key.as_str().to_owned(),
        api_base: account.api_base.as_str().to_owned(),
        return_url: format!("{}{}", config.network.public_url.as_str(), buyer_return::PATH),
    })?;
    let secrets = account.webhook_secrets.expose().map(str::to_owned).collect();
    let webhooks = WebhookSettings { secrets, live: account.is_live() };
    Ok(GatewayParts {
        gateway: with_faults(Arc::new(gateway)),
        bank: None,
        webhooks: Some(webhooks),
        offered: account.method_types.iter().map(offered).collect(),
    })
}

impl GatewayParts {
    /// The checkouts and the refunds that use this gateway.
    pub(super) fn checkouts(
        self,
        base: &Base,
        relay: &Relay,
        legal: &Legal,
    ) -> (Checkouts, Refunds) {
        let refunds = Refunds::new(base.clone(), Arc::clone(&self.gateway));
        let (base, relay, legal) = (base.clone(), relay.clone(), legal.clone());
        let checkouts =
            Checkouts::new(base, relay, legal, self.gateway, self.bank, refunds.clone())
                .offering(self.offered);
        let checkouts = match self.webhooks {
            Some(webhooks) => checkouts.with_webhooks(webhooks),
            None => checkouts,
        };
        (checkouts, refunds)
    }
}

fn offered(kind: &MethodType) -> PaymentMethodType {
    PaymentMethodType {
        name: kind.name.to_owned(),
        at_once: kind.taking == Taking::AtOnce,
        currencies: kind.currencies.iter().map(|code| (*code).to_owned()).collect(),
    }
}

/// In a build for tests, wraps the gateway in the faults that tests plan.
fn with_faults(gateway: Arc<dyn PaymentGateway>) -> Arc<dyn PaymentGateway> {
    #[cfg(feature = "failpoints")]
    let gateway = Arc::new(crate::adapters::faulty_gateway::FaultyGateway::before(gateway));
    gateway
}
