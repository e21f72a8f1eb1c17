//! Overload: what a node refuses when more is asked of it than it can do, and that nothing is done for what it refuses.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::future::join_all;

use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    crowd::storm,
    fixture::{self, Like, seats},
    harness::TestApp,
};

/// With this patience, each class has room for 32 requests until the node knows better.
const PATIENCE: Duration = Duration::from_millis(50);

async fn impatient() -> TestApp {
    TestApp::with(|config| config.overload.patience = PATIENCE).await
}

fn is_refused(answer: &Answer) -> bool {
    if answer.status != 503 {
        return false;
    }
    answer.assert_problem(503, "/problems/overloaded");
    true
}

mod alone {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn more_holds_than_a_node_can_do_are_refused_and_nothing_is_half_done() {
        const HOLDS: i32 = 400;
        let app = Arc::new(impatient().await);
        let event = fixture::event(&app, Like { seats: HOLDS, ..Like::default() }).await;
        let nodes = [Arc::clone(&app)];
        let storm = storm(&nodes, &event, HOLDS as usize, |n| seats(&[n as i32 + 1]));
        let health = async {
            for _ in 0..20 {
                for path in ["/healthz", "/readyz"] {
                    assert_eq!(app.get(path).await.status, 200);
                }
            }
        };
        let (answers, ()) = tokio::join!(storm, health);
        let (refused, others): (Vec<_>, Vec<_>) = answers.iter().partition(|it| is_refused(it));
        assert!(!refused.is_empty(), "all were let in");
        assert!(others.len() >= 32, "only {} were let in", others.len());
        assert!(others.iter().all(|it| it.status == 201), "{:?}", others[0].text);
        let waits: BTreeSet<u64> = refused
            .iter()
            .map(|it| it.header("Retry-After").expect("a time").parse().expect("seconds"))
            .collect();
        assert!(waits.len() > 1 && waits.iter().all(|it| (1..=4).contains(it)), "{waits:?}");
        let held = app.number("SELECT COUNT(*) FROM reservations WHERE status = 'active'").await;
        assert_eq!(held, others.len() as i64);
        // The crowd has gone, and everybody is let in again.
        let free = app
            .number("SELECT CAST(MIN(seat_id) AS BIGINT) FROM seats WHERE status = 'available'")
            .await;
        assert_eq!(app.post(&event.reservations(), &seats(&[free as i32])).await.status, 201);
        drop(nodes);
        Arc::into_inner(app).expect("alone").finish().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_refused_confirmation_leaves_its_key_free() {
        const BUYERS: i32 = 80;
        let app = impatient().await;
        let event = fixture::event(&app, Like { seats: BUYERS, ..Like::default() }).await;
        let mut buyers = Vec::new();
        for seat in 1..=BUYERS {
            buyers.push(GuestBuyer::holds(&app, &event, &seats(&[seat])).await);
        }
        let confirmed = |buyer: &GuestBuyer| {
            let (body, app) = (buyer.pays_with("pm_card_visa"), &app);
            let token = buyer.token.clone();
            async move {
                let mut refusals = 0;
                loop {
                    let headers = [("Idempotency-Key", "the-only-key")];
                    let caller = app.as_guest(&token);
                    let path = "/bookings/confirm";
                    let answer =
                        caller.send(reqwest::Method::POST, path, Some(&body), &headers).await;
                    if !is_refused(&answer) {
                        assert_eq!(answer.status, 201, "{}", answer.text);
                        return refusals;
                    }
                    refusals += 1;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        };
        let refusals: Vec<usize> = join_all(buyers.iter().map(confirmed)).await;
        assert!(refusals.iter().any(|count| *count > 0), "all were let in at once");
        let booked = app.number("SELECT COUNT(*) FROM bookings WHERE status = 'confirmed'").await;
        assert_eq!(booked, i64::from(BUYERS));
        app.finish().await;
    }
}
