//! Work that is cut off at each of its awaits: a lost connection drops the handler; a panic or the end of a runtime
//! drops the work below it. Afterwards nothing is half done, no lock remains, and a repetition of the attempt gets
//! the result of the first request.
//!
//! A future is cut at its nth await in two ways: before the awaited result exists, and after it exists but before the
//! future has seen it. The test tries every n until the work ends before its nth await.

use std::{future::Future, pin::pin, task::Poll, time::Duration};

use holdfast::{
    access::{Access, EventKey},
    kernel::{
        db::{ClockOffset, Sql as _},
        idempotency::Attempt,
    },
    shop::{
        checkout::confirm::ConfirmCommand,
        reservations::hold::{Extent, HoldCommand, HoldError},
    },
};
use holdfast_contract::bookings::ConfirmRequest;
use holdfast_contract::{
    bookings::BookingPage, problem::ProblemType, reservations::ReservationPage, words::SeatRefusal,
};
use holdfast_domain::{
    ids::{Buyer as BuyerId, EventId, GuestId, ReservationId, SeatId, SectionId},
    reservation::{PlacesWish, SeatWish, Wishes},
};
use poem::{Endpoint as _, Request};
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    fixture::{self, Event, Like, seats, seats_and_places, some_seats},
    harness::{TestApp, connect},
};

/// More awaits than any work in this test has. Work with more awaits would never end.
const MAX_AWAITS: usize = 200;
/// The number of runs in a row that must end before the cut; see [`at_each_await`].
const ENDED_IN_A_ROW: usize = 6;
/// The maximum number of repetitions while the first request is still under way.
const MAX_RETRIES: usize = 200;
/// The wait between two repetitions.
const RETRY_AFTER: Duration = Duration::from_millis(5);
/// The time after which another worker takes over an abandoned checkout.
const LEASE: Duration = Duration::from_secs(6);
/// The number of seats that each test has for its attempts.
const SEATS: i32 = 800;

/// The moment at which an await cuts the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CutMoment {
    /// The awaited result does not exist yet.
    Waiting,
    /// The awaited result exists, but the future has not seen it.
    Woken,
}

/// Runs work up to its nth await and drops it there. Returns the output if the work ended before.
async fn cut<T>(nth: usize, moment: CutMoment, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut awaits = 0;
    std::future::poll_fn(|context| {
        if awaits == nth {
            return Poll::Ready(None);
        }
        match work.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => {
                awaits += 1;
                if awaits == nth && moment == CutMoment::Waiting {
                    return Poll::Ready(None);
                }
                Poll::Pending
            }
        }
    })
    .await
    // The work is dropped here.
}

/// Cuts the work at every n, at both moments, until the work ends before the cut. A store that responds at once
/// causes no await, so some runs have fewer awaits than others; therefore the work must end [`ENDED_IN_A_ROW`] times
/// in a row. Returns the number of cuts. `attempt` does the work once, checks its traces, and returns whether the
/// work ended.
async fn at_each_await(mut attempt: impl AsyncFnMut(usize, CutMoment) -> bool) -> usize {
    let mut cuts = 0;
    for moment in [CutMoment::Waiting, CutMoment::Woken] {
        let (mut nth, mut ended) = (0, 0);
        while ended < ENDED_IN_A_ROW {
            nth += 1;
            assert!(nth < MAX_AWAITS, "the work never ends");
            if attempt(nth, moment).await {
                ended += 1;
            } else {
                ended = 0;
                cuts += 1;
            }
        }
    }
    cuts
}

async fn app_with_event() -> (TestApp, Event) {
    let app = TestApp::start().await;
    let like = Like { seats: SEATS, places: SEATS, max_per_user: SEATS, ..Like::default() };
    let event = fixture::event(&app, like).await;
    (app, event)
}

/// A request in the form in which the server's routes get it, without a connection.
fn post(path: &str, body: &Value, headers: &[(&str, &str)]) -> Request {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri_str(format!("/api/v1{path}"))
        .content_type("application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.to_string())
}

/// The number of reservations of the guest in this response.
async fn reservations_of(app: &TestApp, event: &Event, told: &Answer) -> usize {
    let token = told.guest_token();
    let list = app.as_guest(&token).get(&event.reservations()).await;
    list.read::<ReservationPage>().items.len()
}

/// Repeats the attempt until the first request is no longer under way.
async fn until_answered(mut again: impl AsyncFnMut() -> Answer) -> Answer {
    for _ in 0..MAX_RETRIES {
        let answer = again().await;
        let under_way = [ProblemType::IdempotencyInFlight, ProblemType::SeatsUnavailable];
        let waits = answer.status == 202
            || (answer.status == 409
                && answer.problem().problem_type().is_some_and(|kind| under_way.contains(&kind)));
        if !waits {
            return answer;
        }
        tokio::time::sleep(RETRY_AFTER).await;
    }
    panic!("the attempt is under way for good");
}

/// Another buyer asks for the seat until the seat is decided. A remaining lock would refuse the seat until the lock
/// lapses.
async fn no_lock_is_left(app: &TestApp, event: &Event, seat: i32) {
    for _ in 0..MAX_RETRIES {
        let asked = app.post(&event.reservations(), &seats(&[seat])).await;
        if asked.status == 201 || asked.problem().seats[0].refusal() == Some(SeatRefusal::Held) {
            return;
        }
        asked.assert_refused(&[(seat, SeatRefusal::Contended)]);
        tokio::time::sleep(RETRY_AFTER).await;
    }
    panic!("a lock was left on seat {seat}");
}

/// The wish of each attempt: a hold of seats alone shares a transaction with other holds, any other hold has a
/// separate transaction.
fn wish(event: &Event, kind: &str, seat: i32) -> Value {
    let pair = [seat, seat + 1];
    match kind {
        "seats" => seats(&pair),
        "places" => seats_and_places(event, &pair, 1),
        _ => some_seats(&pair),
    }
}

#[tokio::test]
async fn a_hold_whose_connection_goes_at_any_await_is_made_once_and_told_the_same() {
    let (app, event) = app_with_event().await;
    let (routes, path) = (app.app.routes(), event.reservations());
    let mut seat = 1;
    for kind in ["seats", "places", "partial"] {
        let cuts = at_each_await(async |nth, moment| {
            let wish = wish(&event, kind, seat);
            let key = format!("an-attempt-of-{kind}-whose-connection-goes-{moment:?}-{nth}");
            let headers = [("Idempotency-Key", key.as_str())];
            let request = post(&path, &wish, &headers);
            let ended = cut(nth, moment, routes.get_response(request)).await;
            let again =
                async || app.as_nobody().send(Method::POST, &path, Some(&wish), &headers).await;
            let told = until_answered(again).await;
            assert_eq!(told.status, 201, "{}", told.text);
            let told_again = until_answered(again).await;
            assert_eq!(told_again.text, told.text);
            assert_eq!(reservations_of(&app, &event, &told).await, 1);
            no_lock_is_left(&app, &event, seat).await;
            seat += 2;
            ended.is_some()
        });
        let cuts = cuts.await;
        assert!(cuts >= 2, "cut {cuts} times");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_hold_that_is_itself_cut_off_at_any_await_leaves_no_lock_and_nothing_half_done() {
    let (app, event) = app_with_event().await;
    let reservations = &app.app.slices.reservations;
    let key = EventKey::Id(EventId(event.id));
    let managed = Access::unattended(&app.app.base.db, &key).await.expect("a look");
    let visible = managed.expect("an event").visible();
    let mut seat = 1;
    for (places, keyed) in [(0, false), (0, true), (1, false), (1, true)] {
        let cuts = at_each_await(async |nth, moment| {
            let buyer = BuyerId::Guest(GuestId(app.app.base.entropy.id()));
            let key = format!("{places}-{keyed}-{moment:?}-{nth}");
            let attempt = Attempt::new(buyer.id(), "cut", &key, &seat).expect("a sound key");
            let command = HoldCommand {
                event: visible,
                buyer,
                locale: "en",
                wishes: wishes(&event, &[seat, seat + 1], places),
                extent: Extent::AllOrNothing,
                key: keyed.then_some(attempt),
            };
            let ended = cut(nth, moment, reservations.hold(command.clone())).await;
            if keyed {
                // Repeats the same attempt until the transaction of the first request has ended.
                let mut tries = 0;
                while let Err(error) = reservations.hold(command.clone()).await {
                    assert!(matches!(error, HoldError::Seats(_)), "{error}");
                    tries += 1;
                    assert!(tries < MAX_RETRIES, "never answered: {error}");
                    tokio::time::sleep(RETRY_AFTER).await;
                }
            }
            no_lock_is_left(&app, &event, seat).await;
            seat += 2;
            ended.is_some()
        });
        let cuts = cuts.await;
        assert!(cuts >= 4, "cut {cuts} times");
    }
    app.finish().await;
}

fn wishes(event: &Event, seats: &[i32], places: i32) -> Wishes {
    let seats = seats.iter();
    let seats = seats.map(|id| SeatWish { seat: SeatId(*id), version: None, offer: None, at: 0 });
    let section = SectionId(event.general);
    let places =
        (places > 0).then_some(PlacesWish { section, offer: None, quantity: places, at: 0 });
    Wishes::new(seats.collect(), places.into_iter().collect()).expect("sound wishes")
}

#[tokio::test]
async fn a_confirmation_whose_connection_goes_at_any_await_pays_once_and_is_told_the_same() {
    let (app, event) = app_with_event().await;
    let routes = app.app.routes();
    let mut seat = 1;
    let cuts = at_each_await(async |nth, moment| {
        let (buyer, body) = ready_to_pay(&app, &event, seat).await;
        let key = format!("{moment:?}-{nth}");
        let headers = [("Idempotency-Key", key.as_str()), ("X-Guest-Token", buyer.token.as_str())];
        let request = post("/bookings/confirm", &body, &headers);
        let ended = cut(nth, moment, routes.get_response(request)).await;
        paid_once(&app, &buyer, &key, &body).await;
        seat += 1;
        ended.is_some()
    });
    let cuts = cuts.await;
    assert!(cuts >= 4, "cut {cuts} times");
    app.finish().await;
}

#[tokio::test]
async fn a_confirmation_that_is_itself_cut_off_at_any_await_pays_once() {
    let (app, event) = app_with_event().await;
    let mut seat = 1;
    let cuts = at_each_await(async |nth, moment| {
        let (buyer, body) = ready_to_pay(&app, &event, seat).await;
        let key = format!("{moment:?}-{nth}");
        let command = confirmation(&app, &key, &body).await;
        let ended = cut(nth, moment, app.app.slices.checkouts.confirm(command)).await;
        // Another worker takes over a stored but abandoned checkout once its lease has lapsed.
        app.advance(LEASE).await;
        paid_once(&app, &buyer, &key, &body).await;
        seat += 1;
        ended.is_some()
    });
    let cuts = cuts.await;
    // The transaction runs in a task of its own, which is not cut off.
    assert!(cuts >= 2, "cut {cuts} times");
    app.finish().await;
}

/// A buyer of the seat, and the body that pays for it with a unique address.
async fn ready_to_pay(app: &TestApp, event: &Event, seat: i32) -> (GuestBuyer, Value) {
    let buyer = GuestBuyer::holds(app, event, &seats(&[seat])).await;
    let body = buyer.pays_from("pm_card_visa", &format!("ada{seat}@example.org"));
    (buyer, body)
}

/// The command that the route makes from this request.
async fn confirmation(app: &TestApp, key: &str, body: &Value) -> ConfirmCommand {
    let request: ConfirmRequest = serde_json::from_value(body.clone()).expect("a request");
    let text = "SELECT buyer_id FROM reservations WHERE id = $1";
    let reservation = request.reservation_ids[0];
    let row = app.app.base.db.one(text, vec![reservation.into()]).await.expect("a query");
    let guest = GuestId(row.expect("a row").try_get("", "buyer_id").expect("an id"));
    let attempt = Attempt::new(guest.0, "bookings/confirm", key, &request).expect("a sound key");
    ConfirmCommand {
        buyer: BuyerId::Guest(guest),
        locale: "en",
        email: request.email.expect("an address"),
        reservations: request.reservation_ids.into_iter().map(ReservationId).collect(),
        method: request.payment.map(|payment| payment.method),
        terms: Ok(None),
        attempt,
    }
}

/// The attempt ends in one booking, and every repetition gets the same response.
async fn paid_once(app: &TestApp, buyer: &GuestBuyer, key: &str, body: &Value) {
    let told = until_answered(async || buyer.confirms(app, key, body).await).await;
    assert_eq!(told.status, 201, "{}", told.text);
    let again = buyer.confirms(app, key, body).await;
    assert_eq!((again.status, &again.text), (201, &told.text));
    let list = buyer.gets(app, "/bookings/me").await;
    assert_eq!(list.read::<BookingPage>().items.len(), 1, "{}", list.text);
}

#[tokio::test]
async fn a_transaction_that_is_cut_off_while_it_begins_leaves_its_connection_clean() {
    let app = TestApp::start().await;
    // There is one connection, so the next statement would run inside a transaction that was left open.
    let url = app.app.config.database.url.expose();
    let db = connect(url, 1, ClockOffset::Applied).await;
    for writes in [true, false] {
        let cuts = at_each_await(async |nth, moment| {
            let begun = async { if writes { db.begin().await } else { db.snapshot().await } };
            let ended = cut(nth, moment, begun).await.map(drop);
            let before = offset(&app).await;
            let add = "UPDATE clock_offset SET offset_ms = offset_ms + 1";
            assert_eq!(db.run(add, vec![]).await.expect("a statement"), 1);
            assert_eq!(offset(&app).await, before + 1, "it was written and is not there");
            ended.is_some()
        });
        assert!(cuts.await >= 2, "nothing was cut");
    }
    app.finish().await;
}

async fn offset(app: &TestApp) -> i64 {
    let row = app.app.base.db.one("SELECT offset_ms FROM clock_offset", vec![]).await;
    row.expect("a query").expect("a row").try_get("", "offset_ms").expect("a number")
}
