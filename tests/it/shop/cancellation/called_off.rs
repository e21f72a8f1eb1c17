//! Called-off events: all their lines of every booking are cancelled and refunded, and no other line is.

use super::*;

async fn pass(app: &TestApp) -> u64 {
    app.app.slices.cancellations.called_off_pass().await.expect("the pass runs")
}

#[tokio::test]
async fn a_called_off_event_gives_every_booking_back_whatever_the_offers_say() {
    let app = TestApp::start().await;
    let like = Like { seats: 20, ..Like::default() };
    let event = fixture::event(&app, like).await;
    let mut bought = Vec::new();
    for seat in 1..=12 {
        bought.push(Paid::of(&app, &event, &seats(&[seat])).await);
    }
    assert!(admits(&app, &bought[0].booking.tickets[0]).await);
    fixture::call_off(&app, &event).await;
    // Several passes at once do nothing twice. The first pass that reaches a booking cancels it.
    let node = app.another_node().await;
    tokio::join!(pass(&app), pass(&node), pass(&app));
    assert_eq!(pass(&app).await, 0);
    for paid in &bought {
        assert_eq!(paid.reads(&app).await.status, BookingStatus::Cancelled);
    }
    // The first lease of each refund has to lapse before the pass drives it.
    app.advance(Duration::from_secs(6)).await;
    all_refunded(&app).await;
    assert_eq!(books(&app).await, (12 * 4500, 12 * 4500));
    for paid in &bought {
        assert_eq!(statuses(&paid.reads(&app).await), [TicketStatus::Refunded]);
    }
    node.stop().await;
    app.finish().await;
}

#[tokio::test]
async fn a_booking_that_spans_events_keeps_its_lines_of_the_other() {
    let (app, event) = app_with_event().await;
    let other = fixture::another_event(&app, &event).await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1, 2])).await;
    let guest = app.as_guest(&buyer.token);
    let held = guest.post(&other.reservations(), &seats(&[7])).await;
    let second = held.id();
    let body = json!({ "reservation_ids": [buyer.reservation, second], "email": "a@b.org",
                       "payment": { "method": "pm_card_visa" } });
    let paid = buyer.confirms(&app, "both", &body).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    fixture::call_off(&app, &other).await;
    pass(&app).await;
    app.advance(Duration::from_secs(6)).await;
    all_refunded(&app).await;
    let paid = Paid { buyer, booking: paid.booking() };
    let read = paid.reads(&app).await;
    assert_eq!(read.status, BookingStatus::Confirmed);
    assert_eq!(read.refundable, Some(euros(9000)));
    for line in read.lines {
        let off = line.event_id == other.id;
        assert_eq!(line.cancelled, off, "{line:?}");
        assert_eq!(line.refunded, euros(if off { 4500 } else { 0 }));
    }
    assert_eq!(books(&app).await, (13_500, 4500));
    assert_eq!(pass(&app).await, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_checkout_of_a_called_off_event_fails_and_is_voided() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = buyer.pays_with("pm_card_authenticationRequired");
    let waits = buyer.confirms(&app, "3ds", &body).await;
    assert_eq!(waits.status, 202, "{}", waits.text);
    fixture::call_off(&app, &event).await;
    pass(&app).await;
    let booking = waits.id();
    let ended = buyer.settled(&app, booking).await;
    assert_eq!(
        (ended.status, ended.failure.as_deref()),
        (BookingStatus::Failed, Some("event-cancelled"))
    );
    let told = buyer.confirms(&app, "3ds", &body).await;
    told.assert_problem(409, "/problems/reservation-not-active");
    assert_eq!(books(&app).await, (0, 0));
    app.finish().await;
}

#[tokio::test]
async fn a_buyer_and_a_called_off_event_at_once_give_the_money_back_once() {
    let (app, event) = app_with_event().await;
    let mut bought = Vec::new();
    for seat in 1..=8 {
        bought.push(Paid::of(&app, &event, &seats(&[seat])).await);
    }
    fixture::call_off(&app, &event).await;
    let buyers = bought.iter().map(|paid| paid.cancels(&app, None));
    let (answers, _) = tokio::join!(futures_util::future::join_all(buyers), pass(&app));
    for answer in answers {
        assert_eq!((answer.status, answer.booking().status), (200, BookingStatus::Cancelled));
    }
    app.advance(Duration::from_secs(6)).await;
    all_refunded(&app).await;
    assert_eq!(books(&app).await, (8 * 4500, 8 * 4500));
    app.finish().await;
}
