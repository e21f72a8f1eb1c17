//! Serves the routes, runs the server in the background, and ends it.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use poem::{
    Endpoint, EndpointExt, IntoEndpoint, IntoResponse, Response, Route, get, handler,
    http::StatusCode,
};
use poem_openapi::{OpenApi, OpenApiService};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{
    App,
    development::{DevelopmentApi, mail},
    docs_page::Documentation,
    slices,
};
use crate::{
    http::{
        body::Json,
        connections::{self, Connections},
        cors::Cors,
        overload::Overload,
        path_names::{PathNames, named_paths},
        problem,
        secure::SecureHeaders,
        text,
    },
    kernel::{base::Base, db::Db, environment::Environment, tasks::Tasks, telemetry},
    site::{self, Site},
};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The maximum number of connections to the operators' own address. They do not count among those of the shop, so that
/// operators see what happens when the shop has no place left.
const INTERNAL_CONNECTIONS: u32 = 64;

/// Listens on the address of this setting.
fn listen(setting: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = connections::listen(address);
    listener.with_context(|| format!("{setting}: cannot listen on {address}"))
}

impl App {
    /// Listens on the configured addresses (port 0 selects a free port) and serves in the background.
    ///
    /// # Errors
    /// When an address is not available.
    pub async fn serve(&self) -> anyhow::Result<RunningServer> {
        self.start_background().await?;
        if self.slices.legal.versions().next().is_none() {
            tracing::warn!(
                "HOLDFAST_LEGAL_DIR is not set: the shop has no terms, no privacy and cookie notices and no imprint, \
                 and asks nobody to accept terms"
            );
        }
        let stop = CancellationToken::new();
        let listener = listen("HOLDFAST_BIND", self.config.node.bind)?;
        let address = listener.local_addr()?;
        let mut running = RunningServer::new(address, stop.clone(), self.base.tasks.clone());
        if let Some(internal) = self.config.node.internal_bind {
            let listener = listen("HOLDFAST_INTERNAL_BIND", internal)?;
            running.internal_address = Some(listener.local_addr()?);
            let connections = self.connections(INTERNAL_CONNECTIONS);
            let served = connections.serve(listener, self.internal_routes(), stop.clone());
            running.ended.push(tokio::spawn(served));
        }
        let connections = self.connections(self.config.connections.all);
        let served = connections.serve(listener, self.routes(), stop);
        running.ended.push(tokio::spawn(served));
        Ok(running)
    }

    fn connections(&self, all: u32) -> Connections {
        let trusted = self.config.network.trusted_proxies.clone();
        Connections::new(all, &self.config.connections, trusted, Arc::clone(&self.base.clock))
    }

    /// Runs the periodic passes without listening.
    ///
    /// # Errors
    /// When the scheduler cannot be started.
    pub async fn work(&self) -> anyhow::Result<RunningServer> {
        self.start_background().await?;
        let stop = CancellationToken::new();
        Ok(RunningServer::new(self.config.node.bind, stop, self.base.tasks.clone()))
    }

    pub fn routes(&self) -> impl Endpoint + use<> {
        let api = self.service();
        let documentation = self.documentation();
        let site = Site {
            pages: self.pages,
            catalogue: self.slices.catalogue.clone(),
            legal: self.slices.legal.clone(),
            public_url: self.config.network.public_url.clone(),
        };
        let development = (self.config.node.environment == Environment::Development)
            .then(|| DevelopmentApi { base: self.base.clone() })
            .map(|api| OpenApiService::new(api, "Holdfast, development", VERSION));
        let is_open = development.is_some() && self.config.node.internal_bind.is_none();
        let routes = if is_open { with_internals(health(), &documentation) } else { health() };
        let names = move || PathNames::of(documentation.document());
        let routes = routes
            .nest("/api/v1", named_paths(api.into_endpoint(), names).before(text::readable))
            .at("/*path", get(site::page).data(site.clone()))
            .at("/", get(site::page).data(site));
        let routes = self.slices.clone().mount(&self.shared, routes);
        let routes = match development {
            Some(development) => {
                mail::mount(routes.nest("/api/development", development), &self.base.db)
            }
            None => routes,
        };
        routes
            .catch_all_error(|error| async move { problem::from_poem(error) })
            .with(self.limits.clone())
            .with(self.overload())
            .data(Arc::clone(&self.shared.tokens))
            .data(Arc::clone(&self.shared.users))
            .data(Arc::clone(&self.shared.adopt))
            .data(self.base.db.clone())
            .data(self.config.network.trusted_proxies.clone())
            .data(self.config.network.proxy_header)
            .data(self.config.network.public_url.clone())
            .with(Cors::new(self.config.network.cors_origins.clone()))
            .with(self.secure_headers())
    }

    fn secure_headers(&self) -> SecureHeaders {
        let is_by_tls = self.config.network.public_url.is_https();
        SecureHeaders::new(self.slices.checkouts.gateway.provider(), is_by_tls)
    }

    fn overload(&self) -> Overload {
        let Base { clock, entropy, .. } = &self.base;
        let patience = self.config.overload.patience;
        Overload::new(patience, slices::refusable(), Arc::clone(clock), Arc::clone(entropy))
    }

    /// The routes that only operators need. They are served on the operators' own address, or in development on the
    /// address of the shop.
    fn internal_routes(&self) -> impl Endpoint + use<> {
        with_internals(health(), &self.documentation())
            .data(self.base.db.clone())
            .catch_all_error(|error| async move { problem::from_poem(error) })
            .with(self.secure_headers())
    }

    fn service(&self) -> OpenApiService<impl OpenApi + use<>, ()> {
        let slices = self.slices.clone().routes(&self.shared);
        OpenApiService::new(slices, "Holdfast", VERSION).server("/api/v1")
    }

    pub(super) fn documentation(&self) -> Documentation {
        let app = self.clone();
        Documentation::of(move || app.service())
    }
}

fn health() -> Route {
    Route::new().at("/healthz", get(healthz)).at("/readyz", get(readyz))
}

fn with_internals(routes: Route, documentation: &Documentation) -> Route {
    documentation.mount(routes.at("/metrics", get(telemetry::metrics)))
}

/// A server that runs in the background of this process.
#[derive(Debug)]
pub struct RunningServer {
    pub address: SocketAddr,
    /// The address for operators, where the settings name one.
    pub internal_address: Option<SocketAddr>,
    stop: CancellationToken,
    ended: Vec<JoinHandle<()>>,
    tasks: Tasks,
}

impl RunningServer {
    fn new(address: SocketAddr, stop: CancellationToken, tasks: Tasks) -> Self {
        Self { address, internal_address: None, stop, ended: Vec::new(), tasks }
    }

    /// Ends the server: streams are closed, running requests finish, background work is waited for.
    pub async fn stop(self) {
        self.tasks.end_streams();
        self.stop.cancel();
        for ended in self.ended {
            if let Err(error) = ended.await {
                tracing::error!(error = %error, "the server ended badly");
            }
        }
        self.tasks.shut_down().await;
    }

    /// Waits until the process gets SIGINT or SIGTERM, then ends the server.
    ///
    /// # Errors
    /// When the process cannot listen for signals.
    pub async fn until_signal(self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = tokio::signal::ctrl_c() => (),
            _ = terminate.recv() => (),
        }
        tracing::info!("stopping: requests under way are finished");
        self.stop().await;
        Ok(())
    }
}

#[handler]
fn healthz() -> Response {
    healthy("ok")
}

#[handler]
async fn readyz(db: poem::web::Data<&Db>) -> Response {
    match db.now().await {
        Ok(_) => healthy("ready"),
        Err(error) => {
            tracing::warn!(error = %error, "not ready");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn healthy(status: &str) -> Response {
    Json(holdfast_contract::Health { status: status.to_owned(), version: VERSION.to_owned() })
        .into_response()
}
