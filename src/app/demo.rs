//! The demo of the embedded defaults. Its accounts have known passwords, so only development gets it.

use super::App;
use crate::{catalogue::seed, kernel::environment::Environment};

impl App {
    /// Makes the missing parts of the demo: accounts, an organization, three events.
    ///
    /// # Errors
    /// In production, and when the database fails.
    pub async fn seed(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.config.node.environment == Environment::Development,
            "the demo has known passwords: it is made in development alone"
        );
        Ok(seed::seed(&self.slices.accounts, self.slices.catalogue.holds).await?)
    }

    /// Makes the demo when the database has no event. Does nothing in production.
    pub async fn seed_when_empty(&self) -> anyhow::Result<()> {
        let development = self.config.node.environment == Environment::Development;
        if development && seed::is_empty(&self.base).await? {
            tracing::info!("the store is empty: making the demo");
            self.seed().await?;
        }
        Ok(())
    }
}
