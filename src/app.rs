//! The composition root: the only file that names adapters.

use std::sync::Arc;

use holdfast_migration::{Migrator, MigratorTrait};
use poem::{Endpoint, EndpointExt, IntoResponse, Response, Route, get, handler, http::StatusCode};
use poem_openapi::OpenApiService;

use crate::{
    accounts::AccountsApi,
    adapters::system::{SystemClock, SystemEntropy},
    base::Base,
    config::{Config, Environment},
    db::{ClockOffset, Db},
    http::{body::Json, problem, tokens::Tokens},
    ports::{Clock, Entropy},
    tasks::Tasks,
};

/// The program, put together.
#[derive(Debug, Clone)]
pub struct App {
    /// What it was told.
    pub config: Arc<Config>,
    /// Database, ids, timers, tasks.
    pub base: Base,
    tokens: Arc<Tokens>,
}

impl App {
    /// Connects to everything and migrates the store.
    ///
    /// # Errors
    /// When something does not answer.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let base = base(&config).await?;
        Migrator::up(base.db.writer(), None).await?;
        let tokens = Arc::new(Tokens::new(&config.jwt_secret, Arc::clone(&base.clock)));
        Ok(Self { config: Arc::new(config), base, tokens })
    }

    /// Every route.
    pub fn routes(&self) -> impl Endpoint + use<> {
        let api = OpenApiService::new(self.api(), "Holdfast", env!("CARGO_PKG_VERSION"))
            .server("/api/v1");
        Route::new()
            .at("/healthz", get(healthz))
            .at("/readyz", get(readyz))
            .at("/api/v1/openapi.json", api.spec_endpoint())
            .nest("/api/docs", api.swagger_ui())
            .nest("/api/v1", api)
            .data(Arc::clone(&self.tokens))
            .data(self.base.db.clone())
            .catch_all_error(|error| async move { problem::from_poem(error) })
    }

    fn api(&self) -> impl poem_openapi::OpenApi + use<> {
        AccountsApi { base: self.base.clone(), tokens: Arc::clone(&self.tokens) }
    }
}

async fn base(config: &Config) -> anyhow::Result<Base> {
    let offset = match config.environment {
        Environment::Development => ClockOffset::Applied,
        Environment::Production => ClockOffset::Ignored,
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let db = Db::connect(&config.database_url, config.db_pool, offset).await?;
    Ok(Base { db, entropy, clock, tasks: Tasks::default() })
}

#[handler]
fn healthz() -> Response {
    Json(holdfast_contract::Health {
        status: "ok".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
    .into_response()
}

#[handler]
async fn readyz(db: poem::web::Data<&Db>) -> Response {
    match db.now().await {
        Ok(_) => healthz_body(),
        Err(error) => {
            tracing::warn!(error = %error, "not ready");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn healthz_body() -> Response {
    Json(holdfast_contract::Health {
        status: "ready".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
    .into_response()
}
