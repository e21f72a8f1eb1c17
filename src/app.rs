//! The composition root: the only file that names adapters, with `app/gateways.rs` for those that take money.

mod gateways;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use holdfast_migration::{Migrator, MigratorTrait};
use poem::{
    Endpoint, EndpointExt, IntoResponse, Response, Route, Server, get, handler,
    http::StatusCode,
    listener::{Acceptor, Listener, TcpListener},
};
use poem_openapi::OpenApiService;
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{
    accounts::AccountsApi,
    adapters::{
        in_process::{InProcessBroker, InProcessLocks},
        redis_broker::RedisBroker,
        redlock::Redlock,
        system::{SystemClock, SystemEntropy},
    },
    audit,
    base::Base,
    cancellation::{self, CancellationApi, Cancellations, EventBookingsApi},
    catalogue::{self, Catalogue, create_event::HoldTimes},
    checkout::{self, BookingsApi, Checkouts, PaymentsApi, WebhooksApi, buyer_return},
    config::{Config, Environment},
    db::{ClockOffset, Db, IN_MEMORY},
    development::DevelopmentApi,
    http::{body::Json, cors::Cors, problem, secure::SecureHeaders, tokens::Tokens},
    jobs::{self, Pass},
    ledger::reconcile::{self, Difference, ReconcileError},
    live::{self, LiveApi, Relay, Tail},
    operators::OperatorsApi,
    ports::{Broker, Clock, Entropy, LockManager},
    reservations::{
        Reservations, ReservationsApi,
        hold::{Looks, Queue},
        terms::TermsCache,
    },
    saga::attention::{self, Attended},
    site::{self, Pages, Site},
    tasks::Tasks,
    telemetry,
};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How often the gateway's books are compared with ours.
const RECONCILE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// How many days back they are compared then.
const RECONCILED_DAYS: u16 = 35;
/// How long requests under way may take when the server ends.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// The program, put together.
#[derive(Debug, Clone)]
pub struct App {
    /// What it was told.
    pub config: Arc<Config>,
    /// Database, ids, timers, tasks.
    pub base: Base,
    /// Events, their halls and what is left.
    pub catalogue: Catalogue,
    /// Holding seats.
    pub reservations: Reservations,
    holds: HoldTimes,
    /// Paying for them.
    pub checkouts: Checkouts,
    /// Cancelling bookings and giving money back.
    pub cancellations: Cancellations,
    tokens: Arc<Tokens>,
    broker: Arc<dyn Broker>,
    tail: Tail,
    pages: Pages,
}

impl App {
    /// Serves these pages beside the API.
    #[must_use]
    pub fn with_pages(self, pages: Pages) -> Self {
        Self { pages, ..self }
    }

    /// Makes what is missing of the demo: accounts, an organization, three events.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn seed(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.config.environment == Environment::Development,
            "the demo has known passwords: it is made in development alone"
        );
        Ok(catalogue::seed::seed(&self.base, self.holds).await?)
    }

    /// In development, makes the demo where there is no event yet.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn seed_when_empty(&self) -> anyhow::Result<()> {
        let development = self.config.environment == Environment::Development;
        if development && catalogue::seed::is_empty(&self.base).await? {
            tracing::info!("the store is empty: making the demo");
            self.seed().await?;
        }
        Ok(())
    }

    /// Connects to everything and migrates the store.
    ///
    /// # Errors
    /// When something does not answer.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let app = Self::assemble(config).await?;
        Migrator::up(app.base.db.writer(), None).await?;
        Ok(app)
    }

    async fn assemble(config: Config) -> anyhow::Result<Self> {
        let base = base(&config).await?;
        let tokens = Arc::new(Tokens::new(&config.jwt_secret, Arc::clone(&base.clock)));
        let locks = locks(&config, &base)?;
        let broker: Arc<dyn Broker> = if config.redis_urls.is_empty() {
            Arc::new(InProcessBroker::default())
        } else {
            Arc::new(RedisBroker::start(&config.redis_urls, &base.tasks)?)
        };
        let reservations = Reservations {
            base: base.clone(),
            locks,
            terms: TermsCache::new(base.db.clone()),
            relay: Relay::default(),
            looks: Looks::default(),
            queue: Queue::default(),
            holds_per_minute: config.holds_per_minute,
        };
        let holds = HoldTimes {
            seconds: i64::try_from(config.hold_ttl.as_secs())?,
            cap_seconds: i64::try_from(config.hold_cap.as_secs())?,
        };
        let (checkouts, refunds) = gateways::checkouts(&config, &base, &reservations)?;
        let cancellations = Cancellations {
            checkouts: checkouts.clone(),
            refunds,
            events: reservations.terms.clone(),
            relay: reservations.relay.clone(),
        };
        Ok(Self {
            config: Arc::new(config),
            catalogue: Catalogue::new(base.clone(), holds, reservations.relay.clone()),
            holds,
            base,
            reservations,
            checkouts,
            cancellations,
            tokens,
            broker,
            tail: Tail::default(),
            pages: Pages::NONE,
        })
    }

    /// Listens where the configuration says (port 0 takes a free one) and serves in the background.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn serve(&self) -> anyhow::Result<Running> {
        self.start_background().await?;
        let acceptor = TcpListener::bind(self.config.bind).into_acceptor().await?;
        let address = *acceptor
            .local_addr()
            .first()
            .and_then(|address| address.as_socket_addr())
            .context("the listener has no address")?;
        let stop = CancellationToken::new();
        let (routes, stopping) = (self.routes(), stop.clone());
        let ended = tokio::spawn(async move {
            Server::new_with_acceptor(acceptor)
                .run_with_graceful_shutdown(
                    routes,
                    async move { stopping.cancelled().await },
                    Some(SHUTDOWN_GRACE),
                )
                .await
        });
        Ok(Running { address, stop, ended, tasks: self.base.tasks.clone() })
    }

    /// Runs the periodic passes without listening.
    ///
    /// # Errors
    /// When the scheduler cannot be started.
    pub async fn work(&self) -> anyhow::Result<Running> {
        self.start_background().await?;
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let ended = tokio::spawn(async move {
            stopping.cancelled().await;
            Ok(())
        });
        Ok(Running { address: self.config.bind, stop, ended, tasks: self.base.tasks.clone() })
    }

    /// The store alone, as it stands.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn store(config: &Config) -> anyhow::Result<Db> {
        Ok(base(config).await?.db)
    }

    /// Compares the gateway's books of these last days with ours; answers every difference. Migrates nothing.
    ///
    /// # Errors
    /// When the gateway or the store does not answer.
    pub async fn reconcile(config: Config, days: u16) -> anyhow::Result<Vec<Difference>> {
        let app = Self::assemble(config).await?;
        Ok(app.differences(days).await?)
    }

    /// [`App::reconcile`] of this program's own store.
    ///
    /// # Errors
    /// When the gateway or the store does not answer.
    pub async fn differences(&self, days: u16) -> Result<Vec<Difference>, ReconcileError> {
        let since_ms = self.base.db.now().await? - i64::from(days) * DAY_MS;
        reconcile::run(&self.base.db, &*self.checkouts.gateway, since_ms).await
    }

    /// The OpenAPI document; needs no store of its own.
    ///
    /// # Errors
    /// Never in practice: an empty store in memory always starts.
    pub async fn document(mut config: Config) -> anyhow::Result<String> {
        config.database_url = IN_MEMORY.to_owned();
        config.redis_urls.clear();
        Ok(Self::assemble(config).await?.service().spec())
    }

    /// Starts what runs beside requests: the relay, the tail of the log, the periodic passes.
    async fn start_background(&self) -> anyhow::Result<()> {
        let (base, broker) = (&self.base, &self.broker);
        let relay = self.reservations.relay.clone();
        base.tasks.spawn(relay.run(base.clone(), Arc::clone(broker)));
        base.tasks.spawn(self.tail.clone().run(base.clone(), Arc::clone(broker)));
        // What time did while nobody was running.
        catalogue::lifecycle::pass(base).await?;
        jobs::start(&base.tasks, self.passes()).await?;
        Ok(())
    }

    fn passes(&self) -> Vec<Pass> {
        let (reservations, db) = (self.reservations.clone(), self.base.db.clone());
        let (base, app) = (self.base.clone(), self.clone());
        let (due, old) = (self.checkouts.clone(), self.checkouts.clone());
        let (refunds, called_off) =
            (self.cancellations.refunds.clone(), self.cancellations.clone());
        let given_back = refunds.clone();
        let (events, old_events) = (self.checkouts.clone(), self.checkouts.clone());
        let (seen, audited) = (self.base.db.clone(), self.base.db.clone());
        let kinds: Vec<&'static str> = self.sagas().iter().map(|saga| saga.kind()).collect();
        vec![
            Pass::new("saga-gauges", attention::GAUGES_EVERY, move || {
                let (db, kinds) = (seen.clone(), kinds.clone());
                async move { Ok(attention::gauges_pass(&db, &kinds).await?) }
            }),
            Pass::new("audit-retention", self.config.event_pass, move || {
                let db = audited.clone();
                async move { Ok(audit::retention_pass(&db).await?) }
            }),
            Pass::new("webhooks", checkout::PASS_EVERY, move || {
                let checkouts = events.clone();
                async move { Ok(checkouts.webhooks_pass().await?) }
            }),
            Pass::new("webhook-retention", self.config.event_pass, move || {
                let checkouts = old_events.clone();
                async move { Ok(checkouts.webhooks_retention_pass().await?) }
            }),
            Pass::new("checkouts", checkout::PASS_EVERY, move || {
                let checkouts = due.clone();
                async move { Ok(checkouts.pass().await?) }
            }),
            Pass::new("refunds", cancellation::REFUNDS_EVERY, move || {
                let refunds = refunds.clone();
                async move { Ok(refunds.pass().await?) }
            }),
            Pass::new("failed-refunds", cancellation::FAILED_EVERY, move || {
                let refunds = given_back.clone();
                async move { Ok(refunds.failed_pass().await?) }
            }),
            Pass::new("called-off", cancellation::CALLED_OFF_EVERY, move || {
                let cancellations = called_off.clone();
                async move { Ok(cancellations.called_off_pass().await?) }
            }),
            Pass::new("reconcile", RECONCILE_EVERY, move || {
                let app = app.clone();
                async move {
                    let found = app.differences(RECONCILED_DAYS).await?;
                    for difference in &found {
                        tracing::error!(%difference, "the gateway's books differ from ours");
                    }
                    metrics::gauge!("holdfast_reconcile_differences").set(found.len() as f64);
                    Ok(found.len() as u64)
                }
            }),
            Pass::new("idempotency-retention", self.config.event_pass, move || {
                let checkouts = old.clone();
                async move { Ok(checkouts.retention_pass().await?) }
            }),
            Pass::new("expire", self.config.expiry_pass, move || {
                let reservations = reservations.clone();
                async move { Ok(reservations.expire_pass().await?) }
            }),
            Pass::new("events", self.config.event_pass, move || {
                let base = base.clone();
                async move { Ok(catalogue::lifecycle::pass(&base).await?) }
            }),
            Pass::new("change-log-retention", self.config.event_pass, move || {
                let db = db.clone();
                async move { Ok(live::relay::retention_pass(&db).await?) }
            }),
        ]
    }

    /// Every route.
    pub fn routes(&self) -> impl Endpoint + use<> {
        let api = self.service();
        let live = LiveApi {
            base: self.base.clone(),
            tail: self.tail.clone(),
            events: self.reservations.terms.clone(),
        };
        let site = Site {
            pages: self.pages,
            catalogue: self.catalogue.clone(),
            public_url: self.config.public_url.clone(),
        };
        let development = (self.config.environment == Environment::Development)
            .then(|| DevelopmentApi { base: self.base.clone() })
            .map(|api| OpenApiService::new(api, "Holdfast, development", VERSION));
        let routes = Route::new()
            .at("/healthz", get(healthz))
            .at("/readyz", get(readyz))
            .at("/metrics", get(telemetry::metrics))
            .at("/api/v1/openapi.json", api.spec_endpoint())
            .nest("/api/docs", api.swagger_ui())
            .at("/api/v1/events/:id/stream", get(live::api::events).data(live))
            .nest("/api/v1", api)
            .at(buyer_return::PATH, get(buyer_return::page).data(self.checkouts.clone()))
            .at("/*path", get(site::page).data(site.clone()))
            .at("/", get(site::page).data(site));
        let routes = match development {
            Some(development) => routes.nest("/api/development", development),
            None => routes,
        };
        routes
            .data(Arc::clone(&self.tokens))
            .data(self.base.db.clone())
            .data(self.config.trusted_proxies.clone())
            .catch_all_error(|error| async move { problem::from_poem(error) })
            .with(SecureHeaders::for_gateway(self.checkouts.gateway.provider()))
            .with(Cors::new(&self.config.cors_origins))
    }

    /// Every kind of saga.
    fn sagas(&self) -> Vec<Arc<dyn Attended>> {
        vec![Arc::new(self.checkouts.executor.clone()), self.cancellations.refunds.attended()]
    }

    fn service(&self) -> OpenApiService<impl poem_openapi::OpenApi + use<>, ()> {
        let accounts = AccountsApi { base: self.base.clone(), tokens: Arc::clone(&self.tokens) };
        let reservations = ReservationsApi {
            reservations: self.reservations.clone(),
            tokens: Arc::clone(&self.tokens),
        };
        let catalogue = catalogue::api::routes(&self.catalogue);
        let bookings = BookingsApi { checkouts: self.checkouts.clone() };
        let payments = PaymentsApi { checkouts: self.checkouts.clone() };
        let operators = OperatorsApi {
            base: self.base.clone(),
            sagas: self.sagas(),
            checkouts: self.checkouts.clone(),
        };
        let webhooks = WebhooksApi { checkouts: self.checkouts.clone() };
        let cancellations = self.cancellations.clone();
        let cancellation = CancellationApi { cancellations: cancellations.clone() };
        let after_sale = (cancellation, EventBookingsApi { cancellations });
        let bookings = (bookings, after_sale);
        let slices = (accounts, catalogue, reservations, bookings, payments, webhooks, operators);
        OpenApiService::new(slices, "Holdfast", VERSION).server("/api/v1")
    }
}

/// A server that runs in the background of this process.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: CancellationToken,
    ended: JoinHandle<std::io::Result<()>>,
    tasks: Tasks,
}

impl Running {
    /// Ends it: streams end, requests under way are finished, background work is waited for.
    pub async fn stop(self) {
        self.tasks.end_streams();
        self.stop.cancel();
        if let Ok(Err(error)) = self.ended.await {
            tracing::error!(error = %error, "the server ended badly");
        }
        self.tasks.shut_down().await;
    }

    /// Waits until the process is told to end, then ends the server.
    ///
    /// # Errors
    /// When signals cannot be listened for.
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

async fn base(config: &Config) -> anyhow::Result<Base> {
    let offset = match config.environment {
        Environment::Development => ClockOffset::Applied,
        Environment::Production => ClockOffset::Ignored,
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let db = Db::connect(&config.database_url, config.db_pool, offset).await?;
    #[cfg(feature = "failpoints")]
    let db = match config.sabotage.dropped_guard {
        Some(guard) => db.without_guard(guard),
        None => db,
    };
    Ok(Base { db, entropy, clock, tasks: Tasks::default() })
}

fn locks(config: &Config, base: &Base) -> anyhow::Result<Arc<dyn LockManager>> {
    #[cfg(feature = "failpoints")]
    if config.sabotage.locks_say_yes {
        return Ok(Arc::new(crate::adapters::sabotage::YesLocks));
    }
    if config.redis_urls.is_empty() {
        return Ok(Arc::new(InProcessLocks::default()));
    }
    let (clock, tasks) = (Arc::clone(&base.clock), base.tasks.clone());
    Ok(Arc::new(Redlock::new(&config.redis_urls, config.lock_ttl, clock, tasks)?))
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
