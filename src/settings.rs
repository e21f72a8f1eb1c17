//! The settings of the program: the list of all sections, and the rules between settings.
//!
//! Each section is declared in the unit that uses it; the mechanism is `kernel::settings`. A new section is a
//! line in `sections!` below. A new setting is a line in its section, and `make settings` writes the documents.

mod development;
mod node;
mod redis;
mod rules;
#[cfg(test)]
mod tests;

pub use self::redis::{Authority, RedisUrls};
use crate::{
    catalogue::settings::EventSettings,
    http::{
        connections::settings::ConnectionSettings,
        limits::settings::LimitSettings,
        overload::settings::OverloadSettings,
        settings::{NetworkSettings, TokenSettings},
    },
    identity::accounts::settings::AccountSettings,
    kernel::{
        db::settings::DatabaseSettings,
        environment::Environment,
        keys::settings::KeySettings,
        ports::Entropy,
        settings::{
            self, NoMarkers, SectionDeclaration, Setting, SettingsError, SettingsSection, Values,
        },
        telemetry::LogSettings,
    },
    legal::settings::LegalSettings,
    messages::settings::MailSettings,
    settings::{node::NodeSettings, redis::RedisSettings},
    shop::{checkout::settings::GatewaySettings, reservations::settings::HoldSettings},
};

macro_rules! sections {
    ($($name:ident: $section:ty,)+) => {
        /// The settings, read and checked.
        #[derive(Debug, Clone)]
        pub struct Config {
            $(pub $name: $section,)+
            /// Faults that tests switch on; none in production.
            #[cfg(feature = "failpoints")]
            pub sabotage: Sabotage,
        }

        /// Every section, in the order of the documents.
        const SECTIONS: &[SectionDeclaration] = &[$(SectionDeclaration::of::<$section>()),+];

        impl Config {
            fn read(values: &Values) -> Result<Self, SettingsError> {
                Ok(Self {
                    $($name: <$section>::read(values)?,)+
                    #[cfg(feature = "failpoints")]
                    sabotage: Sabotage::default(),
                })
            }
        }
    };
}

sections! {
    node: NodeSettings,
    network: NetworkSettings,
    connections: ConnectionSettings,
    overload: OverloadSettings,
    limits: LimitSettings,
    database: DatabaseSettings,
    redis: RedisSettings,
    tokens: TokenSettings,
    keys: KeySettings,
    accounts: AccountSettings,
    holds: HoldSettings,
    events: EventSettings,
    payment: GatewaySettings,
    mail: MailSettings,
    legal: LegalSettings,
    log: LogSettings,
}

/// Names that later versions will use. They are no settings yet.
const RESERVED: &[(&str, &str)] = &[
    ("TICKET_ENCRYPTION_KEY", "Encrypts the personal part of a ticket's code (base64, 32 bytes)."),
    ("TICKET_HMAC_KEY", "Authenticates rotating ticket codes (base64, 32 bytes)."),
    ("TICKET_SIGNING_KEY", "Signs what a gate checks offline (Ed25519, PKCS#8 PEM)."),
    ("AMQP_URL", "The address of a RabbitMQ server that also receives the outbox."),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "The address that receives traces (OTLP over HTTP)."),
    ("SENTRY_DSN", "The address that receives error reports."),
];

const INTRODUCTION: &str = "\
Settings of Holdfast. `make settings` writes this file from the declarations in the code.
The program reads its environment, not this file. In a shell, load a copy of the file with:
set -a; . ./.env; set +a
Docker Compose loads `.env` by itself. `holdfast serve` runs without any of these settings.
The value after an equals sign is the default, if there is one. An empty value counts as not set. At start, the \
program refuses a wrong value or an invalid combination and names the setting.
Each setting can also be given as NAME_FILE, the path of a file that contains the value, and in lower case in the \
TOML file that HOLDFAST_CONFIG names; settings that are marked \"environment only\" cannot. The environment takes \
precedence over NAME_FILE, and NAME_FILE over the TOML file.";

/// Faults that tests switch on, to see whether the checks find them.
#[cfg(feature = "failpoints")]
#[derive(Debug, Clone, Copy, Default)]
pub struct Sabotage {
    /// A guard that every statement leaves out.
    pub dropped_guard: Option<crate::kernel::db::Guard>,
    /// Whether the lock manager grants every lock.
    pub locks_say_yes: bool,
    /// Whether the rate limiter lets every request pass.
    pub limiter_says_yes: bool,
}

impl Config {
    /// Reads the environment, and the files that it names.
    ///
    /// # Errors
    /// Every wrong value by the name of its setting, or the first broken rule.
    pub fn load(entropy: &dyn Entropy) -> Result<Self, SettingsError> {
        Self::of(Values::load(declared(), |name| std::env::var(name))?, entropy)
    }

    /// Reads the settings from these values, and from no other source.
    ///
    /// # Errors
    /// Every wrong value by the name of its setting, or the first broken rule.
    pub fn of(mut values: Values, entropy: &dyn Entropy) -> Result<Self, SettingsError> {
        all_accepted(NodeSettings::SETTINGS.iter(), &values)?;
        let node = NodeSettings::read(&values)?;
        if node.environment == Environment::Development {
            development::complete(&mut values, &node, entropy)?;
        }
        all_accepted(declared(), &values)?;
        let config = Self::read(&values)?;
        rules::check(&config)?;
        Ok(config)
    }
}

fn all_accepted<'a>(
    settings: impl Iterator<Item = &'a Setting>,
    values: &Values,
) -> Result<(), SettingsError> {
    let refused: Vec<_> = settings.filter_map(|setting| setting.check(values).err()).collect();
    if refused.is_empty() { Ok(()) } else { Err(SettingsError::Refused(refused)) }
}

/// The settings of all sections, in the order of the documents.
fn declared() -> impl Iterator<Item = &'static Setting> + Clone {
    SECTIONS.iter().flat_map(|section| section.settings)
}

/// The text of the file `.env.example`, with all settings and their defaults.
pub fn env_example() -> String {
    settings::env_example(INTRODUCTION, SECTIONS, RESERVED)
}

/// The text of `docs/OPERATIONS.md` with an up-to-date table of all settings.
///
/// # Errors
/// When the document has no lines that mark the table.
pub fn with_table(document: &str) -> Result<String, NoMarkers> {
    settings::with_table(document, SECTIONS)
}
