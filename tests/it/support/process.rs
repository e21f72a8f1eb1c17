//! The real program in a separate process, over a test's store. A test can halt it at a failpoint, let it continue,
//! pause it, tell it to end, and kill it with SIGKILL at any moment.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use holdfast::settings::Config;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::harness::TestApp;

/// The maximum time until the program prints an expected line, or ends.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// The number of lines of its log that are shown after an unexpected end.
const MAX_SHOWN: usize = 30;

/// A command that starts the program with the settings of `config`.
pub fn program(config: &Config, command: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    program
        .arg(command)
        .env("HOLDFAST_BIND", "127.0.0.1:0")
        .env("HOLDFAST_DATA_DIR", &config.node.data_dir)
        .env("DATABASE_URL", config.database.url.expose())
        .env("REDIS_URLS", config.redis.urls.expose().join(","))
        .env("JWT_SECRET", config.tokens.secret.expose())
        .env("RATE_LIMITS", "off")
        .env("RUST_LOG", "info")
        .env("NO_COLOR", "1");
    program
}

/// Runs `holdfast reconcile` over the store of `app`, with these additional variables. Returns its output.
pub async fn reconcile(app: &TestApp, more: &[(&str, String)]) -> Output {
    let mut program = program(&app.app.config, "reconcile");
    program.envs(more.iter().map(|(name, value)| (name, value)));
    let ended = tokio::task::spawn_blocking(move || program.output());
    ended.await.expect("a thread").expect("the program runs")
}

/// A running program; killed when dropped.
pub struct Node {
    process: Child,
    /// The failpoints at which it halted, by name.
    halted: UnboundedReceiver<String>,
    shown: Arc<Mutex<VecDeque<String>>>,
    met: Arc<Mutex<Vec<String>>>,
    pub address: SocketAddr,
}

impl Node {
    /// Starts `holdfast serve` over the store of `config`, and waits until it listens.
    pub async fn start(config: &Config) -> Self {
        Self::start_with(config, &[]).await
    }

    /// Starts the program with these additional variables in its environment.
    pub async fn start_with(config: &Config, variables: &[(&str, &str)]) -> Self {
        let mut process = program(config, "serve")
            .envs(variables.iter().copied().filter(|(_, value)| !value.is_empty()))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = process.stderr.take().expect("its log");
        // A worker may halt before the server listens, so that both have a channel.
        let ((halts, halted), (listens, mut listening)) =
            (unbounded_channel(), unbounded_channel());
        let shown = Arc::new(Mutex::new(VecDeque::new()));
        let met = Arc::new(Mutex::new(Vec::new()));
        let (tail, faults) = (Arc::clone(&shown), Arc::clone(&met));
        // Reads the log to its end, so that the pipe never fills.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let mut tail = tail.lock().expect("the log");
                tail.push_back(line.clone());
                if tail.len() > MAX_SHOWN {
                    tail.pop_front();
                }
                drop(tail);
                if let Some(fault) = line.strip_prefix("fault ") {
                    faults.lock().expect("the faults").push(fault.to_owned());
                } else if let Some(point) = line.strip_prefix("failpoint ") {
                    halts.send(point.to_owned()).ok();
                } else if let Some((_, address)) = line.split_once("listening on http://") {
                    listens.send(address.trim().to_owned()).ok();
                }
            }
        });
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut node = Self { process, halted, shown, met, address: nowhere };
        let address = next_of(&mut listening).await;
        let address = address.unwrap_or_else(|why| panic!("{why} its address:\n{}", node.log()));
        node.address = address.parse().expect("an address");
        node
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1{path}", self.address)
    }

    /// Waits until the program halts at this failpoint.
    pub async fn halts_at(&mut self, point: &str) {
        let met = next_of(&mut self.halted).await;
        let met = met.unwrap_or_else(|why| panic!("{why} {point:?}:\n{}", self.log()));
        assert_eq!(met, point, "the failpoint that was asked for:\n{}", self.log());
    }

    /// Lets the program continue after a failpoint.
    pub fn goes_on(&mut self) {
        let input = self.process.stdin.as_mut().expect("its input");
        input.write_all(b"go on\n").and_then(|()| input.flush()).expect("it listens");
    }

    /// The program's process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends the program a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits until the program has ended.
    pub async fn ends(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().expect("its status") {
                return status;
            }
            assert!(Instant::now() < deadline, "the program does not end:\n{}", self.log());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Kills the program with SIGKILL and waits for its end.
    pub async fn kill(&mut self) {
        self.signal("KILL");
        self.ends().await;
    }

    /// The planned faults that the program has met, as `step=fault`, sorted.
    pub fn met(&self) -> Vec<String> {
        let mut met = self.met.lock().expect("the faults").clone();
        met.sort();
        met
    }

    /// The end of the program's log.
    pub fn log(&self) -> String {
        let shown = self.shown.lock().expect("the log");
        shown.iter().map(|line| format!("    {line}\n")).collect()
    }
}

/// Waits for the next line of a channel, or tells what the program did instead.
async fn next_of(lines: &mut UnboundedReceiver<String>) -> Result<String, &'static str> {
    match tokio::time::timeout(PATIENCE, lines.recv()).await {
        Ok(Some(line)) => Ok(line),
        Ok(None) => Err("it ended and did not say"),
        Err(_) => Err("it does not say"),
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // The program is dead already if the test killed it.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
