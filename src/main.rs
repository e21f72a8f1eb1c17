//! The program: `holdfast serve`, `worker`, `migrate`, `check`, `openapi`, `settings`, …

mod pages;

use std::{
    fmt::Display,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use holdfast::{
    app::{self, App},
    catalogue::plan_files,
    kernel::{saga::attention, telemetry},
    settings::{self, Config},
    site::Pages,
};
use holdfast_domain::{access::Role, actor::Actor, text::counted};

/// This allocator returns memory to the system after a crowd of requests. glibc's allocator keeps most of it. It asks for
/// no huge pages (`no_thp`), of which every touched one would count as a whole.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: CliCommand,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    #[command(flatten)]
    Configured(Configured),
    /// Print all settings with their defaults, as an example of an environment file.
    Settings {
        /// Print this Markdown document instead, with an up-to-date table of settings.
        #[arg(long, hide = true)]
        table_in: Option<PathBuf>,
    },
}

/// The commands that read the settings.
#[derive(Debug, Subcommand)]
enum Configured {
    /// Serve the API and the pages, and run the periodic passes.
    Serve,
    /// Run only the periodic passes.
    Worker,
    /// Migrate the database to the newest schema.
    Migrate,
    /// Make the missing parts of the demo: accounts, an organization, three events.
    Seed,
    /// Import or export an event's seating plan (pretix seating-plan JSON).
    Plan {
        #[command(subcommand)]
        command: PlanCommand,
    },
    /// Check the invariants on the live database: print a line for each breach, and exit with 1 if there is one.
    Check,
    /// Manage the keys of `KEY_RING`.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Give roles to users who have registered.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Compare the gateway's books with ours: print a line for each difference, and exit with 1 if there is one.
    Reconcile {
        /// How many days back to compare.
        #[arg(long, default_value_t = 180)]
        days: u16,
    },
    /// Print the OpenAPI document.
    Openapi,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Encrypt every encrypted column anew under the first key. Then the other keys can leave the setting.
    Rotate,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Give a user a role. This is how an installation gets its first administrator.
    Grant {
        /// The e-mail address of an account that is active.
        email: String,
        /// `customer`, `organizer`, `controller` or `admin`.
        #[arg(value_parser = |word: &str| Role::parse(word).ok_or("is no role"))]
        role: Role,
    },
}

#[derive(Debug, Subcommand)]
enum PlanCommand {
    /// Give an event the plan in a file.
    Import {
        /// The event's id or slug.
        event: String,
        /// The file with the plan.
        file: PathBuf,
    },
    /// Print an event's plan.
    Export {
        /// The event's id or slug.
        event: String,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        CliCommand::Configured(command) => start(command),
        CliCommand::Settings { table_in } => print_settings(table_in),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("holdfast: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(command: Configured) -> anyhow::Result<ExitCode> {
    let config = app::load_settings()?;
    telemetry::log(config.node.environment, &config.log);
    telemetry::count();
    rustls::crypto::ring::default_provider().install_default().ok();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(command, config))
}

fn print_settings(table_in: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let text = match table_in {
        Some(document) => settings::with_table(&std::fs::read_to_string(document)?)?,
        None => settings::env_example(),
    };
    print(text.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a line. It is no fault when the reader, such as `head`, has ended: it has read what it wanted.
fn print(line: impl Display) -> io::Result<()> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

async fn run(command: Configured, config: Config) -> anyhow::Result<ExitCode> {
    match command {
        Configured::Serve => {
            let app = App::start(config).await?.with_pages(Pages(pages::file));
            app.seed_when_empty().await?;
            let running = app.serve().await?;
            tracing::info!("listening on http://{}", running.address);
            if let Some(internal) = running.internal_address {
                tracing::info!("for operators: http://{internal}");
            }
            running.until_signal().await?;
        }
        Configured::Worker => App::start(config).await?.work().await?.until_signal().await?,
        Configured::Migrate => {
            App::start(config).await?;
        }
        Configured::Seed => App::start(config).await?.seed().await?,
        Configured::Plan { command } => plan(config, command).await?,
        Configured::Keys { command: KeysCommand::Rotate } => {
            print(counted(
                App::rotate_keys(&config).await?,
                "value encrypted anew",
                "values encrypted anew",
            ))?;
        }
        Configured::User { command: UserCommand::Grant { email, role } } => {
            let accounts = App::start(config).await?.slices.accounts;
            let before = accounts.grant(&email, role, Actor::System).await?;
            print(format_args!("{email}: {} before, {} now", before.as_str(), role.as_str()))?;
        }
        Configured::Check => return report(&config).await,
        Configured::Reconcile { days } => return reconcile(config, days).await,
        Configured::Openapi => print(App::document(config).await?)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn plan(config: Config, command: PlanCommand) -> anyhow::Result<()> {
    let app = App::start(config).await?;
    match command {
        PlanCommand::Import { event, file } => {
            let bytes = tokio::fs::read(&file).await?;
            let accepted = plan_files::import(&app.base, &event, &bytes).await?;
            let (version, seats) = (accepted.plan_version, accepted.seats);
            let sections = counted(accepted.sections, "section", "sections");
            let seats = counted(seats, "seat", "seats");
            print(format_args!("plan version {version}: {sections}, {seats}"))?;
            for warning in &accepted.warnings {
                eprintln!("warning: {}: {}", warning.field, warning.message);
            }
        }
        PlanCommand::Export { event } => print(plan_files::export(&app.base, &event).await?)?,
    }
    Ok(())
}

async fn report(config: &Config) -> anyhow::Result<ExitCode> {
    let store = App::store(config).await?;
    let breaches = app::check(&store).await?;
    for breach in &breaches {
        print(format_args!("{}: {}", breach.invariant, breach.place))?;
    }
    // Sagas that need attention are no breach: their state is valid, and they wait for an operator.
    let waiting = attention::waiting(&store).await?;
    if waiting > 0 {
        eprintln!(
            "holdfast check: sagas that need attention: {waiting}, see GET /api/v1/admin/sagas"
        );
    }
    if breaches.is_empty() {
        eprintln!("holdfast check: {} invariants hold", app::invariants().count());
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("holdfast check: {}", counted(breaches.len(), "breach", "breaches"));
    Ok(ExitCode::FAILURE)
}

async fn reconcile(config: Config, days: u16) -> anyhow::Result<ExitCode> {
    let differences = App::reconcile(config, days).await?;
    for difference in &differences {
        print(difference)?;
    }
    if differences.is_empty() {
        eprintln!("holdfast reconcile: the books of the last {days} days agree");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("holdfast reconcile: {}", counted(differences.len(), "difference", "differences"));
    Ok(ExitCode::FAILURE)
}
