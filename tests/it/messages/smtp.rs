//! Mails through a real mail server (aiosmtpd) that refuses, hangs or dies.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use holdfast::{
    app::App,
    kernel::{settings::Values, telemetry},
    settings::Config,
};
use holdfast_contract::operators::MessageStatus;
use holdfast_domain::access::Role;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;

use super::listed;
use crate::support::{
    fixture::{self, Event, account, seats},
    harness::TestApp,
    paid::Paid,
    process::Node,
};

/// A mail server that ends with this value.
pub(super) struct MailServer {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
    pub(super) port: u16,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A mail that the server has taken, or the end of a connection: `quit` by the client, `closed` by the server.
#[derive(Debug, Deserialize)]
pub(super) struct Taken {
    step: String,
    /// The number of the connection.
    pub(super) connection: u32,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    content: String,
}

impl Taken {
    /// The value of a header that stands on one line.
    pub(super) fn header(&self, name: &str) -> &str {
        let begin = format!("{name}: ");
        let found = self.content.lines().find_map(|line| line.strip_prefix(&begin));
        found.unwrap_or_else(|| panic!("no {name} in {}", self.content))
    }
}

impl MailServer {
    pub(super) async fn start(plan: &str) -> Self {
        Self::start_at(plan, 0).await
    }

    /// A server on this port, or on a free port for 0.
    pub(super) async fn start_at(plan: &str, port: u16) -> Self {
        let python = std::env::var("SMTP_PYTHON").expect("SMTP_PYTHON: a Python with aiosmtpd");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp/server.py");
        let mut child = Command::new(python)
            .args([script, plan, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the mail server starts");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (sends, mut lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sends.send(line))
        });
        let first = lines.recv().await.expect("a line");
        let port = first.strip_prefix("port ").expect("the port").parse().expect("a number");
        Self { child, lines, port }
    }

    pub(super) async fn taken(&mut self) -> Taken {
        loop {
            let next = self.next().await;
            if !matches!(next.step.as_str(), "quit" | "closed") {
                return next;
            }
        }
    }

    /// Waits for this step, and returns the number of its connection.
    pub(super) async fn meets(&mut self, step: &str) -> u32 {
        loop {
            let next = self.next().await;
            if next.step == step {
                return next.connection;
            }
        }
    }

    async fn next(&mut self) -> Taken {
        let line = tokio::time::timeout(Duration::from_secs(60), self.lines.recv());
        let line = line.await.expect("a mail in time").expect("a line");
        serde_json::from_str(&line).expect("a mail")
    }

    /// A server over a fresh store that sends its mails here, with an event.
    pub(super) async fn app(&self) -> (TestApp, Event) {
        self.app_with_parts(|app| app).await
    }

    /// A process over the store of `app` that sends its mails here, and to which `app` talks from now on.
    async fn node(&self, app: &TestApp) -> Node {
        let url = format!("smtp://127.0.0.1:{}?tls=none", self.port);
        let settings = [("SMTP_URL", url.as_str()), ("MAIL_FROM", "tickets@example.org")];
        let node = Node::start_with(&app.app.config, &settings).await;
        app.talks_to(node.address);
        node
    }

    /// Such a server with changed parts.
    pub(super) async fn app_with_parts(&self, parts: impl FnOnce(App) -> App) -> (TestApp, Event) {
        let url = format!("smtp://127.0.0.1:{}?tls=none", self.port);
        let app = TestApp::with_parts(|config| config.mail = mail_settings(url), parts).await;
        let event = fixture::event(&app, fixture::Like::default()).await;
        (app, event)
    }
}

fn mail_settings(url: String) -> holdfast::messages::settings::MailSettings {
    let values = Values::of([
        ("HOLDFAST_DATA_DIR", std::env::temp_dir().display().to_string()),
        ("JWT_SECRET", "a secret for tests, of enough bytes".to_owned()),
        ("KEY_RING", format!("1:{}", "0f1e2d3c".repeat(8))),
        ("SMTP_URL", url),
        ("MAIL_FROM", "Box office <tickets@example.org>".to_owned()),
    ]);
    let entropy = holdfast::adapters::system::SystemEntropy;
    Config::of(values, &entropy).expect("valid settings").mail
}

/// Waits until `many` messages have this status. The node's own pass sends them.
pub(super) async fn sent_until(app: &TestApp, status: &str, many: i64) {
    let count = format!("SELECT COUNT(*) FROM messages WHERE status = '{status}'");
    app.until(&count, many).await;
}

/// Waits until an attempt has failed and the message is put off.
async fn put_off(app: &TestApp, attempts: i64) {
    let text = format!(
        "SELECT COUNT(*) FROM messages WHERE status = 'waiting' AND attempts = {attempts} \
         AND last_error IS NOT NULL"
    );
    app.until(&text, 1).await;
}

#[tokio::test]
async fn a_mail_arrives_whole_at_the_mail_server() {
    let mut server = MailServer::start("").await;
    let (app, event) = server.app().await;
    let paid = Paid::of(&app, &event, &seats(&[1])).await;
    let mail = server.taken().await;
    assert_eq!(mail.step, "ok");
    assert_eq!(mail.from, "tickets@example.org");
    assert_eq!(mail.to, [paid.booking.email.clone().expect("an address")]);
    assert!(mail.header("From").contains("Box office"), "{}", mail.header("From"));
    assert!(mail.header("Message-ID").ends_with("@example.org>"));
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    for kind in ["text/plain", "text/html", "text/calendar"] {
        assert!(mail.content.contains(kind), "{}", mail.content);
    }
    sent_until(&app, "sent", 1).await;
    app.finish().await;
}

#[tokio::test]
async fn a_mail_that_is_refused_for_now_is_sent_later() {
    let mut server = MailServer::start("450,421").await;
    let (app, event) = server.app().await;
    Paid::of(&app, &event, &seats(&[1])).await;
    for attempts in [1, 2] {
        put_off(&app, attempts).await;
        app.at_rest().await;
        app.advance(Duration::from_secs(3600)).await;
    }
    assert_eq!(server.taken().await.step, "ok");
    sent_until(&app, "sent", 1).await;
    app.finish().await;
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_waits_for_an_operator() {
    let mut server = MailServer::start("550").await;
    let (app, event) = server.app().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    Paid::of(&app, &event, &seats(&[1])).await;
    sent_until(&app, "failed", 1).await;
    let failed = listed(&app, &admin, "?status=failed").await.remove(0);
    assert!(failed.last_error.as_deref().is_some_and(|it| it.contains("550")), "{failed:?}");
    telemetry::count();
    assert_eq!(app.app.post.gauges_pass().await.expect("counted"), 1);
    let metrics = app.get("/metrics").await.text;
    assert!(metrics.contains("holdfast_mails{status=\"failed\"}"), "{metrics}");
    let customer = account(&app, "customer", Role::Customer, None).await;
    let path = format!("/admin/messages/{}/retry", failed.id);
    app.as_user(&customer).post(&path, &json!({})).await.assert_problem(403, "/problems/forbidden");
    let retried = app.as_user(&admin).post(&path, &json!({})).await;
    assert_eq!(retried.status, 200, "{}", retried.text);
    let mail = server.taken().await;
    assert!(mail.header("Message-ID").contains(&failed.id.to_string()));
    sent_until(&app, "sent", 1).await;
    let sent = listed(&app, &admin, "").await.remove(0);
    assert_eq!((sent.status, sent.last_error), (MessageStatus::Sent, None));
    let audit = "SELECT COUNT(*) FROM audit WHERE action = 'message.resend'";
    assert_eq!(app.number(audit).await, 1);
    app.finish().await;
}

/// The server may have taken a mail without an answer. The mail is sent again, and its id shows that it is the same.
#[tokio::test]
async fn a_mail_whose_answer_is_lost_is_sent_again_with_the_same_id() {
    let mut server = MailServer::start("die").await;
    let (app, event) = server.app().await;
    Paid::of(&app, &event, &seats(&[1])).await;
    let first = server.taken().await;
    assert_eq!(first.step, "die");
    put_off(&app, 1).await;
    app.at_rest().await;
    app.advance(Duration::from_secs(60)).await;
    let second = server.taken().await;
    assert_eq!(second.step, "ok");
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    assert_eq!(first.header("Date"), second.header("Date"));
    sent_until(&app, "sent", 1).await;
    app.finish().await;
}

/// A node that hangs or dies before it records the mail server's answer leaves a lease. Another node sends the mail once
/// more, and the first node changes nothing when it comes back late.
#[tokio::test]
async fn a_mail_whose_worker_hangs_is_sent_by_another_node_after_its_lease() {
    let mut server = MailServer::start("hang").await;
    let app = TestApp::apart().await;
    let mut node = server.node(&app).await;
    let event = fixture::event(&app, fixture::Like::default()).await;
    Paid::of(&app, &event, &seats(&[1])).await;
    let first = server.taken().await;
    app.at_rest().await;
    node.signal("STOP");
    app.advance(Duration::from_secs(61)).await;
    let mut other = server.node(&app).await;
    let second = server.taken().await;
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    sent_until(&app, "sent", 1).await;
    // The connection of the first worker ends, and its node ends in good order.
    node.signal("CONT");
    drop(server);
    for node in [&mut node, &mut other] {
        node.signal("TERM");
        assert!(node.ends().await.success(), "{}", node.log());
    }
    let settled = "SELECT COUNT(*) FROM messages WHERE status = 'sent' AND attempts = 2";
    assert_eq!(app.number(settled).await, 1);
    app.finish().await;
}

/// A booking's mail arrives whatever kills the node that sends it: twice with one id if the node dies between the mail
/// server's taking and the record of it, and otherwise once.
#[tokio::test]
async fn a_mail_whose_worker_is_killed_arrives_once_or_twice_with_one_id() {
    let mut server = MailServer::start("hang").await;
    let app = TestApp::apart().await;
    let mut killed = server.node(&app).await;
    let event = fixture::event(&app, fixture::Like::default()).await;
    Paid::of(&app, &event, &seats(&[1])).await;
    let first = server.taken().await;
    app.at_rest().await;
    killed.kill().await;
    app.advance(Duration::from_secs(61)).await;

    let mut other = server.node(&app).await;
    let second = server.taken().await;
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    Paid::of(&app, &event, &seats(&[2])).await;
    let third = server.taken().await;
    assert_ne!(third.header("Message-ID"), first.header("Message-ID"));
    sent_until(&app, "sent", 2).await;
    other.kill().await;
    app.advance(Duration::from_secs(61)).await;

    // The last node finds nothing to send but the mail of its own booking.
    let mut last = server.node(&app).await;
    Paid::of(&app, &event, &seats(&[3])).await;
    let fourth = server.taken().await;
    for earlier in [&second, &third] {
        assert_ne!(fourth.header("Message-ID"), earlier.header("Message-ID"));
    }
    sent_until(&app, "sent", 3).await;
    last.kill().await;
    app.finish().await;
    while let Ok(line) = server.lines.try_recv() {
        assert!(
            line.contains("\"quit\"") || line.contains("\"closed\""),
            "one mail too many: {line}"
        );
    }
}

/// A name that comes from a person cannot add a header or a recipient.
#[tokio::test]
async fn a_name_with_a_line_break_adds_no_header() {
    let mut server = MailServer::start("").await;
    let (app, event) = server.app().await;
    let name = "UPDATE events SET name = 'Gala' || $1";
    let evil = "\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>";
    use holdfast::kernel::db::Sql as _;
    app.app.base.db.run(name, vec![evil.into()]).await.expect("the store takes it");
    let paid = Paid::of(&app, &event, &seats(&[1])).await;
    let mail = server.taken().await;
    assert_eq!(mail.to, [paid.booking.email.clone().expect("an address")]);
    let (head, _) = mail.content.split_once("\r\n\r\n").expect("a head");
    assert!(!head.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{head}");
    let (_, html) = mail.content.split_once("Content-Type: text/html").expect("a part");
    let html = html.split("\r\nContent-Type: ").next().unwrap_or_default();
    assert!(!html.contains("<script>"), "{html}");
    app.finish().await;
}
