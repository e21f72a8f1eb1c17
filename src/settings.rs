//! The configuration: environment variables (each secret also as `NAME_FILE`), a TOML file beside them, typed
//! and checked at start. A wrong value or a bad combination is refused by its name.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::PathBuf, time::Duration};

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use serde::Deserialize;

use crate::{
    http::{proxies::TrustedProxies, tokens::MIN_SECRET_BYTES},
    kernel::{environment::Environment, hex::hex, ports::Entropy},
};

mod network;
mod payment;

pub use self::payment::StripeConfig;

/// The settings that may come from files: those that may hold secrets, and what belongs to them.
const FROM_FILES: [&str; 11] = [
    "DATABASE_URL",
    "REDIS_URLS",
    "JWT_SECRET",
    "STRIPE_SECRET_KEY",
    "STRIPE_PUBLISHABLE_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "STRIPE_API_BASE",
    "STRIPE_METHOD_TYPES",
    "PUBLIC_URL",
    "CORS_ORIGINS",
    "TRUSTED_PROXIES",
];
/// Everything that is read.
const KEYS: [&str; 23] = [
    "HOLDFAST_BIND",
    "HOLDFAST_ENV",
    "HOLDFAST_DATA_DIR",
    "HOLDFAST_DB_POOL",
    "DATABASE_URL",
    "REDIS_URLS",
    "JWT_SECRET",
    "RESERVATION_TIMEOUT_MINUTES",
    "RESERVATION_CAP_MINUTES",
    "LOCK_TTL_SECONDS",
    "HOLDS_PER_MINUTE",
    "RATE_LIMITS",
    "EXPIRY_PASS_SECONDS",
    "EVENT_PASS_SECONDS",
    "DEFAULT_PAYMENT_PROVIDER",
    "STRIPE_SECRET_KEY",
    "STRIPE_PUBLISHABLE_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "STRIPE_API_BASE",
    "STRIPE_METHOD_TYPES",
    "PUBLIC_URL",
    "CORS_ORIGINS",
    "TRUSTED_PROXIES",
];

/// Which gateway takes the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentProvider {
    /// The built-in one, for development and tests.
    Simulated,
    /// Stripe, or what stands in for it at `STRIPE_API_BASE`.
    Stripe,
}

/// The configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub bind: SocketAddr,
    /// Where the program runs.
    pub environment: Environment,
    /// Where the embedded store and the made secrets are kept.
    pub data_dir: PathBuf,
    /// The store.
    pub database_url: String,
    /// How many connections to PostgreSQL.
    pub db_pool: u32,
    /// Independent Redis nodes; none means locks and wake-ups in process.
    pub redis_urls: Vec<String>,
    /// Signs tokens.
    pub jwt_secret: Vec<u8>,
    /// How long a hold lasts where the event does not say.
    pub hold_ttl: Duration,
    /// How long a hold lasts at the most, extensions included.
    pub hold_cap: Duration,
    /// How long a lock lives when its holder dies.
    pub lock_ttl: Duration,
    /// How many holds one buyer may make of one event in a minute.
    pub holds_per_minute: u32,
    /// How often lapsed holds are cleared away.
    pub expiry_pass: Duration,
    /// How often events move on by time.
    pub event_pass: Duration,
    /// Which gateway takes the money.
    pub payment_provider: PaymentProvider,
    /// The account at Stripe, where Stripe takes the money.
    pub stripe: Option<StripeConfig>,
    /// Where people reach the program, without a slash at the end.
    pub public_url: String,
    /// Origins of other sites' pages that may call the API.
    pub cors_origins: Vec<String>,
    /// Proxies that may say for whom they speak.
    pub trusted_proxies: TrustedProxies,
    /// What tests break on purpose.
    #[cfg(feature = "failpoints")]
    pub sabotage: Sabotage,
}

/// What tests break on purpose, to see the checks fail (or hold).
#[cfg(feature = "failpoints")]
#[derive(Debug, Clone, Copy, Default)]
pub struct Sabotage {
    /// A predicate that is left out of every statement.
    pub dropped_guard: Option<crate::kernel::db::Guard>,
    /// Whether every lock is given to everybody.
    pub locks_say_yes: bool,
}

/// Why the configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value has the wrong form; the text names it.
    #[error("{0}")]
    Malformed(Box<figment::Error>),
    /// A value is not allowed.
    #[error("{name}: {message}")]
    Refused {
        /// The setting.
        name: &'static str,
        /// Why.
        message: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Whether callers are slowed down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RateLimits {
    On,
    Off,
}

#[derive(Debug, Deserialize)]
struct Raw {
    holdfast_bind: String,
    holdfast_env: Environment,
    holdfast_data_dir: PathBuf,
    holdfast_db_pool: u32,
    database_url: Option<String>,
    redis_urls: Option<String>,
    jwt_secret: Option<String>,
    reservation_timeout_minutes: u64,
    reservation_cap_minutes: u64,
    lock_ttl_seconds: u64,
    holds_per_minute: u32,
    rate_limits: RateLimits,
    expiry_pass_seconds: u64,
    event_pass_seconds: u64,
    default_payment_provider: Option<PaymentProvider>,
    stripe_secret_key: Option<String>,
    stripe_publishable_key: Option<String>,
    stripe_webhook_secret: Option<String>,
    stripe_api_base: Option<String>,
    stripe_method_types: Option<String>,
    public_url: Option<String>,
    cors_origins: Option<String>,
    trusted_proxies: Option<String>,
}

const DEFAULTS: &str = r#"
holdfast_bind = "127.0.0.1:8080"
holdfast_env = "development"
holdfast_data_dir = "data"
holdfast_db_pool = 16
reservation_timeout_minutes = 10
reservation_cap_minutes = 30
lock_ttl_seconds = 5
holds_per_minute = 30
rate_limits = "on"
expiry_pass_seconds = 15
event_pass_seconds = 60
"#;

impl Config {
    /// Reads the environment and, where it exists, the file that `HOLDFAST_CONFIG` names (else
    /// `holdfast.toml`).
    ///
    /// # Errors
    /// The first fault, by its name.
    pub fn load(entropy: &dyn Entropy) -> Result<Self, ConfigError> {
        let file = std::env::var("HOLDFAST_CONFIG").unwrap_or_else(|_| "holdfast.toml".into());
        let mut figment = Figment::new()
            .merge(Toml::string(DEFAULTS))
            .merge(Toml::file(file))
            .merge(Serialized::globals(from_files(|name| std::env::var(name).ok())?));
        // An empty variable is one that is not set, as compose files write it.
        let set: Vec<&str> = KEYS
            .into_iter()
            .filter(|key| std::env::var(key).is_ok_and(|value| !value.trim().is_empty()))
            .collect();
        figment = figment.merge(Env::raw().only(&set));
        let raw: Raw =
            figment.extract().map_err(|error| ConfigError::Malformed(Box::new(error)))?;
        Self::check(raw, entropy)
    }

    fn check(raw: Raw, entropy: &dyn Entropy) -> Result<Self, ConfigError> {
        let refuse = |name, message: &str| ConfigError::Refused { name, message: message.into() };
        let bind = raw.holdfast_bind.parse().map_err(|_| {
            refuse("HOLDFAST_BIND", "must be an address and a port, such as 127.0.0.1:8080")
        })?;
        let production = raw.holdfast_env == Environment::Production;
        let database_url = match &raw.database_url {
            Some(url) => url.clone(),
            None if production => {
                return Err(refuse("DATABASE_URL", "has no default in production"));
            }
            None => format!("sqlite://{}", raw.holdfast_data_dir.join("holdfast.db").display()),
        };
        let redis_urls = redis_urls(raw.redis_urls.as_deref())?;
        if !redis_urls.is_empty() && database_url.starts_with("sqlite:") {
            return Err(refuse(
                "REDIS_URLS",
                "several nodes need PostgreSQL: set DATABASE_URL, too",
            ));
        }
        let payment_provider = payment::provider(&raw)?;
        let public_url = payment::public_url(&raw)?;
        let stripe = payment::stripe(&raw, payment_provider, &public_url)?;
        let cors_origins = network::origins(raw.cors_origins.as_deref())?;
        let trusted_proxies = network::proxies(raw.trusted_proxies.as_deref())?;
        if production && raw.rate_limits == RateLimits::Off {
            return Err(refuse("RATE_LIMITS", "cannot be off in production"));
        }
        let positive = |name, value: u64| {
            if value == 0 { Err(refuse(name, "must be at least 1")) } else { Ok(value) }
        };
        let minutes = |name, value| positive(name, value).map(|n| Duration::from_secs(n * 60));
        let seconds = |name, value| positive(name, value).map(Duration::from_secs);
        let hold_ttl = minutes("RESERVATION_TIMEOUT_MINUTES", raw.reservation_timeout_minutes)?;
        let hold_cap = minutes("RESERVATION_CAP_MINUTES", raw.reservation_cap_minutes)?;
        if hold_cap < hold_ttl {
            return Err(refuse(
                "RESERVATION_CAP_MINUTES",
                "must not be below RESERVATION_TIMEOUT_MINUTES",
            ));
        }
        positive("HOLDFAST_DB_POOL", raw.holdfast_db_pool.into())?;
        positive("HOLDS_PER_MINUTE", raw.holds_per_minute.into())?;
        Ok(Self {
            bind,
            environment: raw.holdfast_env,
            jwt_secret: secret(raw.jwt_secret, production, &raw.holdfast_data_dir, entropy)?,
            data_dir: raw.holdfast_data_dir,
            database_url,
            db_pool: raw.holdfast_db_pool,
            redis_urls,
            hold_ttl,
            hold_cap,
            lock_ttl: seconds("LOCK_TTL_SECONDS", raw.lock_ttl_seconds)?,
            holds_per_minute: match raw.rate_limits {
                RateLimits::On => raw.holds_per_minute,
                RateLimits::Off => u32::MAX,
            },
            expiry_pass: seconds("EXPIRY_PASS_SECONDS", raw.expiry_pass_seconds)?,
            event_pass: seconds("EVENT_PASS_SECONDS", raw.event_pass_seconds)?,
            payment_provider,
            stripe,
            public_url,
            cors_origins,
            trusted_proxies,
            #[cfg(feature = "failpoints")]
            sabotage: Sabotage::default(),
        })
    }
}

/// The contents of the files that `NAME_FILE` names.
fn from_files(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut found = BTreeMap::new();
    for name in FROM_FILES {
        let path = variable(&format!("{name}_FILE")).filter(|path| !path.trim().is_empty());
        let Some(path) = path else { continue };
        let text =
            fs::read_to_string(&path).map_err(|source| ConfigError::File { path, source })?;
        found.insert(name.to_lowercase(), text.trim().to_owned());
    }
    Ok(found)
}

fn redis_urls(list: Option<&str>) -> Result<Vec<String>, ConfigError> {
    let refuse =
        |message: &str| ConfigError::Refused { name: "REDIS_URLS", message: message.into() };
    let urls: Vec<String> = list
        .unwrap_or("")
        .split(',')
        .map(str::trim)
        .filter(|url| !url.is_empty())
        .map(str::to_owned)
        .collect();
    if urls.iter().any(|url| redis::Client::open(url.as_str()).is_err()) {
        return Err(refuse("each must be a redis:// or rediss:// address"));
    }
    let mut distinct = urls.clone();
    distinct.sort();
    distinct.dedup();
    if distinct.len() != urls.len() {
        return Err(refuse("each node must stand once: they have to be independent"));
    }
    match urls.len() {
        0 => Ok(urls),
        1 | 2 => Err(refuse("Redlock needs at least three independent nodes")),
        _ => Ok(urls),
    }
}

fn secret(
    given: Option<String>,
    production: bool,
    data_dir: &std::path::Path,
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, ConfigError> {
    let refuse =
        |message: &str| ConfigError::Refused { name: "JWT_SECRET", message: message.into() };
    let secret = match given {
        Some(secret) => secret,
        None if production => return Err(refuse("has no default in production")),
        None => made_secret(&data_dir.join("jwt-secret"), entropy)?,
    };
    if secret.len() < MIN_SECRET_BYTES {
        return Err(refuse("must have at least 32 characters"));
    }
    Ok(secret.into_bytes())
}

/// In development a missing secret is made once and kept in the data folder.
fn made_secret(path: &std::path::Path, entropy: &dyn Entropy) -> Result<String, ConfigError> {
    let fault = |source| ConfigError::File { path: path.display().to_string(), source };
    if let Ok(secret) = fs::read_to_string(path) {
        return Ok(secret.trim().to_owned());
    }
    let mut bytes = [0_u8; 32];
    entropy.fill(&mut bytes);
    let secret = hex(&bytes);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fault)?;
    }
    fs::write(path, &secret).map_err(fault)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(fault)?;
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(toml: &str, refused: Option<&str>) {
        let raw: Raw = Figment::new()
            .merge(Toml::string(DEFAULTS))
            .merge(Toml::string(&format!("jwt_secret = \"{}\"", "s".repeat(32))))
            .merge(Toml::string(toml))
            .extract()
            .expect("well-formed");
        let name = match Config::check(raw, &crate::adapters::system::SystemEntropy) {
            Ok(_) => None,
            Err(ConfigError::Refused { name, .. }) => Some(name),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(name, refused, "{toml}");
    }

    #[test]
    fn bad_settings_are_refused_by_name() {
        check("", None);
        check("jwt_secret = \"short\"", Some("JWT_SECRET"));
        check("holdfast_bind = \"here\"", Some("HOLDFAST_BIND"));
        check("holdfast_env = \"production\"", Some("DATABASE_URL"));
        check("lock_ttl_seconds = 0", Some("LOCK_TTL_SECONDS"));
        check("reservation_cap_minutes = 5", Some("RESERVATION_CAP_MINUTES"));
        check("redis_urls = \"redis://a,redis://b,redis://c\"", Some("REDIS_URLS"));
        let postgres = "database_url = \"postgres://localhost/h\"\n";
        check(&format!("{postgres}redis_urls = \"redis://a,redis://b\""), Some("REDIS_URLS"));
        check(
            &format!("{postgres}redis_urls = \"redis://a,redis://a,redis://b\""),
            Some("REDIS_URLS"),
        );
        check(&format!("{postgres}redis_urls = \"redis://a,redis://b,redis://c\""), None);
        check(
            &format!("{postgres}holdfast_env = \"production\""),
            Some("DEFAULT_PAYMENT_PROVIDER"),
        );
    }

    #[test]
    fn a_setting_is_read_from_the_file_that_is_named_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key").display().to_string();
        fs::write(&path, "sk_test_of_a_file\n").expect("a file");
        let read = from_files(|name| match name {
            "STRIPE_SECRET_KEY_FILE" => Some(path.clone()),
            "STRIPE_WEBHOOK_SECRET_FILE" => Some(String::new()),
            _ => None,
        });
        let wanted = [("stripe_secret_key".to_owned(), "sk_test_of_a_file".to_owned())];
        assert_eq!(read.expect("files"), BTreeMap::from(wanted));
        let missing = from_files(|_| Some(format!("{path}.nowhere")));
        assert!(matches!(missing, Err(ConfigError::File { .. })), "{missing:?}");
    }

    const PRODUCTION: &str = "holdfast_env = \"production\"
        database_url = \"postgres://localhost/h\"
        public_url = \"https://tickets.example.org\"\n";
    const STRIPE: &str = "stripe_secret_key = \"sk_test_1\"
        stripe_publishable_key = \"pk_test_1\"
        stripe_webhook_secret = \"whsec_1,whsec_2\"\n";

    #[test]
    fn production_starts_with_stripe() {
        check(&format!("{PRODUCTION}{STRIPE}"), None);
        check(PRODUCTION, Some("DEFAULT_PAYMENT_PROVIDER"));
        check(
            &format!("{PRODUCTION}{STRIPE}default_payment_provider = \"simulated\""),
            Some("DEFAULT_PAYMENT_PROVIDER"),
        );
        check(&PRODUCTION.replace("public_url", "#"), Some("DEFAULT_PAYMENT_PROVIDER"));
        let no_url = format!("{}{STRIPE}", PRODUCTION.replace("public_url", "# "));
        check(&no_url, Some("PUBLIC_URL"));
    }

    #[test]
    fn stripe_is_told_everything_and_nothing_that_contradicts() {
        check(STRIPE, None);
        for (wrong, name) in [
            ("stripe_secret_key = \"pk_test_1\"", "STRIPE_SECRET_KEY"),
            ("stripe_publishable_key = \"sk_test_1\"", "STRIPE_PUBLISHABLE_KEY"),
            ("stripe_publishable_key = \"pk_live_1\"", "STRIPE_PUBLISHABLE_KEY"),
            ("stripe_webhook_secret = \"whsec_1,secret\"", "STRIPE_WEBHOOK_SECRET"),
            ("stripe_webhook_secret = \"whsec_1,whsec_\"", "STRIPE_WEBHOOK_SECRET"),
            ("stripe_api_base = \"localhost:12111\"", "STRIPE_API_BASE"),
            ("stripe_method_types = \"card,sepa_debit\"", "STRIPE_METHOD_TYPES"),
            ("stripe_method_types = \"card,ideal,card\"", "STRIPE_METHOD_TYPES"),
            ("stripe_method_types = \"\"", "STRIPE_METHOD_TYPES"),
            ("stripe_api_base = \"https://localhost/v1\"", "STRIPE_API_BASE"),
            ("public_url = \"tickets.example.org\"", "PUBLIC_URL"),
            ("cors_origins = \"*\"", "CORS_ORIGINS"),
            ("cors_origins = \"https://a.example.org,b\"", "CORS_ORIGINS"),
            ("trusted_proxies = \"10.0.0.0/33\"", "TRUSTED_PROXIES"),
            ("trusted_proxies = \"proxy\"", "TRUSTED_PROXIES"),
        ] {
            let key = wrong.split(' ').next().unwrap_or_default();
            let kept: Vec<&str> =
                STRIPE.lines().filter(|line| !line.trim().starts_with(key)).collect();
            check(&format!("{}\n{wrong}", kept.join("\n")), Some(name));
        }
        let live = STRIPE.replace("_test_", "_live_");
        check(&live, Some("PUBLIC_URL"));
        check(&format!("{live}public_url = \"https://tickets.example.org/\""), None);
        check("default_payment_provider = \"stripe\"", Some("STRIPE_SECRET_KEY"));
        let http = "stripe_api_base = \"http://127.0.0.1:12111\"";
        check(&format!("{STRIPE}{http}"), None);
        check(&format!("{PRODUCTION}{STRIPE}{http}"), Some("STRIPE_API_BASE"));
    }
}
