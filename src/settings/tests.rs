//! Tests of accepted and refused settings, and of the rule that nothing shows a secret.

use std::{collections::BTreeSet, env::VarError, fs, path::Path};

use super::*;
use crate::kernel::settings::SettingSource;

/// Fills every secret with the same bytes.
#[derive(Debug)]
struct FixedEntropy;

impl Entropy for FixedEntropy {
    fn id(&self) -> uuid::Uuid {
        uuid::Uuid::nil()
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// Reads settings from a TOML file, with a secret in the environment.
fn load(toml: &str) -> Result<Config, SettingsError> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("settings.toml");
    fs::write(&file, toml).expect("a file");
    let values = Values::load(declared(), |name| match name {
        "HOLDFAST_CONFIG" => Ok(file.display().to_string()),
        "JWT_SECRET" if !toml.contains("jwt_secret") => Ok("s".repeat(32)),
        _ => Err(VarError::NotPresent),
    })?;
    Config::of(values, &FixedEntropy)
}

/// The names of the settings that are refused.
fn refused(toml: &str) -> Vec<&'static str> {
    match load(toml) {
        Ok(_) => Vec::new(),
        Err(SettingsError::Refused(refusals)) => refusals.iter().map(|it| it.name).collect(),
        Err(other) => panic!("{toml}: {other}"),
    }
}

fn check(toml: &str, name: Option<&'static str>) {
    assert_eq!(refused(toml), name.into_iter().collect::<Vec<_>>(), "{toml}");
}

#[test]
fn bad_settings_are_refused_by_name() {
    check("", None);
    check("jwt_secret = \"short\"", Some("JWT_SECRET"));
    check("holdfast_bind = \"here\"", Some("HOLDFAST_BIND"));
    check("lock_ttl_seconds = 0", Some("LOCK_TTL_SECONDS"));
    check("reservation_cap_minutes = 5", Some("RESERVATION_CAP_MINUTES"));
    check("redis_urls = \"redis://a,redis://b,redis://c\"", Some("REDIS_URLS"));
    check("database_url = \"mysql://localhost/h\"", Some("DATABASE_URL"));
    check("rust_log = \"debug\"", Some("RUST_LOG"));
    check("holdfast_config = \"other.toml\"", Some("HOLDFAST_CONFIG"));
    let postgres = "database_url = \"postgres://localhost/h\"\n";
    for (urls, name) in [
        ("redis://a,redis://b", Some("REDIS_URLS")),
        ("redis://a,redis://a,redis://b", Some("REDIS_URLS")),
        ("redis://a,redis://b,http://c", Some("REDIS_URLS")),
        ("redis://a,redis://b,redis://c", None),
    ] {
        check(&format!("{postgres}redis_urls = \"{urls}\""), name);
    }
    check(&format!("{PRODUCTION}{STRIPE}rate_limits = \"off\""), Some("RATE_LIMITS"));
    check("rate_limits = \"off\"", None);
    check("rate_limits = \"perhaps\"", Some("RATE_LIMITS"));
}

#[test]
fn a_bad_legal_document_is_refused_by_the_name_of_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let setting = format!("holdfast_legal_dir = \"{}\"", folder.path().display());
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("a file");
    };
    let told = || load(&setting).map(|_| ()).map_err(|error| error.to_string());
    let none = told().expect_err("no document");
    assert!(none.starts_with("HOLDFAST_LEGAL_DIR: the folder has none of"), "{none}");
    write("terms.en.md", "---\ntitle: Terms\n---\nText");
    assert_eq!(told(), Err("HOLDFAST_LEGAL_DIR: terms.en.md has no version".to_owned()));
    write("terms.en.md", "---\nversion: 1\ntitle: Terms\n---\nText");
    assert_eq!(told(), Ok(()));
    write("privacy.xx.md", "---\nversion: 1\ntitle: Privacy\n---\nText");
    let named = told().expect_err("another language");
    assert!(named.starts_with("HOLDFAST_LEGAL_DIR: privacy.xx.md must be named like"), "{named}");
    check("holdfast_legal_dir = \"/nowhere\"", Some("HOLDFAST_LEGAL_DIR"));
    check("holdfast_legal_dir = \"\"", Some("HOLDFAST_LEGAL_DIR"));
}

#[test]
fn every_wrong_value_is_named_at_once() {
    let wrong = "holdfast_db_pool = 0\nlock_ttl_seconds = \"5 s\"\npublic_url = \"here\"";
    assert_eq!(refused(wrong), ["PUBLIC_URL", "HOLDFAST_DB_POOL", "LOCK_TTL_SECONDS"]);
    assert_eq!(
        refused("holdfast_env = \"production\""),
        ["PUBLIC_URL", "DATABASE_URL", "KEY_RING"]
    );
    let node = "holdfast_bind = \"here\"\nholdfast_env = \"staging\"";
    assert_eq!(refused(node), ["HOLDFAST_BIND", "HOLDFAST_ENV"]);
}

#[test]
fn a_key_that_is_no_setting_is_refused_by_name() {
    for (toml, name) in [
        ("holdfast_bindd = \"127.0.0.1:1\"", "holdfast_bindd"),
        ("HOLDFAST_BIND = \"127.0.0.1:1\"", "HOLDFAST_BIND"),
        ("amqp_url = \"amqp://localhost\"", "amqp_url"),
        ("[holds]\nholds_per_minute = 5", "holds"),
    ] {
        match load(toml) {
            Err(SettingsError::Unknown { key, file }) => {
                assert_eq!(key, name);
                assert!(file.ends_with("settings.toml"), "{file}");
            }
            other => panic!("{toml}: {other:?}"),
        }
    }
}

#[test]
fn a_number_is_accepted_in_its_range_and_refused_outside_of_it() {
    let mut numbers = 0;
    for setting in declared() {
        let Some(range) = setting.range else { continue };
        numbers += 1;
        let read = |text: String| setting.check(&Values::of([(setting.name, text)]));
        for inside in [range.min, range.max] {
            assert_eq!(read(inside.to_string()), Ok(()), "{}", setting.name);
        }
        let outside = [i64::from(range.min) - 1, i64::from(range.max) + 1, i64::MAX];
        let texts = outside.map(|number| number.to_string());
        for outside in texts.into_iter().chain(["".into(), "1.5".into(), "five".into()]) {
            let refusal = read(outside.clone()).expect_err(&outside).to_string();
            let words = format!("from {} to {}", range.min, range.max);
            assert!(refusal.starts_with(&format!("{}: ", setting.name)), "{refusal}");
            assert!(refusal.ends_with(&words), "{refusal}");
        }
    }
    assert!(numbers > 0, "no setting has a range");
}

#[test]
fn every_default_is_accepted() {
    let config = load("").expect("the defaults");
    assert_eq!(config.holds.limit_per_minute(config.limits.rate_limits), 30);
    assert_eq!(config.redis.lock_ttl.as_secs(), 5);
    assert_eq!(config.holds.ttl.as_secs(), 600);
    assert_eq!(config.network.public_url.as_str(), "http://127.0.0.1:8080");
    assert_eq!(config.database.url.expose(), "sqlite://data/holdfast.db");
    let free_port = load("holdfast_bind = \"[::1]:0\"").expect("any free port");
    assert_eq!(free_port.network.public_url.as_str(), "http://[::1]:0");
}

#[test]
fn passes_run_as_often_as_the_rules_promise() {
    check("expiry_pass_seconds = 60", None);
    check("expiry_pass_seconds = 61", Some("EXPIRY_PASS_SECONDS"));
    check("event_pass_seconds = 3600", None);
    check("event_pass_seconds = 3601", Some("EVENT_PASS_SECONDS"));
}

/// Contained in every secret below.
const MARKER: &str = "hunter2";

/// A valid value of a secret setting that contains [`MARKER`].
fn secret(name: &str) -> String {
    match name {
        "DATABASE_URL" => format!("postgres://user:{MARKER}@localhost/h"),
        "REDIS_URLS" => ["a", "b", "c"].map(|it| format!("redis://:{MARKER}@{it}")).join(","),
        "JWT_SECRET" | "JWT_SECRET_PREVIOUS" | "GUEST_TOKEN_SECRET" => {
            format!("{}{name}", MARKER.repeat(5))
        }
        "KEY_RING" => format!("{MARKER}:{}", "0f1e2d3c".repeat(8)),
        "STRIPE_SECRET_KEY" => format!("sk_test_{MARKER}"),
        "STRIPE_WEBHOOK_SECRET" => format!("whsec_{MARKER}, whsec_new{MARKER}"),
        "SMTP_URL" => format!("smtp://user:{MARKER}@localhost"),
        other => panic!("{other} needs a valid value here"),
    }
}

fn secrets() -> impl Iterator<Item = &'static Setting> {
    declared().filter(|setting| setting.secret)
}

/// Writes a file for each secret, and returns the settings that name these files.
fn secret_files(folder: &Path) -> Vec<(String, String)> {
    let file = |setting: &Setting| {
        let path = folder.join(setting.name);
        fs::write(&path, format!("{}\n", secret(setting.name))).expect("a file");
        (format!("{}_FILE", setting.name), path.display().to_string())
    };
    secrets().map(file).collect()
}

#[test]
fn every_secret_is_read_from_a_file_and_shown_nowhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut given = secret_files(folder.path());
    given.push(("STRIPE_PUBLISHABLE_KEY".into(), "pk_test_1".into()));
    given.push(("MAIL_FROM".into(), "tickets@example.org".into()));
    let values = Values::load(declared(), |name| {
        let found = given.iter().find(|(known, _)| known == name);
        found.map(|(_, text)| text.clone()).ok_or(VarError::NotPresent)
    });
    let values = values.expect("the files");
    assert!(secrets().all(|setting| values.has(setting.name)), "{values:?}");
    let config = Config::of(values.clone(), &FixedEntropy).expect("valid settings");
    assert_eq!(config.tokens.secret.expose(), secret("JWT_SECRET"));
    assert_eq!(config.database.url.expose(), secret("DATABASE_URL"));
    assert_eq!(config.redis.urls.expose().join(","), secret("REDIS_URLS"));
    let GatewaySettings::Stripe(account) = &config.payment else { panic!("{:?}", config.payment) };
    assert_eq!(account.secret_key.expose(), secret("STRIPE_SECRET_KEY"));
    let listed: Vec<&str> = account.webhook_secrets.expose().collect();
    assert_eq!(listed.join(", "), secret("STRIPE_WEBHOOK_SECRET"));
    let shown = format!("{config:?} {values:?}");
    assert!(!shown.contains(MARKER), "{shown}");
}

#[test]
fn a_refusal_shows_nothing_of_a_secret() {
    for setting in secrets() {
        let key = setting.key();
        for wrong in [
            MARKER.to_owned(),
            format!("{MARKER}://user:{MARKER}@localhost"),
            format!("postgres://user:{MARKER}@localhost:port/h?sslmode={MARKER}"),
            format!("redis://:{MARKER}@localhost:port"),
            format!("sk_{MARKER} {MARKER}"),
        ] {
            let refusal = setting.check(&Values::of([(setting.name, &wrong)]));
            let told = format!("{refusal:?}");
            assert!(!told.contains(MARKER), "{told}");
        }
        for broken in [
            format!("{key} = {MARKER}"),
            format!("{key} = \"{MARKER}"),
            format!("{key} = \"{MARKER}\" {MARKER}"),
            format!("{key} = [\"{MARKER}\"]"),
            format!("{key} = \"{MARKER}\""),
            format!("{key} = \"{MARKER}\"\n{key} = \"{MARKER}\""),
        ] {
            let error = load(&broken).expect_err(&broken);
            let told = format!("{error} {error:?}");
            assert!(!told.contains(MARKER), "{broken}: {told}");
        }
    }
}

#[test]
fn every_setting_but_those_of_the_environment_can_be_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("value").display().to_string();
    fs::write(&path, "a value").expect("a file");
    for setting in declared() {
        let file = format!("{}_FILE", setting.name);
        let give = |path: String| {
            Values::load(declared(), |name| {
                if name == file { Ok(path.clone()) } else { Err(VarError::NotPresent) }
            })
        };
        let read = give(path.clone()).expect("a file").has(setting.name);
        assert_eq!(read, setting.source == SettingSource::Anywhere, "{}", setting.name);
        assert!(!give(String::new()).expect("no file").has(setting.name), "{}", setting.name);
        if setting.source == SettingSource::Anywhere {
            let error = give(format!("{path}.nowhere")).expect_err("no file").to_string();
            assert!(error.starts_with(&file), "{error}");
        }
    }
}

#[test]
fn names_are_unique() {
    let names: Vec<&str> = declared().map(|setting| setting.name).collect();
    let reserved = RESERVED.iter().map(|(name, _)| *name);
    let distinct: BTreeSet<&str> = names.iter().copied().chain(reserved).collect();
    assert_eq!(distinct.len(), names.len() + RESERVED.len());
    for name in names {
        assert!(!distinct.contains(format!("{name}_FILE").as_str()), "{name}");
    }
}

#[test]
fn a_missing_secret_is_generated_once_and_kept_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let read = || {
        let values = Values::of([("HOLDFAST_DATA_DIR", data.display().to_string())]);
        let config = Config::of(values, &FixedEntropy).expect("the defaults");
        let keys: Vec<String> = config.keys.ring.expose().collect();
        (config.tokens.secret.expose().to_owned(), keys)
    };
    let first = read();
    assert_eq!((first.0.len(), first.1.len(), read()), (64, 1, first.clone()));
    for file in ["jwt-secret", "key-ring"] {
        let kept = fs::metadata(data.join(file)).expect("the secret is kept");
        assert_eq!(kept.permissions().mode() & 0o777, 0o600, "{file}");
    }
}

#[test]
fn the_documents_say_what_the_code_declares() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).expect(path);
    let advice = "run `make settings`";
    assert!(read(".env.example") == env_example(), ".env.example is old: {advice}");
    let operations = read("docs/OPERATIONS.md");
    let current = with_table(&operations).expect("a table");
    assert!(operations == current, "docs/OPERATIONS.md is old: {advice}");
}

const PRODUCTION: &str = "holdfast_env = \"production\"
    jwt_secret = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"
    key_ring = \"1:b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c\"
    database_url = \"postgres://localhost/h\"
    public_url = \"https://tickets.example.org\"
    smtp_url = \"smtp://mail.example.org\"
    mail_from = \"tickets@example.org\"\n";
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
    let no_url = format!("{}{STRIPE}", PRODUCTION.replace("public_url", "# "));
    check(&no_url, Some("PUBLIC_URL"));
    let no_database = format!("{}{STRIPE}", PRODUCTION.replace("database_url", "# "));
    check(&no_database, Some("DATABASE_URL"));
    let no_keys = format!("{}{STRIPE}", PRODUCTION.replace("key_ring", "# "));
    check(&no_keys, Some("KEY_RING"));
    let no_mail = format!("{}{STRIPE}", PRODUCTION.replace("smtp_url", "# "));
    check(&no_mail, Some("SMTP_URL"));
    let no_sender = format!("{}{STRIPE}", PRODUCTION.replace("mail_from", "# "));
    check(&no_sender, Some("MAIL_FROM"));
}

#[test]
fn production_refuses_what_gives_the_shop_away() {
    let production = format!("{PRODUCTION}{STRIPE}");
    for (wrong, name) in [
        ("jwt_secret = \"changemechangemechangemechangeme\"", "JWT_SECRET"),
        ("jwt_secret_previous = \"ssssssssssssssssssssssssssssssss\"", "JWT_SECRET_PREVIOUS"),
        ("guest_token_secret = \"ssssssssssssssssssssssssssssssss\"", "GUEST_TOKEN_SECRET"),
        (
            "key_ring = \"1:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f\"",
            "KEY_RING",
        ),
        ("trusted_proxies = \"10.0.0.1,0.0.0.0/0\"", "TRUSTED_PROXIES"),
        ("trusted_proxies = \"0.0.0.0/1,128.0.0.0/1\"", "TRUSTED_PROXIES"),
        ("trusted_proxies = \"::/0\"", "TRUSTED_PROXIES"),
        ("public_url = \"http://tickets.example.org\"", "PUBLIC_URL"),
        ("public_url = \"http://127.0.0.1.example.org\"", "PUBLIC_URL"),
    ] {
        let key = wrong.split(" =").next().unwrap_or_default();
        let kept = production.lines().filter(|line| !line.trim().starts_with(&format!("{key} =")));
        let given = format!("{}\n{wrong}", kept.collect::<Vec<&str>>().join("\n"));
        check(&given, Some(name));
        check(wrong, None);
    }
    let local = production.replace("https://tickets.example.org", "http://localhost:8080");
    check(&local, None);
    check(&format!("{production}trusted_proxies = \"10.0.0.0/8\""), None);
}

#[test]
fn development_is_reached_from_this_machine_alone_unless_told_twice() {
    for bind in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080"] {
        let bind = format!("holdfast_bind = \"{bind}\"\n");
        check(&bind, Some("HOLDFAST_BIND"));
        check(&format!("{bind}holdfast_development_anywhere = \"true\""), None);
        check(&format!("{bind}{PRODUCTION}{STRIPE}"), None);
    }
    check("holdfast_bind = \"[::1]:8080\"", None);
    check("holdfast_development_anywhere = \"yes\"", Some("HOLDFAST_DEVELOPMENT_ANYWHERE"));
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
        ("stripe_webhook_secret = \"\"", "STRIPE_WEBHOOK_SECRET"),
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
        let kept: Vec<&str> = STRIPE.lines().filter(|line| !line.trim().starts_with(key)).collect();
        check(&format!("{}\n{wrong}", kept.join("\n")), Some(name));
    }
    for missing in ["stripe_publishable_key", "stripe_webhook_secret"] {
        let name = declared().map(|it| it.name).find(|name| name.to_lowercase() == missing);
        check(&STRIPE.replace(missing, "# "), name);
    }
    let live = STRIPE.replace("_test_", "_live_");
    check(&live, Some("PUBLIC_URL"));
    check(&format!("{live}public_url = \"https://tickets.example.org/\""), None);
    check("default_payment_provider = \"stripe\"", Some("STRIPE_SECRET_KEY"));
    let http = "stripe_api_base = \"http://127.0.0.1:12111\"";
    check(&format!("{STRIPE}{http}"), None);
    check(&format!("{PRODUCTION}{STRIPE}{http}"), Some("STRIPE_API_BASE"));
}
