//! Which payment gateway there is, and the slices that stand on it.

use std::sync::Arc;

use holdfast_contract::bookings::PaymentMethodType;
use holdfast_domain::checkout::Taking;

use crate::{
    adapters::{
        simulated_gateway::SimulatedGateway,
        stripe::{StripeGateway, StripeSettings},
    },
    kernel::{
        base::Base,
        ports::{PaymentGateway, payments::method_types::MethodType},
    },
    money::refunds::Refunds,
    settings::Config,
    shop::{
        checkout::{Checkouts, WebhookSettings, buyer_return},
        reservations::Reservations,
    },
};

/// Paying and giving back, through the gateway that the configuration names.
pub(super) fn checkouts(
    config: &Config,
    base: &Base,
    reservations: &Reservations,
) -> anyhow::Result<(Checkouts, Refunds)> {
    let relay = reservations.relay.clone();
    if let Some(account) = &config.stripe {
        let gateway = StripeGateway::new(StripeSettings {
            secret_key: account.secret_key.clone(),
            publishable_key: account.publishable_key.clone(),
            api_base: account.api_base.clone(),
            return_url: format!("{}{}", config.public_url, buyer_return::PATH),
        })?;
        let webhooks =
            WebhookSettings { secrets: account.webhook_secrets.clone(), live: account.is_live() };
        let gateway = with_faults(Arc::new(gateway));
        let refunds = Refunds::new(base.clone(), Arc::clone(&gateway));
        let checkouts = Checkouts::new(base.clone(), relay, gateway, None, refunds.clone());
        let offered = account.method_types.iter().map(offered).collect();
        return Ok((checkouts.with_webhooks(webhooks).offering(offered), refunds));
    }
    let entropy = Arc::clone(&base.entropy);
    let gateway = Arc::new(SimulatedGateway::new(base.db.clone(), entropy));
    let bank = Arc::clone(&gateway);
    let gateway = with_faults(gateway);
    let refunds = Refunds::new(base.clone(), Arc::clone(&gateway));
    let checkouts = Checkouts::new(base.clone(), relay, gateway, Some(bank), refunds.clone());
    Ok((checkouts, refunds))
}

fn offered(kind: &MethodType) -> PaymentMethodType {
    PaymentMethodType {
        name: kind.name.to_owned(),
        at_once: kind.taking == Taking::AtOnce,
        currencies: kind.currencies.iter().map(|code| (*code).to_owned()).collect(),
    }
}

/// The gateway behind the faults that tests plan, in a program that is built for them.
fn with_faults(gateway: Arc<dyn PaymentGateway>) -> Arc<dyn PaymentGateway> {
    #[cfg(feature = "failpoints")]
    let gateway = Arc::new(crate::adapters::faulty_gateway::FaultyGateway::before(gateway));
    gateway
}
