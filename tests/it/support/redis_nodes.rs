//! Redis nodes that a test starts for itself, to stop, flush and pause them.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Three independent nodes. They end when the value is dropped.
pub struct Nodes {
    children: Vec<Child>,
    ports: Vec<u16>,
}

impl Nodes {
    pub fn start() -> Self {
        let ports: Vec<u16> = (0..3).map(|_| free_port()).collect();
        let children = ports.iter().map(|port| redis(*port)).collect();
        let nodes = Self { children, ports };
        nodes.answer();
        nodes
    }

    fn answer(&self) {
        for port in &self.ports {
            let deadline = Instant::now() + Duration::from_secs(10);
            while std::net::TcpStream::connect(("127.0.0.1", *port)).is_err() {
                assert!(Instant::now() < deadline, "redis-server does not answer");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    /// Kills every node and starts it again, without its keys.
    pub fn restart(&mut self) {
        self.kill(self.ports.len());
        self.children = self.ports.iter().map(|port| redis(*port)).collect();
        self.answer();
    }

    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    pub fn urls(&self) -> Vec<String> {
        self.ports.iter().map(|port| format!("redis://127.0.0.1:{port}")).collect()
    }

    /// Sends a signal, such as `-STOP`, to the first nodes.
    pub fn signal(&self, signal: &str, count: usize) {
        for child in &self.children[..count] {
            let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
            assert!(sent.expect("kill runs").success());
        }
    }

    /// Kills the first nodes.
    pub fn kill(&mut self, count: usize) {
        for child in &mut self.children[..count] {
            child.kill().expect("killed");
            child.wait().expect("ended");
        }
    }

    /// Deletes all keys, as a node without persistence loses them.
    pub async fn flush(&self) {
        for url in self.urls() {
            let client = redis::Client::open(url).expect("an address");
            let mut connection = client.get_multiplexed_async_connection().await.expect("connects");
            redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.expect("flushed");
        }
    }

    /// The number of keys on all nodes.
    pub async fn keys(&self) -> usize {
        let mut keys = 0;
        for url in self.urls() {
            let client = redis::Client::open(url).expect("an address");
            let mut connection = client.get_multiplexed_async_connection().await.expect("connects");
            keys +=
                redis::cmd("DBSIZE").query_async::<usize>(&mut connection).await.expect("a size");
        }
        keys
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        for child in &mut self.children {
            // This signal ends a paused node, too.
            child.kill().ok();
            child.wait().ok();
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn redis(port: u16) -> Child {
    Command::new("redis-server")
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ])
        .args(["--dir", "/tmp"])
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is installed")
}
