//! The real program in a process of its own, over a test's store: it can be paused, told to end, and killed.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use holdfast::config::Config;

/// How long the program may take to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program; killed when dropped.
pub struct Node {
    process: Child,
    pub address: SocketAddr,
}

impl Node {
    /// Starts `holdfast serve` over the store of `config`, and waits until it listens.
    pub async fn start(config: &Config) -> Self {
        let secret = String::from_utf8(config.jwt_secret.clone()).expect("a text");
        let mut process = Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .arg("serve")
            .env("HOLDFAST_BIND", "127.0.0.1:0")
            .env("HOLDFAST_DATA_DIR", &config.data_dir)
            .env("DATABASE_URL", &config.database_url)
            .env("REDIS_URLS", config.redis_urls.join(","))
            .env("JWT_SECRET", secret)
            .env("RUST_LOG", "info")
            .env("NO_COLOR", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = process.stderr.take().expect("its log");
        let listening = move || {
            let mut lines = BufReader::new(output).lines();
            let address = loop {
                let line = lines.next().expect("the program listens").expect("a line");
                if let Some((_, address)) = line.split_once("listening on http://") {
                    break address.trim().parse().expect("an address");
                }
            };
            // What it says later must not fill the pipe.
            std::thread::spawn(move || lines.for_each(drop));
            address
        };
        let address = tokio::task::spawn_blocking(listening).await.expect("an address");
        Self { process, address }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1{path}", self.address)
    }

    /// Sends it a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits until it has ended by itself.
    pub async fn ends(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().expect("its status") {
                return status;
            }
            assert!(Instant::now() < deadline, "the program does not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Ends a paused one, too; one that has ended already is no fault.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
