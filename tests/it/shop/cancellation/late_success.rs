//! A payment that succeeds although it was to be voided: it buys the same seats if they are free; otherwise it is
//! refunded automatically.

use holdfast_contract::bookings::Booking;

use super::*;

/// A buyer whose payment is not decided at its deadline. `meanwhile` is the SQL that changes the seat before that.
async fn check(meanwhile: &str, ends: impl AsyncFnOnce(&TestApp, &GuestBuyer, &Booking)) {
    let (app, event) = app_with_event().await;
    let wish = seats_and_places(&event, &[1, 2], 2);
    let buyer = GuestBuyer::holds(&app, &event, &wish).await;
    let body = buyer.pays_with("pm_sim_late_success");
    let waits = buyer.confirms(&app, "late", &body).await;
    assert_eq!(waits.status, 202, "{}", waits.text);
    if !meanwhile.is_empty() {
        let changed = app.app.base.db.run(meanwhile, vec![event.id.into()]).await;
        assert!(changed.expect("the seat changes") > 0);
    }
    app.advance(Duration::from_secs(15 * 60)).await;
    let booking = waits.id();
    let ended = buyer.settled(&app, booking).await;
    ends(&app, &buyer, &ended).await;
    app.finish().await;
}

async fn bought(app: &TestApp, buyer: &GuestBuyer, ended: &Booking) {
    assert_eq!(ended.status, BookingStatus::Confirmed, "{ended:#?}");
    assert_eq!(statuses(ended), [TicketStatus::Valid; 4]);
    let told = buyer.confirms(app, "late", &buyer.pays_with("pm_sim_late_success")).await;
    assert_eq!(told.status, 201, "{}", told.text);
    assert_eq!(books(app).await, (13_000, 0));
}

async fn lost(app: &TestApp, buyer: &GuestBuyer, ended: &Booking) {
    assert_eq!(ended.status, BookingStatus::Failed, "{ended:#?}");
    assert_eq!(ended.failure.as_deref(), Some("seats-lost-refunded"));
    let told = buyer.confirms(app, "late", &buyer.pays_with("pm_sim_late_success")).await;
    told.assert_problem(409, "/problems/seats-unavailable");
    assert_eq!(told.problem().reasons, ["seats-lost-refunded"]);
    // The refund's first lease has to lapse before the pass drives it.
    app.advance(Duration::from_secs(6)).await;
    all_refunded(app).await;
    assert_eq!(books(app).await, (13_000, 13_000));
    assert_eq!(buyer.reservation_status(app).await, ReservationStatus::Cancelled);
}

#[tokio::test]
async fn money_that_came_late_buys_the_seats_that_are_still_being_paid() {
    check("", bought).await;
}

#[tokio::test]
async fn money_that_came_late_buys_a_seat_again_that_is_free() {
    let freed = "UPDATE seats SET status = 'available', reservation_id = NULL, version = version + 1, \
                 fence = fence + 1 WHERE event_id = $1 AND seat_id = 2";
    check(freed, bought).await;
}

#[tokio::test]
async fn money_that_came_late_for_a_seat_that_is_gone_goes_back_by_itself() {
    let gone = "UPDATE seats SET status = 'blocked', block_reason = 'broken', reservation_id = NULL, \
                version = version + 1, fence = fence + 1 WHERE event_id = $1 AND seat_id = 2";
    check(gone, lost).await;
}

#[tokio::test]
async fn money_that_came_late_for_a_seat_with_another_place_goes_back_by_itself() {
    // The seat is free, and another seat has its number.
    let swapped = "UPDATE seats SET status = 'available', reservation_id = NULL, version = version + 1, \
                   fence = fence + 1, seat_label = CASE seat_id WHEN 2 THEN '3' ELSE '2' END \
                   WHERE event_id = $1 AND seat_id IN (2, 3)";
    check(swapped, lost).await;
}

#[tokio::test]
async fn money_that_came_late_for_a_called_off_event_goes_back_by_itself() {
    let off = "UPDATE events SET status = 'cancelled', version = version + 1 WHERE id = $1";
    check(off, lost).await;
}
