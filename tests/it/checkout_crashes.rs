//! The real program, killed between any two steps of a checkout: another node brings it to its end, and the
//! buyer who asks again with the same key is told what came of it.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    checkout::Buyer,
    fixture::{self, Event, Like, seats},
    harness::{Answer, TestApp},
};

/// Longer than a dead worker's lease.
const LEASE: Duration = Duration::from_secs(6);
/// How often a buyer asks again.
const MAX_RETRIES: usize = 40;

/// The program in a process of its own, over the same store; it will abort at a failpoint.
pub(crate) struct Doomed {
    process: Child,
    base: String,
}

impl Doomed {
    pub(crate) fn start(app: &TestApp, failpoint: &str) -> Self {
        let config = &app.app.config;
        let secret = String::from_utf8(config.jwt_secret.clone()).expect("a text");
        let mut process = Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .arg("serve")
            .env("HOLDFAST_BIND", "127.0.0.1:0")
            .env("HOLDFAST_DATA_DIR", &config.data_dir)
            .env("DATABASE_URL", &config.database_url)
            .env("REDIS_URLS", config.redis_urls.join(","))
            .env("JWT_SECRET", secret)
            .env("HOLDFAST_FAILPOINT", failpoint)
            .env("RUST_LOG", "info")
            .env("NO_COLOR", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = process.stderr.take().expect("its log");
        let mut lines = BufReader::new(output).lines();
        let base = loop {
            let line = lines.next().expect("the program listens").expect("a line");
            if let Some((_, address)) = line.split_once("listening on ") {
                break address.trim().to_owned();
            }
        };
        // What it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, base }
    }

    /// Sends a confirm that will never be answered, and sees the program die.
    async fn confirms(self, buyer: &Buyer, key: &str, body: &Value) {
        let answer = reqwest::Client::new()
            .post(format!("{}/api/v1/bookings/confirm", self.base))
            .header("X-Guest-Token", &buyer.token)
            .header("Idempotency-Key", key)
            .json(body)
            .send()
            .await;
        if let Ok(answer) = answer {
            let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
            panic!("the failpoint was not reached: {status} {text}");
        }
        self.dies().await;
    }

    /// Sends a cancellation, which may be answered before the program dies of what follows it.
    pub(crate) async fn cancels_and_dies(self, guest: &str, booking: &str) {
        let answer = reqwest::Client::new()
            .post(format!("{}/api/v1/bookings/{booking}/cancel", self.base))
            .header("X-Guest-Token", guest)
            .send()
            .await;
        if let Ok(answer) = answer {
            let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
            assert!(status.is_success(), "{status} {text}");
        }
        self.dies().await;
    }

    async fn dies(mut self) {
        let ended = tokio::task::spawn_blocking(move || {
            let doomed = &mut self;
            doomed.process.wait()
        })
        .await;
        let status = ended.expect("a thread").expect("the program ends");
        assert!(!status.success(), "the program was to be killed");
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        // It is dead already where the test went as it should.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

async fn asks_until_told(app: &TestApp, buyer: &Buyer, key: &str, body: &Value) -> Answer {
    for _ in 0..MAX_RETRIES {
        let answer = buyer.confirms(app, key, body).await;
        let in_flight = answer.body["type"] == "/problems/idempotency-in-flight";
        if !in_flight && answer.status != 202 {
            return answer;
        }
    }
    panic!("nobody tells what came of it");
}

/// Kills the program at each point of a checkout with this method, and expects the same ending each time.
async fn check(method: &str, points: &[&str], ends: impl Fn(&Answer)) {
    let app = TestApp::start().await;
    let like = Like { seats: 100, max_per_user: 100, ..Like::default() };
    let event = fixture::event(&app, like).await;
    for (at, point) in points.iter().enumerate() {
        println!("{method}: killed at {point}");
        let wish = wish(&event, i32::try_from(at).expect("few points"));
        let buyer = Buyer::holds(&app, &event, &wish).await;
        let body = buyer.pays_with(method);
        let key = format!("{method}-{point}");
        Doomed::start(&app, point).confirms(&buyer, &key, &body).await;
        app.advance(LEASE).await;
        let told = asks_until_told(&app, &buyer, &key, &body).await;
        ends(&told);
        let again = buyer.confirms(&app, &key, &body).await;
        assert_eq!((again.status, again.text), (told.status, told.text));
        // Only now: a lapse of the hold is not what is tested here.
        app.advance(Duration::from_secs(1)).await;
    }
    app.finish().await;
}

/// Two seats of their own and a place each time.
fn wish(event: &Event, at: i32) -> Value {
    let mut wish = seats(&[at * 2 + 1, at * 2 + 2]);
    wish["general"] = json!([{ "section_id": event.general, "quantity": 1 }]);
    wish
}

fn confirmed(told: &Answer) {
    assert_eq!(told.status, 201, "{}", told.text);
    assert_eq!(told.body["tickets"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn killed_before_the_money_moves_the_buyer_gets_tickets_all_the_same() {
    let points = [
        "begin.before_record",
        "begin.after_record",
        "prepare.before_effect",
        "prepare.after_effect",
        "prepare.before_record",
        "prepare.after_record",
        "authorize.before_effect",
        "authorize.after_effect",
        "authorize.before_record",
        "authorize.after_record",
    ];
    check("pm_card_visa", &points, confirmed).await;
}

#[tokio::test]
async fn killed_around_the_capture_the_buyer_pays_once_and_gets_tickets_once() {
    let points = [
        "confirm_seats.before_record",
        "confirm_seats.after_record",
        "capture.before_effect",
        "capture.after_effect",
        "capture.before_record",
        "capture.after_record",
        "issue_tickets.before_record",
        "issue_tickets.after_record",
    ];
    check("pm_card_visa", &points, confirmed).await;
}

#[tokio::test]
async fn killed_while_a_decline_is_being_told_the_seats_stay_held() {
    let points = [
        "authorize.after_effect",
        "authorize.after_record",
        "release_seats.before_record",
        "release_seats.after_record",
    ];
    check("pm_card_chargeDeclined", &points, |told| {
        told.assert_problem(402, "/problems/payment-declined");
    })
    .await;
}

#[tokio::test]
async fn killed_while_undoing_everything_is_given_back() {
    let points = [
        "capture.after_effect",
        "void.before_effect",
        "void.after_effect",
        "void.before_record",
        "void.after_record",
        "release_seats.before_record",
        "release_seats.after_record",
    ];
    check("pm_sim_capture_fails", &points, |told| {
        told.assert_problem(409, "/problems/reservation-not-active");
        assert_eq!(told.body["reasons"], json!(["capture-refused"]));
    })
    .await;
}

#[tokio::test]
async fn killed_while_asking_the_lost_reply_is_found_out() {
    let points = ["ask.before_effect", "ask.after_effect", "ask.before_record", "ask.after_record"];
    check("pm_sim_lost_reply", &points, confirmed).await;
}
