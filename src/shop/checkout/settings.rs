//! The settings of payments: which gateway takes the money, and what Stripe needs to know.

use crate::kernel::{
    ports::payments::method_types::{METHOD_TYPES, MethodType},
    settings::{
        Secret, Setting, SettingRefusal, SettingsSection, Value, Values, WebAddress, Wrong, one_of,
        optional, parts, section, text,
    },
};

section! {
    /// Payment
    pub struct PaymentSettings {
        /// The payment gateway. Production refuses `simulated`.
        pub provider: Option<Provider> = optional(
            "DEFAULT_PAYMENT_PROVIDER",
            "`stripe` if `STRIPE_SECRET_KEY` is set, otherwise `simulated`",
        ),
        /// The secret key of the Stripe account, or a restricted key that may write PaymentIntents and refunds.
        pub secret_key: Option<SecretKey> = optional("STRIPE_SECRET_KEY", "none"),
        /// The key of the Stripe account that the page may know; of the same mode (test or live) as the secret key.
        pub publishable_key: Option<PublishableKey> = optional("STRIPE_PUBLISHABLE_KEY", "none"),
        /// Verifies the signatures of webhooks; several while one secret replaces another.
        pub webhook_secrets: Option<WebhookSecrets> = optional("STRIPE_WEBHOOK_SECRET", "none"),
        /// The address of Stripe's API, or of its replacement in tests. It must be https:// in production.
        pub api_base: WebAddress = text("STRIPE_API_BASE", "https://api.stripe.com"),
        /// The payment methods that the page offers, in this order: `card`, `alipay`, `bancontact`, `eps`, `fpx`,
        /// `grabpay`, `ideal`, `mb_way`, `p24`, `paynow`, `promptpay`, `swish`, `twint`. Each must be active in the
        /// Stripe account. The page shows the methods that support the event's currency.
        pub method_types: MethodTypes = text("STRIPE_METHOD_TYPES", "card"),
    }
}

/// The name of a payment gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// The built-in gateway, for development and tests.
    Simulated,
    /// Stripe, or its replacement at `STRIPE_API_BASE`.
    Stripe,
}

impl Value for Provider {
    const FORM: &'static str = "`simulated` or `stripe`";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        one_of(text, &[("simulated", Self::Simulated), ("stripe", Self::Stripe)])
    }
}

/// The gateway that takes the money, with everything that it needs.
#[derive(Debug, Clone)]
pub enum GatewaySettings {
    Simulated,
    Stripe(StripeAccount),
}

#[derive(Debug, Clone)]
pub struct StripeAccount {
    /// The key that authenticates our calls.
    pub secret_key: SecretKey,
    /// The key that the page may know.
    pub publishable_key: PublishableKey,
    /// The secrets that may have signed a webhook.
    pub webhook_secrets: WebhookSecrets,
    /// The address of Stripe's API.
    pub api_base: WebAddress,
    /// The payment methods that the page offers.
    pub method_types: MethodTypes,
}

impl StripeAccount {
    /// Whether the account takes real money.
    pub fn is_live(&self) -> bool {
        is_live(self.secret_key.expose())
    }
}

impl SettingsSection for GatewaySettings {
    const TITLE: &'static str = PaymentSettings::TITLE;
    const SETTINGS: &'static [Setting] = PaymentSettings::SETTINGS;

    fn read(values: &Values) -> Result<Self, SettingRefusal> {
        PaymentSettings::read(values)?.payment()
    }
}

impl PaymentSettings {
    /// The named gateway. Without a name, Stripe if there is a key for it, otherwise the simulated gateway.
    fn payment(self) -> Result<GatewaySettings, SettingRefusal> {
        let found = if self.secret_key.is_some() { Provider::Stripe } else { Provider::Simulated };
        match self.provider.unwrap_or(found) {
            Provider::Simulated => Ok(GatewaySettings::Simulated),
            Provider::Stripe => self.account().map(GatewaySettings::Stripe),
        }
    }

    fn account(self) -> Result<StripeAccount, SettingRefusal> {
        let secret_key = needed("STRIPE_SECRET_KEY", self.secret_key)?;
        let publishable_key = needed("STRIPE_PUBLISHABLE_KEY", self.publishable_key)?;
        if is_live(secret_key.expose()) != is_live(publishable_key.as_str()) {
            return Err(SettingRefusal::new(
                "STRIPE_PUBLISHABLE_KEY",
                "must be of the same mode, test or live, as STRIPE_SECRET_KEY",
            ));
        }
        Ok(StripeAccount {
            secret_key,
            publishable_key,
            webhook_secrets: needed("STRIPE_WEBHOOK_SECRET", self.webhook_secrets)?,
            api_base: self.api_base,
            method_types: self.method_types,
        })
    }
}

fn needed<T>(name: &'static str, value: Option<T>) -> Result<T, SettingRefusal> {
    value.ok_or_else(|| SettingRefusal::new(name, "is needed by Stripe"))
}

fn is_live(key: &str) -> bool {
    key.contains("_live_")
}

/// Whether the text has the form of Stripe's keys: one of these prefixes, followed by further characters.
fn is_key(text: &str, prefixes: &[&str]) -> bool {
    let rest = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// A secret key (`sk_…`) or a restricted key (`rk_…`).
#[derive(Debug, Clone)]
pub struct SecretKey(Secret);

impl SecretKey {
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Value for SecretKey {
    const FORM: &'static str = "a key that starts with sk_ or rk_";
    const IS_SECRET: bool = true;

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        let known = is_key(text, &["sk_", "rk_"]);
        known.then(|| Self(Secret::new(text))).ok_or(Wrong::Form)
    }
}

/// A publishable key (`pk_…`), which pages may contain.
#[derive(Debug, Clone)]
pub struct PublishableKey(String);

impl PublishableKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for PublishableKey {
    const FORM: &'static str = "a key that starts with pk_";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        is_key(text, &["pk_"]).then(|| Self(text.to_owned())).ok_or(Wrong::Form)
    }
}

/// The secrets of webhooks (`whsec_…`), at least one.
#[derive(Debug, Clone)]
pub struct WebhookSecrets(Vec<Secret>);

impl WebhookSecrets {
    pub fn expose(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Secret::expose)
    }
}

impl Value for WebhookSecrets {
    const FORM: &'static str = "a comma-separated list of secrets that start with whsec_";
    const IS_SECRET: bool = true;

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        let secrets: Vec<&str> = parts(text).collect();
        if secrets.is_empty() || !secrets.iter().all(|secret| is_key(secret, &["whsec_"])) {
            return Err(Wrong::Form);
        }
        Ok(Self(secrets.into_iter().map(Secret::new).collect()))
    }
}

/// Types of payment methods that the page offers, at least one.
#[derive(Debug, Clone)]
pub struct MethodTypes(Vec<MethodType>);

impl MethodTypes {
    /// The types in the order in which the page shows them.
    pub fn iter(&self) -> impl Iterator<Item = &MethodType> {
        self.0.iter()
    }
}

impl Value for MethodTypes {
    const FORM: &'static str = "a comma-separated list of payment methods";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        let mut offered: Vec<MethodType> = Vec::new();
        for name in text.split(',').map(str::trim) {
            let Some(found) = METHOD_TYPES.into_iter().find(|it| it.name == name) else {
                let all = METHOD_TYPES.map(|it| it.name).join(", ");
                let reason = format!("`{name}` cannot be offered; there are: {all}");
                return Err(Wrong::Because(reason));
            };
            if offered.contains(&found) {
                return Err(Wrong::Because(format!("`{name}` stands there twice")));
            }
            offered.push(found);
        }
        Ok(Self(offered))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_method_type() {
        let setting =
            PaymentSettings::SETTINGS.iter().find(|setting| setting.name == "STRIPE_METHOD_TYPES");
        let help = setting.expect("a setting").help;
        for kind in METHOD_TYPES {
            assert!(help.contains(&format!("`{}`", kind.name)), "{}", kind.name);
        }
    }
}
