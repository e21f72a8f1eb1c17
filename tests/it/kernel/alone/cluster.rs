//! PostgreSQL crashes while buyers pay. After one of its server processes is killed, PostgreSQL ends all connections,
//! also those of other databases, and recovers (manual, 19.8, "Server shutdown": SIGKILL).

use std::{
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use holdfast::kernel::db::Sql as _;
use holdfast_contract::bookings::BookingStatus;
use poem::http::Method;
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    fixture::{self, Event, Like, seats},
    harness::TestApp,
};

const BUYERS: i32 = 24;
/// The maximum number of seats that each buyer buys, one after the other, until the crashes are over.
const SEATS_EACH: i32 = 60;
const CRASHES: usize = 3;
/// The maximum number of repetitions: enough for every crash, because this small database recovers in less than a
/// second.
const PATIENCE: usize = 300;

/// Repeats a request with its key until the response is no longer "try again later".
async fn until_answered(ask: impl AsyncFn() -> Answer, heard: &mut Vec<u16>) -> Answer {
    for _ in 0..PATIENCE {
        let answer = ask().await;
        heard.push(answer.status);
        let is_later = answer.status == 503 || answer.status == 202 || answer.is_in_flight();
        if !is_later {
            return answer;
        }
        if answer.status == 503 {
            assert!(answer.header("Retry-After").is_some(), "{}", answer.text);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the database stays away: {heard:?}");
}

/// Holds a seat and pays for it, however often the database is unavailable. Returns every status of the responses.
async fn buys(app: &TestApp, event: &Event, seat: i32) -> Vec<u16> {
    let mut heard = Vec::new();
    let key = Uuid::new_v4().simple().to_string();
    let wish = seats(&[seat]);
    let hold = async || {
        let headers = [("Idempotency-Key", key.as_str())];
        app.as_nobody().send(Method::POST, &event.reservations(), Some(&wish), &headers).await
    };
    let buyer = GuestBuyer::of(&until_answered(hold, &mut heard).await);
    let body = buyer.pays_from("pm_card_visa", &format!("buyer-{seat}@example.org"));
    let confirm = async || buyer.confirms(app, &key, &body).await;
    let booking = until_answered(confirm, &mut heard).await.booking();
    assert_eq!(booking.status, BookingStatus::Confirmed, "{booking:?}");
    let read = until_answered(
        async || buyer.gets(app, &format!("/bookings/{}", booking.id)).await,
        &mut heard,
    );
    assert_eq!(read.await.booking().status, BookingStatus::Confirmed);
    heard
}

/// Kills one of PostgreSQL's processes that serve this program.
async fn crash(app: &TestApp) {
    let backend = "SELECT pid::bigint FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid() LIMIT 1";
    // Another crash may be under way.
    let Ok(Some(row)) = app.app.base.db.one(backend, vec![]).await else { return };
    let pid: i64 = row.try_get_by_index(0).expect("a process id");
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
    assert!(killed.expect("kill runs").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_crashes_is_unavailable_and_no_fault() {
    let app = TestApp::start().await;
    let like = Like { seats: BUYERS * SEATS_EACH, ..Like::default() };
    let event = fixture::event(&app, like).await;
    let are_over = AtomicBool::new(false);
    let buyers = (0..BUYERS).map(async |buyer| {
        let mut heard = Vec::new();
        for seat in 1..=SEATS_EACH {
            if are_over.load(Ordering::Relaxed) {
                break;
            }
            heard.extend(buys(&app, &event, buyer * SEATS_EACH + seat).await);
        }
        heard
    });
    let crashes = async {
        for _ in 0..CRASHES {
            tokio::time::sleep(Duration::from_millis(400)).await;
            crash(&app).await;
        }
        // The last crash is met as well.
        tokio::time::sleep(Duration::from_millis(400)).await;
        are_over.store(true, Ordering::Relaxed);
    };
    let (heard, ()) = tokio::join!(join_all(buyers), crashes);
    let heard = heard.concat();
    let faults = heard.iter().filter(|status| **status == 500).count();
    let away = heard.iter().filter(|status| **status == 503).count();
    assert_eq!(faults, 0, "of {} answers: {heard:?}", heard.len());
    assert!(away > 0, "no crash was met by a request: {heard:?}");
    app.finish().await;
}
