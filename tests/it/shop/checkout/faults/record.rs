//! A record of many checkouts while the gateway misbehaves and the program is killed again and again. Every operation
//! of every buyer is recorded as ok, fail or unknown. At the end, the test compares the knowledge of the buyers with
//! the store, the gateway's books and the ledger.
//!
//! `CHECKOUTS` and `SEED` set the number of checkouts and the seed; the test writes the operations to `RECORD_FILE`,
//! one on each line. The seed decides which buyer buys which seats, how they pay, who gives up, which calls fail and
//! when the program is killed. The machine decides in which order these events meet.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use holdfast::kernel::db::Sql;
use holdfast_contract::{
    bookings::{Booking, ConfirmRequest, PaymentChoice},
    problem::Problem,
    reservations::Reservation,
};
use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::support::{
    answer::is_in_flight,
    fixture::{self, Event, Like, seats, seats_and_places},
    harness::TestApp,
    process::Node,
};

const CHECKOUTS: usize = 200;
const SEED: u64 = 4711;
/// The number of buyers who buy at the same time.
const BUYERS: usize = 16;
/// The number of steps out of a hundred that meet a fault.
const FAULTS_PERCENT: u64 = 8;
const SEATS: i32 = 500;
/// The maximum number of times that a buyer looks for other seats.
const MAX_HOLDS: usize = 40;
/// The maximum number of times that a buyer asks for the end of a checkout.
const MAX_ASKS: usize = 600;
const ASKS_EVERY: Duration = Duration::from_millis(50);
/// A time longer than the lease of a dead worker.
const LEASE: Duration = Duration::from_secs(6);
/// A time longer than the deadline of a payment.
const DEADLINE: Duration = Duration::from_secs(16 * 60);
/// The maximum number of moves of the clock until every checkout has ended.
const MAX_ROUNDS: usize = 120;

/// SplitMix64: the same numbers on every machine, without another crate.
#[derive(Clone)]
struct Chance(u64);

impl Chance {
    fn of(seed: u64, what: u64) -> Self {
        let mut chance = Self(seed ^ what.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// True with this probability, in percent.
    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// The knowledge of a buyer at the end of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
enum BuyerKnowledge {
    /// Paid: the booking's id and its seats, each with its event.
    Ok(Uuid, Vec<(Uuid, i32)>),
    /// The attempt was not paid: the status and text of the response.
    Fail(u16, String),
    /// The buyer left without a response.
    Unknown,
}

/// One attempt to pay. Its e-mail address is unique, so that the address identifies its booking.
#[derive(Debug, Clone)]
struct Op {
    email: String,
    key: String,
    token: String,
    body: ConfirmRequest,
    known: BuyerKnowledge,
    /// The text of the last response, if there was one.
    text: String,
}

struct RecordedRun {
    app: TestApp,
    events: Vec<Event>,
    seed: u64,
    checkouts: usize,
    next: AtomicUsize,
    over: AtomicBool,
}

fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_buyers_know_is_what_the_books_say_after_faults_and_kills() {
    let (checkouts, seed) = (setting("CHECKOUTS", CHECKOUTS), setting("SEED", SEED));
    println!("record of {checkouts} checkouts, SEED={seed}");
    let started = Instant::now();
    let app = TestApp::apart().await;
    let mut events = Vec::new();
    let halls = checkouts * 5 / 4 / usize::try_from(SEATS).expect("a number") + 1;
    for _ in 0..halls {
        let like = Like { seats: SEATS, places: 400, max_per_user: 10, max_per_order: 10 };
        events.push(fixture::event(&app, like).await);
    }
    let (next, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let run = Arc::new(RecordedRun { app, events, seed, checkouts, next, over });
    let first = node(&run, 0).await;
    let killer = tokio::spawn(kills(Arc::clone(&run), first));
    let buyers: Vec<JoinHandle<Vec<Op>>> =
        (0..BUYERS).map(|_| tokio::spawn(buys(Arc::clone(&run)))).collect();
    let mut ops = Vec::new();
    for buyer in buyers {
        ops.extend(buyer.await.expect("a buyer"));
    }
    run.over.store(true, Ordering::SeqCst);
    let (mut last, kills) = killer.await.expect("the killer");
    last.kill().await;
    assert!(kills > 0, "nothing was killed");
    println!("{} attempts in {:?}, {kills} kills", ops.len(), started.elapsed());
    keep(&ops);
    let run = Arc::try_unwrap(run).unwrap_or_else(|_| panic!("everybody has gone"));
    let well = comes_to_rest(&run.app).await;
    compare(&run.app, &ops).await;
    money(&run.app).await;
    println!("{} seconds in all, {kills} kills, SEED={seed}", started.elapsed().as_secs());
    drop(well);
    run.app.finish().await;
}

/// A program with random faults. Each start of the program draws other faults.
async fn node(run: &RecordedRun, life: u64) -> Node {
    let seed = Chance::of(run.seed, u64::MAX - life).next() >> 1;
    let faults = format!("random:{seed}:{FAULTS_PERCENT}");
    let node = Node::start_with(&run.app.app.config, &[("HOLDFAST_FAULTS", &faults)]).await;
    run.app.talks_to(node.address);
    node
}

/// Kills the program and starts it again until every buyer is done. Returns the last program and the number of kills.
async fn kills(run: Arc<RecordedRun>, mut current: Node) -> (Node, u64) {
    let mut chance = Chance::of(run.seed, 0x006b_696c_6c73);
    let mut kills = 0;
    loop {
        let lives_on = Instant::now() + Duration::from_millis(800 + chance.below(2_200));
        while Instant::now() < lives_on {
            if run.over.load(Ordering::SeqCst) {
                return (current, kills);
            }
            tokio::time::sleep(ASKS_EVERY).await;
        }
        current.kill().await;
        kills += 1;
        // The sagas of the killed program are due at once, because there are many buyers and the lease is long.
        run.app.advance(LEASE).await;
        current = node(&run, kills).await;
    }
}

/// Lets one buyer after the other buy, until enough of them have bought.
async fn buys(run: Arc<RecordedRun>) -> Vec<Op> {
    let mut ops = Vec::new();
    loop {
        let at = run.next.fetch_add(1, Ordering::SeqCst);
        if at >= run.checkouts {
            return ops;
        }
        let mut chance = Chance::of(run.seed, at as u64);
        let Some((reservation, token)) = holds(&run, &mut chance).await else { continue };
        for attempt in 1..=2 {
            let op = pays(&run, &mut chance, reservation, &token, (at, attempt)).await;
            let declined = op.known == BuyerKnowledge::Fail(402, "payment-declined".to_owned());
            ops.push(op);
            if !declined || chance.percent(50) {
                break;
            }
        }
    }
}

/// Sends a request. Returns `None` without a response.
async fn sends(
    run: &RecordedRun,
    path: &str,
    token: &str,
    key: &str,
    body: &impl Serialize,
) -> Option<(u16, String)> {
    let mut request = run.app.client().request(Method::POST, run.app.url(path)).json(body);
    if !token.is_empty() {
        request = request.header("X-Guest-Token", token);
    }
    if !key.is_empty() {
        request = request.header("Idempotency-Key", key);
    }
    let answer = request.send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.text().await.ok()?))
}

/// Holds one or two seats, and sometimes a place, in any event with free seats.
async fn holds(run: &RecordedRun, chance: &mut Chance) -> Option<(Uuid, String)> {
    for _ in 0..MAX_HOLDS {
        let event = &run.events[usize::try_from(chance.below(run.events.len() as u64)).ok()?];
        let seat = 1 + i32::try_from(chance.below(u64::from(SEATS.unsigned_abs() - 1))).ok()?;
        let picks = if chance.percent(30) { vec![seat, seat + 1] } else { vec![seat] };
        let wish = match chance.percent(10) {
            true => seats_and_places(event, &picks, 1),
            false => seats(&picks),
        };
        match sends(run, &event.reservations(), "", "", &wish).await {
            Some((201, text)) => {
                let held: Reservation = serde_json::from_str(&text).expect("a reservation");
                return Some((held.id, held.guest_token.expect("the token of a guest")));
            }
            Some((409 | 503, ..)) => {}
            Some((status, text)) => panic!("a hold was answered with {status}: {text}"),
            // The seats may be held or not. If they are, the hold lapses.
            None => tokio::time::sleep(ASKS_EVERY).await,
        }
    }
    None
}

fn method(chance: &mut Chance) -> &'static str {
    match chance.below(100) {
        0..62 => "pm_card_visa",
        62..74 => "pm_card_chargeDeclined",
        74..86 => "pm_card_authenticationRequired",
        86..93 => "pm_sim_lost_reply",
        _ => "pm_sim_capture_fails",
    }
}

/// Pays, and asks with the same key until there is a response, or leaves.
async fn pays(
    run: &RecordedRun,
    chance: &mut Chance,
    reservation: Uuid,
    token: &str,
    (at, attempt): (usize, u32),
) -> Op {
    let email = format!("buyer{at}-{attempt}@example.org");
    let key = format!("{at}-{attempt}");
    let body = ConfirmRequest {
        reservation_ids: vec![reservation],
        payment: Some(PaymentChoice { method: method(chance).to_owned() }),
        discount_code: None,
        email: Some(email.clone()),
        accepted: None,
    };
    let (walks_at, acts) = (chance.below(100), chance.below(100));
    let mut op = Op {
        email,
        key,
        token: token.to_owned(),
        body,
        known: BuyerKnowledge::Unknown,
        text: String::new(),
    };
    let mut acted = false;
    for _ in 0..MAX_ASKS {
        match sends(run, "/bookings/confirm", token, &op.key, &op.body).await {
            // Some buyers never return when the connection breaks.
            None if walks_at < 10 => return op,
            None | Some((503, ..)) => {}
            Some((202, text)) => {
                let booking: Booking = serde_json::from_str(&text).expect("a booking");
                if let (Some(action), false) = (booking.next_action, acted) {
                    let outcome = match acts {
                        0..70 => "success",
                        70..90 => "failure",
                        _ => return op,
                    };
                    let path = format!("/payments/simulated/{}/complete", action.client_secret);
                    let done = sends(run, &path, "", "", &json!({ "outcome": outcome })).await;
                    // Without a response, the buyer repeats the second step. It acts once.
                    acted = done.is_some_and(|(status, ..)| status != 503);
                }
            }
            Some((status, text)) if !is_in_flight(&text) => {
                op.known = known(status, &text);
                op.text = text;
                return op;
            }
            Some(_) => {}
        }
        tokio::time::sleep(ASKS_EVERY).await;
    }
    panic!("{} is told nothing", op.email);
}

fn known(status: u16, text: &str) -> BuyerKnowledge {
    if status == 201 {
        let booking: Booking = serde_json::from_str(text).expect("a booking");
        let seats = booking.lines.iter().filter_map(|line| Some((line.event_id, line.seat_id?)));
        return BuyerKnowledge::Ok(booking.id, seats.collect());
    }
    let problem: Problem = serde_json::from_str(text).expect("a problem");
    BuyerKnowledge::Fail(status, problem.reasons.into_iter().next().unwrap_or(problem.kind))
}

/// Writes the operations to the file that the caller names, and prints their sums.
fn keep(ops: &[Op]) {
    let mut sums: BTreeMap<String, usize> = BTreeMap::new();
    let mut lines = String::new();
    for op in ops {
        let (word, why) = match &op.known {
            BuyerKnowledge::Ok(..) => ("ok", "confirmed".to_owned()),
            BuyerKnowledge::Fail(status, reason) => ("fail", format!("{status} {reason}")),
            BuyerKnowledge::Unknown => ("unknown", "walked away".to_owned()),
        };
        *sums.entry(format!("{word}: {why}")).or_default() += 1;
        let method = op.body.payment.as_ref().map_or("", |payment| payment.method.as_str());
        writeln!(lines, "{}\t{word}\t{why}\t{method}", op.email).expect("a text");
    }
    println!("{sums:#?}");
    if let Ok(path) = std::env::var("RECORD_FILE") {
        std::fs::write(path, lines).expect("the record is written");
    }
}

/// Without further faults, and with the clock moving, every checkout ends.
async fn comes_to_rest(app: &TestApp) -> Node {
    let node = Node::start(&app.app.config).await;
    app.talks_to(node.address);
    app.advance(DEADLINE).await;
    let left = "SELECT COUNT(*) AS found FROM sagas WHERE status NOT IN ('done', 'undone')";
    for _ in 0..MAX_ROUNDS {
        if app.number(left).await == 0 {
            return node;
        }
        tokio::time::sleep(ASKS_EVERY * 6).await;
        app.advance(Duration::from_secs(30)).await;
    }
    panic!("{} checkouts are left over:\n{}", app.number(left).await, node.log());
}

/// Expects that the store contains what each buyer was told.
async fn compare(app: &TestApp, ops: &[Op]) {
    let rows = app.app.base.db.all("SELECT id, email, status, failure FROM bookings", vec![]).await;
    let mut bookings = BTreeMap::new();
    for row in rows.expect("the store answers") {
        let email: String = row.try_get("", "email").expect("an address");
        let id: Uuid = row.try_get("", "id").expect("an id");
        let status: String = row.try_get("", "status").expect("a status");
        let failure: Option<String> = row.try_get("", "failure").expect("a failure");
        let twice = bookings.insert(email.clone(), (id, status, failure));
        assert!(twice.is_none(), "{email} has two bookings");
    }
    let mut sold = HashSet::new();
    for (at, op) in ops.iter().enumerate() {
        let booking =
            bookings.get(&op.email).map(|(id, status, why)| (*id, status.as_str(), why.as_deref()));
        match (&op.known, booking) {
            (BuyerKnowledge::Ok(id, seats), Some((found, "confirmed", None))) if *id == found => {
                for seat in seats {
                    assert!(sold.insert(*seat), "{seat:?} was sold twice");
                }
            }
            (BuyerKnowledge::Fail(_, told), Some((_, "failed" | "cancelled", Some(why))))
                if told == why => {}
            // The request was refused before there was a booking.
            (BuyerKnowledge::Fail(409, told), None) if told.starts_with("/problems/") => {}
            (
                BuyerKnowledge::Unknown,
                None | Some((_, "confirmed" | "failed" | "cancelled", _)),
            ) => {}
            (known, found) => panic!("{}: told {known:?}, found {found:?}", op.email),
        }
        if at % 20 == 0 && op.known != BuyerKnowledge::Unknown && booking.is_some() {
            let again = app
                .as_guest(&op.token)
                .send(
                    Method::POST,
                    "/bookings/confirm",
                    Some(&json!(op.body)),
                    &[("Idempotency-Key", op.key.as_str())],
                )
                .await;
            assert_eq!(again.text, op.text, "{} is told something else", op.email);
        }
    }
    assert!(!sold.is_empty(), "nobody bought anything");
}

/// Expects that the gateway's books, the ledger and the prices of confirmed bookings agree to the cent.
async fn money(app: &TestApp) {
    let books = "SELECT CAST(COALESCE(SUM(captured_minor - refunded_minor), 0) AS bigint) AS found \
        FROM simulated_payments";
    let ledger = "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS bigint) AS found \
        FROM ledger_entries WHERE account IN ('captured', 'refunded')";
    let bookings = "SELECT CAST(COALESCE(SUM(total_minor - refunded_minor), 0) AS bigint) AS found \
        FROM bookings WHERE status = 'confirmed'";
    let (books, ledger) = (app.number(books).await, app.number(ledger).await);
    let bookings = app.number(bookings).await;
    println!("captured {books}, ledger {ledger}, confirmed bookings {bookings} (minor units)");
    assert_eq!((books, ledger), (bookings, bookings));
    let open = "SELECT saga || ' ' || status || ' ' || idempotency_key FROM simulated_payments \
        WHERE status IN ('requires_action', 'processing', 'requires_capture')";
    let mut open: Vec<String> =
        app.app.base.db.values(open, vec![]).await.expect("the store answers");
    for payment in &mut open {
        let saga: Uuid = payment[..36].parse().expect("an id");
        let state = "SELECT status || ' ' || state FROM sagas WHERE id = $1";
        let state: Option<String> =
            app.app.base.db.value(state, vec![saga.into()]).await.expect("the store answers");
        payment.push_str(&format!(": {state:?}"));
    }
    assert!(open.is_empty(), "the gateway still holds money: {open:#?}");
}
