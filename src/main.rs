//! The program: `serve`, `migrate`, …

use clap::{Parser, Subcommand};
use holdfast::{app::App, config::Config};

#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the pages.
    Serve,
    /// Bring the store to the newest schema.
    Migrate,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().init();
    rustls::crypto::ring::default_provider().install_default().ok();
    let config = Config::load()?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        match arguments.command {
            Command::Serve => serve(config).await,
            Command::Migrate => App::start(config).await.map(|_| ()),
        }
    })
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let app = App::start(config).await?;
    let running = app.serve().await?;
    tracing::info!("listening on http://{}", running.address);
    running.until_signal().await?;
    Ok(())
}
