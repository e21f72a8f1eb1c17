//! Holds whose time is over: they are unusable at once, and the expiry frees what they held, once.

use std::{sync::Arc, time::Duration};

use holdfast::kernel::db::{ClockOffset, Dialect, Sql as _};
use holdfast_contract::{reservations::ReservationStatus, words::SeatRefusal};
use serde_json::json;

use super::HOLD;
use crate::support::{
    buyer::GuestBuyer,
    crowd::storm,
    fixture::{self, Like, seats, seats_and_places},
    harness::{TestApp, connect},
};

#[tokio::test]
async fn a_lapsed_hold_is_unusable_and_taken_over_before_any_job_ran() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let first = app.post(&event.reservations(), &seats(&[1, 2])).await;
    let token = first.guest_token();
    let path = format!("/reservations/{}", first.id());
    app.advance(HOLD - Duration::from_secs(5)).await;
    app.post(&event.reservations(), &seats(&[1]))
        .await
        .assert_problem(409, "/problems/seats-unavailable");
    app.advance(Duration::from_secs(5)).await;
    let second = app.post(&event.reservations(), &seats(&[1])).await;
    assert_eq!(second.status, 201, "{}", second.text);
    let guest = app.as_guest(&token);
    assert_eq!(guest.get(&path).await.reservation().status, ReservationStatus::Expired);
    let late = guest.post(&format!("{path}/extend"), &json!({})).await;
    late.assert_problem(409, "/problems/reservation-expired");
    // The pass frees each lapsed seat that no other buyer took over, once, and does not touch the new owner's seat.
    assert_eq!(app.app.slices.reservations.expire_pass().await.expect("a pass"), 1);
    assert_eq!(app.app.slices.reservations.expire_pass().await.expect("a pass"), 0);
    let taken = app.post(&event.reservations(), &seats(&[1])).await;
    taken.assert_refused(&[(1, SeatRefusal::Held)]);
    assert_eq!(app.post(&event.reservations(), &seats(&[2])).await.status, 201);
    app.finish().await;
}

/// More than the pass clears in one transaction; those that share a transaction lapse at the same millisecond.
#[tokio::test]
async fn a_crowd_of_lapsed_holds_is_cleared_by_one_pass() {
    const HOLDS: usize = 450;
    let app = Arc::new(TestApp::start().await);
    let like = Like { seats: 450, ..Like::default() };
    let event = fixture::event(&app, like).await;
    let wish = |n: usize| seats(&[i32::try_from(n).expect("small") + 1]);
    let held = storm(&[Arc::clone(&app)], &event, HOLDS, wish).await;
    assert!(held.iter().all(|held| held.status == 201));
    app.advance(HOLD).await;
    assert_eq!(app.app.slices.reservations.expire_pass().await.expect("a pass"), HOLDS as u64);
    assert_eq!(app.app.slices.reservations.expire_pass().await.expect("a pass"), 0);
    Arc::into_inner(app).expect("alone").finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_beside_a_lapse_frees_no_place_twice() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like { places: 5, ..Like::default() }).await;
    for round in 0..16 {
        let guest = GuestBuyer::holds(&app, &event, &seats_and_places(&event, &[1], 4)).await;
        let items = guest.reads_reservation(&app).await.items;
        let general = items.iter().find(|item| item.seat_id.is_none()).expect("places").id;
        let path = format!("/reservations/{}/release", guest.reservation);
        let two = json!({ "items": [{ "item_id": general, "quantity": 2 }] });
        let caller = app.as_guest(&guest.token);
        let lapse = async {
            tokio::time::sleep(Duration::from_millis(round % 4)).await;
            app.advance(HOLD + Duration::from_secs(1)).await;
            app.post(&event.reservations(), &seats_and_places(&event, &[1], 5)).await
        };
        let (released, taken) = tokio::join!(caller.post(&path, &two), lapse);
        assert!([200, 409].contains(&released.status), "{}", released.text);
        assert!([201, 409].contains(&taken.status), "{}", taken.text);
        app.advance(HOLD + Duration::from_secs(1)).await;
        app.app.slices.reservations.expire_pass().await.expect("a pass");
        assert_eq!(app.breaches().await.len(), 0);
    }
    assert_eq!(app.number("SELECT SUM(held) FROM sections").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_hold_that_cannot_be_cleared_keeps_no_other_hold() {
    let app = TestApp::start().await;
    let faulty = fixture::event(&app, Like::default()).await;
    let sound = fixture::event(&app, Like::default()).await;
    let before = GuestBuyer::holds(&app, &sound, &seats_and_places(&sound, &[1], 2)).await;
    GuestBuyer::holds(&app, &faulty, &seats_and_places(&faulty, &[1], 1)).await;
    let after = GuestBuyer::holds(&app, &sound, &seats_and_places(&sound, &[2], 3)).await;
    app.advance(HOLD + Duration::from_secs(1)).await;
    let counter = "UPDATE sections SET held = $1 WHERE id = $2";
    let count = async |held: i32| {
        let set = app.app.base.db.run(counter, vec![held.into(), faulty.general.into()]).await;
        assert_eq!(set.expect("the store works"), 1);
    };
    // The counter contradicts its items, so no transaction can give the place back.
    count(0).await;
    let reservations = &app.app.slices.reservations;
    reservations.expire_pass().await.expect_err("the pass reports the faulty reservation");
    for buyer in [&before, &after] {
        let status = "SELECT COUNT(*) FROM reservations WHERE status = 'expired' AND id = $1";
        let found = app.app.base.db.value(status, vec![buyer.reservation.into()]).await;
        assert_eq!(found.expect("a look"), Some(1_i64));
    }
    count(1).await;
    assert_eq!(reservations.expire_pass().await.expect("a pass"), 1);
    app.finish().await;
}

/// Each event of a transaction costs a row in the outbox. Holds of two events that lapse by turns are cleared event by event.
#[tokio::test]
async fn lapsed_holds_are_cleared_event_by_event() {
    let app = TestApp::start().await;
    let like = || Like { seats: 40, ..Like::default() };
    let (first, second) = (fixture::event(&app, like()).await, fixture::event(&app, like()).await);
    for seat in 1..=30 {
        for event in [&first, &second] {
            assert_eq!(app.post(&event.reservations(), &seats(&[seat])).await.status, 201);
        }
    }
    let rows = "SELECT (SELECT COUNT(*) FROM outbox) + (SELECT COUNT(*) FROM changes)";
    let before = app.number(rows).await;
    app.advance(HOLD).await;
    assert_eq!(app.app.slices.reservations.expire_pass().await.expect("a pass"), 60);
    // Transactions of 25 reservations: the second one has both events.
    assert_eq!(app.number(rows).await - before, 4);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lapsed_holds_are_cleared_by_their_ids_whatever_the_statistics_say() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like { seats: 600, ..Like::default() }).await;
    for first in (1..=600).step_by(10) {
        let ids: Vec<i32> = (first..first + 10).collect();
        assert_eq!(app.post(&event.reservations(), &seats(&ids)).await.status, 201);
    }
    app.advance(Duration::from_secs(3600)).await;
    assert_eq!(app.app.slices.reservations.expire_pass().await.expect("a pass"), 60);
    let db = &app.app.base.db;
    if db.writing().dialect() == Dialect::Postgres {
        let clears =
            |text: &&String| text.starts_with("UPDATE reservations SET status = 'expired'");
        let text = db.sent_texts().iter().find(clears).expect("the statement").clone();
        // With conditions that fit an index, the plan begins with all that have lapsed.
        let indexed =
            text.replace("status || ''", "status").replace("expires_at + 0", "expires_at");
        // No reservation is active now, and PostgreSQL learns so.
        let alone = connect(app.app.config.database.url.expose(), 1, ClockOffset::Ignored).await;
        for text in ["ANALYZE reservations", "SET plan_cache_mode = force_generic_plan"] {
            alone.run(text, vec![]).await.expect("it is done");
        }
        for (name, text, begins_with_all) in [("clears", &text, false), ("looks", &indexed, true)] {
            let prepare = format!("PREPARE {name} (uuid[]) AS {text}");
            alone.run(&prepare, vec![]).await.expect("it is prepared");
            let explain = format!("EXPLAIN EXECUTE {name} ('{{}}')");
            let plan = alone.all(&explain, vec![]).await.expect("a plan");
            let plan: Vec<String> =
                plan.iter().map(|row| row.try_get_by_index(0).expect("a step")).collect();
            let begins = plan.iter().any(|step| step.contains("reservations_due"));
            assert_eq!(begins, begins_with_all, "{text}:\n{}", plan.join("\n"));
        }
    }
    app.finish().await;
}
