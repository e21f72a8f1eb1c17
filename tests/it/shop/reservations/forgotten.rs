//! Reservations that ended long ago without a booking are deleted.

use std::time::Duration;

use crate::support::{
    buyer::GuestBuyer,
    fixture::{app_with_event, seats, seats_and_places},
    harness::TestApp,
    paid::Paid,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn rows(app: &TestApp) -> [i64; 3] {
    let tables = ["reservations", "reservation_items", "buyers"];
    let mut rows = [0; 3];
    for (rows, table) in rows.iter_mut().zip(tables) {
        *rows = app.number(&format!("SELECT COUNT(*) FROM {table}")).await;
    }
    rows
}

#[tokio::test]
async fn what_ended_without_a_booking_is_forgotten_after_thirty_days() {
    let (app, event) = app_with_event().await;
    let pass = async || app.app.slices.reservations.retention_pass().await.expect("a pass");
    let cancelled = GuestBuyer::holds(&app, &event, &seats(&[1, 2])).await;
    let path = format!("/reservations/{}", cancelled.reservation);
    assert_eq!(app.as_guest(&cancelled.token).delete(&path).await.status, 204);
    GuestBuyer::holds(&app, &event, &seats_and_places(&event, &[3], 2)).await;
    // A declined payment leaves a booking, which keeps its reservation.
    let declined = GuestBuyer::holds(&app, &event, &seats(&[4])).await;
    let body = declined.pays_with("pm_card_chargeDeclined");
    assert_eq!(declined.confirms(&app, "k", &body).await.status, 402);
    Paid::of(&app, &event, &seats(&[5])).await;
    let all = [4, 6, 4];
    assert_eq!(rows(&app).await, all);
    app.advance(Duration::from_secs(3_600)).await;
    app.app.slices.reservations.expire_pass().await.expect("a pass");
    app.advance(DAY * 29).await;
    assert_eq!((pass().await, rows(&app).await), (0, all), "none is old enough");
    app.advance(DAY).await;
    assert_eq!((pass().await, rows(&app).await), (2, [2, 2, 2]));
    // Another node begins with the oldest.
    let other = app.another_node().await;
    assert_eq!(other.app.slices.reservations.retention_pass().await.expect("a pass"), 0);
    other.stop().await;
    app.finish().await;
}
