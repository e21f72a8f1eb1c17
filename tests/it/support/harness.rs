//! Starts the real server on port 0, in this process, and talks to it over HTTP.
//!
//! `HOLDFAST_TEST_STORE=sqlite` uses a file in a temporary folder; `postgres` uses a fresh database on the server of
//! `TEST_DATABASE_URL` and the Redis nodes of `TEST_REDIS_URLS`. Nothing is skipped: a missing server fails the test.
//! Every test that touches seats or money ends with [`TestApp::finish`], which checks the invariants.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::StreamExt as _;
use holdfast::{
    adapters::system::{SystemClock, SystemEntropy},
    app::{App, RunningServer},
    kernel::{
        db::{ClockOffset, Db, Sql},
        ports::Clock,
        settings::Values,
    },
    settings::Config,
    site::Pages,
};
use holdfast_migration::{Migrator, MigratorTrait as _};
use reqwest::{Client, Method};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::support::answer::Answer;

/// The maximum number of looks before a test fails: 60 s in all, because several tests share a slow machine.
pub const LOOKS: usize = 1_200;
pub const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A server and a client for it. Several nodes share one store: see [`TestApp::another_node`].
pub struct TestApp {
    /// The program's parts, for running passes and reading the store.
    pub app: App,
    running: Option<RunningServer>,
    address: Mutex<SocketAddr>,
    client: Client,
    bearer: Option<String>,
    guest: Option<String>,
    /// The folder of the store. It stays until the last node over this store has ended.
    folder: Arc<TempDir>,
}

/// A caller with a token: [`TestApp::as_user`], [`TestApp::as_guest`].
pub struct CallerOf<'a> {
    app: &'a TestApp,
    bearer: Option<String>,
    guest: Option<String>,
}

impl CallerOf<'_> {
    /// The same caller, who also sends a guest's token.
    pub fn and_guest(self, token: &str) -> Self {
        Self { guest: Some(token.to_owned()), ..self }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(Method::POST, path, Some(&json!(body)), &[]).await
    }

    pub async fn put(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(Method::PUT, path, Some(&json!(body)), &[]).await
    }

    pub async fn patch(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(Method::PATCH, path, Some(&json!(body)), &[]).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, &[]).await
    }

    /// Opens a response that does not end, and reads nothing of its body; the body of a problem is read.
    pub async fn opens(&self, path: &str) -> Answer {
        let opened = self.request(Method::GET, path).send().await.expect("an answer");
        let (status, headers) = (opened.status().as_u16(), opened.headers().clone());
        if status == 200 {
            return Answer::new(status, headers, String::new());
        }
        self.get(path).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let mut request = self.app.client.request(method, self.app.url(path));
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token);
        }
        if let Some(token) = &self.guest {
            request = request.header("X-Guest-Token", token);
        }
        request
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        read(request).await
    }
}

async fn read(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("the answer is text");
    Answer::new(status, headers, text)
}

impl TestApp {
    /// A server over a fresh store.
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// A server over a fresh store, with a changed configuration.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::with_parts(change, |app| app).await
    }

    /// A server over a fresh store, with a changed configuration and changed parts.
    pub async fn with_parts(
        change: impl FnOnce(&mut Config),
        parts: impl FnOnce(App) -> App,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (database_url, redis_urls) = fresh_store(folder.path().to_path_buf()).await;
        let mut config = config(database_url, redis_urls, folder.path().to_path_buf());
        change(&mut config);
        Self::run(config, parts, Arc::new(folder)).await
    }

    /// A server over a fresh store that serves these pages in addition to the API.
    pub async fn with_pages(pages: Pages) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (database_url, redis_urls) = fresh_store(folder.path().to_path_buf()).await;
        let config = config(database_url, redis_urls, folder.path().to_path_buf());
        Self::run(config, |app| app.with_pages(pages), Arc::new(folder)).await
    }

    /// A fresh store without a server in this process: the test starts programs over the store, and chooses by
    /// [`TestApp::talks_to`] which of them gets the requests.
    pub async fn apart() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (database_url, redis_urls) = fresh_store(folder.path().to_path_buf()).await;
        let config = config(database_url, redis_urls, folder.path().to_path_buf());
        let app = App::start(config).await.expect("the store is migrated");
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::over(app, None, nowhere, Arc::new(folder))
    }

    /// Sends all further requests to this address.
    pub fn talks_to(&self, address: SocketAddr) {
        *self.address.lock().expect("the address") = address;
    }

    /// A second server over the same store.
    pub async fn another_node(&self) -> Self {
        self.another_node_with(|_| ()).await
    }

    /// A second server over the same store, with a changed configuration.
    pub async fn another_node_with(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = (*self.app.config).clone();
        change(&mut config);
        Self::run(config, |app| app, Arc::clone(&self.folder)).await
    }

    async fn run(config: Config, parts: impl FnOnce(App) -> App, folder: Arc<TempDir>) -> Self {
        let app = parts(App::start(config).await.expect("the server starts"));
        let running = app.serve().await.expect("the server listens");
        let address = running.address;
        Self::over(app, Some(running), address, folder)
    }

    fn over(
        app: App,
        running: Option<RunningServer>,
        address: SocketAddr,
        folder: Arc<TempDir>,
    ) -> Self {
        let address = Mutex::new(address);
        Self { app, running, address, client: client(), bearer: None, guest: None, folder }
    }

    /// Where the server of this process serves operators, if the settings name an address.
    pub fn internal_address(&self) -> Option<SocketAddr> {
        self.running.as_ref().and_then(|running| running.internal_address)
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn url(&self, path: &str) -> String {
        let address = *self.address.lock().expect("the address");
        if path.starts_with("/healthz")
            || path.starts_with("/readyz")
            || path.starts_with("/metrics")
        {
            return format!("http://{address}{path}");
        }
        format!("http://{address}/api/v1{path}")
    }

    pub fn as_user(&self, token: &str) -> CallerOf<'_> {
        CallerOf { app: self, bearer: Some(token.to_owned()), guest: None }
    }

    pub fn as_guest(&self, token: &str) -> CallerOf<'_> {
        CallerOf { app: self, bearer: None, guest: Some(token.to_owned()) }
    }

    pub fn as_nobody(&self) -> CallerOf<'_> {
        CallerOf { app: self, bearer: self.bearer.clone(), guest: self.guest.clone() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.as_nobody().get(path).await
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.as_nobody().post(path, body).await
    }

    /// Opens a stream, does `work`, and waits until the stream has brought a text that contains `part`.
    pub async fn watch(&self, path: &str, part: &str, work: impl Future<Output = ()>) {
        let response = self.client.get(self.url(path)).send().await.expect("the stream opens");
        assert_eq!(response.status(), 200);
        work.await;
        let (mut bytes, mut text) = (response.bytes_stream(), String::new());
        while !text.contains(part) {
            let chunk = tokio::time::timeout(Duration::from_secs(20), bytes.next()).await;
            let chunk = chunk.expect("a change in time").expect("open").expect("readable");
            text.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    /// Moves the database's clock, which all nodes use.
    pub async fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).expect("a duration of this age");
        let moved = self
            .app
            .base
            .db
            .run("UPDATE clock_offset SET offset_ms = offset_ms + $1", vec![ms.into()])
            .await;
        assert_eq!(moved.expect("the clock moves"), 1);
    }

    /// Waits until no worker drives a saga. A jump of the clock takes a worker's lease away: its call arrives at another
    /// time than it was decided, and what it parks is due later than the test expects.
    pub async fn at_rest(&self) {
        self.until("SELECT COUNT(*) FROM sagas WHERE lease_until > 0", 0).await;
    }

    /// Waits until this query returns this number.
    pub async fn until(&self, query: &str, number: i64) {
        let mut found = 0;
        for _ in 0..LOOKS {
            found = self.number(query).await;
            if found == number {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("{found} instead of {number}: {query}");
    }

    /// The only number that this query returns.
    pub async fn number(&self, sql: &str) -> i64 {
        let row = self.app.base.db.one(sql, vec![]).await.expect("the store answers");
        row.expect("a row").try_get_by_index(0).expect("a number")
    }

    /// Ends the server without a check of the invariants, for tests that break them on purpose.
    pub async fn stop(self) {
        crate::support::statements::note(&self.app.base.db);
        if let Some(running) = self.running {
            running.stop().await;
        }
    }

    /// Checks the invariants and ends the server.
    pub async fn finish(self) {
        crate::support::plans::check(&self.app.base.db).await;
        let breaches = self.breaches().await;
        assert!(breaches.is_empty(), "{breaches:#?}");
        self.stop().await;
    }

    /// The invariants that do not hold.
    pub async fn breaches(&self) -> Vec<holdfast::kernel::invariants::Breach> {
        holdfast::app::check(&self.app.base.db).await.expect("the check runs")
    }
}

/// Waits for longer than a node remembers the role and status of a user.
pub async fn users_are_read_anew() {
    tokio::time::sleep(Duration::from_millis(1_100)).await;
}

/// Moves the clock to the beginning of an hour. Tries, and some mails, are counted by the hour of the clock.
pub async fn at_the_beginning_of_an_hour(app: &TestApp) {
    let hour = holdfast_domain::link::HOUR_MS;
    let now = app.app.base.db.now().await.expect("the clock");
    let left = u64::try_from(hour - now % hour).expect("a number");
    app.advance(Duration::from_millis(left)).await;
}

fn client() -> Client {
    Client::builder()
        .timeout(Duration::from_secs(60))
        .pool_max_idle_per_host(1024)
        .build()
        .expect("a client")
}

fn config(database_url: String, redis_urls: Vec<String>, data_dir: PathBuf) -> Config {
    let values = Values::of([
        ("HOLDFAST_BIND", "127.0.0.1:0".to_owned()),
        ("HOLDFAST_DATA_DIR", data_dir.display().to_string()),
        ("DATABASE_URL", database_url),
        ("REDIS_URLS", redis_urls.join(",")),
        ("JWT_SECRET", "a secret for tests, of enough bytes".to_owned()),
        ("HOLDS_PER_MINUTE", "1000000".to_owned()),
        // Everybody in a test has one address.
        ("ADDRESS_READS_PER_MINUTE", "1000000".to_owned()),
        ("ADDRESS_REQUESTS_PER_MINUTE", "1000000".to_owned()),
        ("USER_REQUESTS_PER_MINUTE", "1000000".to_owned()),
        ("GUESTS_PER_MINUTE", "1000000".to_owned()),
        ("PROOFS_PER_MINUTE", "1000000".to_owned()),
        ("WRONG_PASSWORDS_PER_HOUR", "1000000".to_owned()),
        ("REGISTRATIONS_PER_MINUTE", "1000000".to_owned()),
        ("MAILS_PER_MINUTE", "1000000".to_owned()),
        // Crowds in one process wait for long on a busy machine.
        ("QUEUE_WAIT_MS", "60000".to_owned()),
        ("PUBLIC_URL", "http://127.0.0.1".to_owned()),
    ]);
    let mut config = Config::of(values, &SystemEntropy).expect("valid settings");
    // No pass runs by itself; the tests run the passes.
    config.holds.expiry_pass = Duration::from_secs(3600);
    config.events.event_pass = Duration::from_secs(3600);
    // Tests see the present state; tests of `catalogue::ages` see what pages see during a sale.
    config.events.state_age = Duration::ZERO;
    config
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} must be set: see scripts/test.sh"))
}

async fn fresh_store(folder: PathBuf) -> (String, Vec<String>) {
    match variable("HOLDFAST_TEST_STORE").as_str() {
        "sqlite" => (format!("sqlite://{}", folder.join("test.db").display()), Vec::new()),
        "postgres" => {
            let migrated = MIGRATED.get_or_init(migrated).await;
            let url = fresh_database(&format!("TEMPLATE {migrated}")).await;
            (url, redis_urls())
        }
        other => panic!("HOLDFAST_TEST_STORE={other} is neither sqlite nor postgres"),
    }
}

/// The settings of a program over this store.
pub fn config_over(database_url: String, folder: &Path) -> Config {
    let redis = match variable("HOLDFAST_TEST_STORE").as_str() {
        "postgres" => redis_urls(),
        _ => Vec::new(),
    };
    config(database_url, redis, folder.to_path_buf())
}

fn redis_urls() -> Vec<String> {
    variable("TEST_REDIS_URLS").split(',').map(str::to_owned).collect()
}

/// The URL of a store without a schema.
pub async fn bare_store(folder: &Path) -> String {
    match variable("HOLDFAST_TEST_STORE").as_str() {
        "postgres" => fresh_database("").await,
        _ => fresh_store(folder.to_path_buf()).await.0,
    }
}

/// A new handle on a database.
pub async fn connect(url: &str, pool: u32, offset: ClockOffset) -> Db {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    Db::connect(url, pool, offset, &clock).await.expect("the database answers")
}

/// The name of a database that is migrated and empty. Each test gets a copy of it, because a migration takes longer
/// than many a test.
static MIGRATED: OnceCell<String> = OnceCell::const_new();

async fn migrated() -> String {
    let url = fresh_database("").await;
    let db = connect(&url, 1, ClockOffset::Ignored).await;
    Migrator::up(db.writer(), None).await.expect("it is migrated");
    // No connection may be open to the database that is copied.
    db.writer().close_by_ref().await.expect("closed");
    let (_, name) = url.rsplit_once('/').expect("a database URL has a path");
    name.to_owned()
}

/// Creates a database on the server for tests. Returns its URL.
async fn fresh_database(how: &str) -> String {
    let server = variable("TEST_DATABASE_URL");
    let name = format!("test_{}", Uuid::now_v7().simple());
    let db = connect(&server, 1, ClockOffset::Ignored).await;
    db.run(&format!("CREATE DATABASE {name} {how}"), vec![]).await.expect("a fresh database");
    let (base, _) = server.rsplit_once('/').expect("a database URL has a path");
    format!("{base}/{name}")
}
