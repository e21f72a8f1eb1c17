//! The program: `holdfast serve`, `worker`, `migrate`, `check`, `openapi`, …

mod pages;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use holdfast::{
    app::{self, App},
    catalogue::plan_files,
    kernel::{saga::attention, telemetry},
    settings::Config,
    site::Pages,
};

#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the pages, and run the periodic passes.
    Serve,
    /// Run the periodic passes alone.
    Worker,
    /// Bring the store to the newest schema.
    Migrate,
    /// Make what is missing of the demo: accounts, an organization, three events.
    Seed,
    /// Read or write an event's seating plan (pretix seating-plan JSON).
    Plan {
        #[command(subcommand)]
        command: PlanCommand,
    },
    /// Check the invariants on the live store: a line for each breach, exit 1 when there is one.
    Check,
    /// Compare the gateway's books with ours: a line for each difference, exit 1 when there is one.
    Reconcile {
        /// How many days back.
        #[arg(long, default_value_t = 180)]
        days: u16,
    },
    /// Print the OpenAPI document.
    Openapi,
}

#[derive(Debug, Subcommand)]
enum PlanCommand {
    /// Give an event this plan.
    Import {
        /// The event's id or slug.
        event: String,
        /// The plan's file.
        file: PathBuf,
    },
    /// Print an event's plan.
    Export {
        /// The event's id or slug.
        event: String,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match app::load_settings() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("holdfast: {error}");
            return ExitCode::FAILURE;
        }
    };
    telemetry::log(config.environment);
    telemetry::count();
    rustls::crypto::ring::default_provider().install_default().ok();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = runtime
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(arguments.command, config)));
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("holdfast: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, config: Config) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve => {
            let app = App::start(config).await?.with_pages(Pages(pages::file));
            app.seed_when_empty().await?;
            let running = app.serve().await?;
            tracing::info!("listening on http://{}", running.address);
            running.until_signal().await?;
        }
        Command::Worker => App::start(config).await?.work().await?.until_signal().await?,
        Command::Migrate => {
            App::start(config).await?;
        }
        Command::Seed => App::start(config).await?.seed().await?,
        Command::Plan { command } => plan(config, command).await?,
        Command::Check => return report(&config).await,
        Command::Reconcile { days } => return reconcile(config, days).await,
        Command::Openapi => println!("{}", App::document(config).await?),
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
            println!("plan version {version}: {} sections, {seats} seats", accepted.sections);
        }
        PlanCommand::Export { event } => {
            println!("{}", plan_files::export(&app.base, &event).await?);
        }
    }
    Ok(())
}

async fn report(config: &Config) -> anyhow::Result<ExitCode> {
    let store = App::store(config).await?;
    let breaches = app::check(&store).await?;
    for breach in &breaches {
        println!("{}: {}", breach.invariant, breach.place);
    }
    // No breach: they are where they belong, and wait for somebody.
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
    eprintln!("holdfast check: {} breaches", breaches.len());
    Ok(ExitCode::FAILURE)
}

async fn reconcile(config: Config, days: u16) -> anyhow::Result<ExitCode> {
    let differences = App::reconcile(config, days).await?;
    for difference in &differences {
        println!("{difference}");
    }
    if differences.is_empty() {
        eprintln!("holdfast reconcile: the books of the last {days} days agree");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("holdfast reconcile: {} differences", differences.len());
    Ok(ExitCode::FAILURE)
}
