//! Cancellations by the buyer, by the organizer, and because an event is called off: the responses, and the money
//! that is refunded once.

mod called_off;
mod crashes;
mod late_success;
mod stripe;
mod stripe_process;

use std::time::Duration;

use holdfast::kernel::db::Sql;
use holdfast_contract::{
    bookings::{BookingStatus, TicketStatus},
    reservations::ReservationStatus,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Event, Like, euros, seats, seats_and_places},
    harness::{LOOK_EVERY, LOOKS, TestApp},
    paid::{Paid, admits, all_refunded, app_with_event, books, statuses},
};

#[tokio::test]
async fn a_buyer_gives_a_booking_back_and_its_places_are_free_at_once() {
    let (app, event) = app_with_event().await;
    let wish = seats_and_places(&event, &[1, 2], 3);
    let paid = Paid::of(&app, &event, &wish).await;
    let total = 2 * 4500 + 3 * 2000;
    assert!(paid.booking.cancellable);
    assert_eq!(paid.booking.refundable, Some(euros(total)));
    assert_eq!(paid.booking.lines[0].refunded, euros(0));
    let cancelled = paid.cancels(&app, None).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    let cancelled = cancelled.booking();
    assert_eq!(cancelled.status, BookingStatus::Cancelled);
    assert_eq!((cancelled.cancellable, &cancelled.refundable), (false, &None));
    assert!(cancelled.lines[0].cancelled);
    assert_eq!(cancelled.lines[0].refunded, euros(4500));
    assert!(statuses(&cancelled).iter().all(|status| *status == TicketStatus::Cancelled));
    // The next buyer does not wait for the refund: the places are free already.
    let next = Paid::of(&app, &event, &wish).await;
    all_refunded(&app).await;
    let read = paid.reads(&app).await;
    assert!(statuses(&read).iter().all(|status| *status == TicketStatus::Refunded), "{read:#?}");
    assert_eq!(paid.buyer.reservation_status(&app).await, ReservationStatus::Cancelled);
    assert_eq!(next.reads(&app).await.status, BookingStatus::Confirmed);
    assert_eq!(books(&app).await, (2 * total, total));
    app.finish().await;
}

#[tokio::test]
async fn asking_again_changes_nothing_and_a_key_repeats_its_answer() {
    let (app, event) = app_with_event().await;
    let paid = Paid::of(&app, &event, &seats(&[1, 2])).await;
    let key = [("Idempotency-Key", "gives-back")];
    let first = paid.cancels_with(&app, None, &key).await;
    assert_eq!((first.status, first.header("Idempotency-Replayed")), (200, None));
    all_refunded(&app).await;
    let again = paid.cancels_with(&app, None, &key).await;
    assert_eq!((again.status, &again.text), (200, &first.text));
    assert_eq!(again.header("Idempotency-Replayed"), Some("true"));
    let one = json!({ "line_ids": [paid.line(0)] });
    let other = paid.cancels_with(&app, Some(&one), &key).await;
    other.assert_problem(422, "/problems/idempotency-key-reused");
    let unkeyed = paid.cancels(&app, Some(&json!({}))).await;
    assert_eq!((unkeyed.status, unkeyed.booking().status), (200, BookingStatus::Cancelled));
    assert_eq!(books(&app).await, (9000, 9000));
    app.finish().await;
}

#[tokio::test]
async fn lines_are_given_back_one_by_one() {
    let (app, event) = app_with_event().await;
    let wish = seats_and_places(&event, &[1, 2], 2);
    let paid = Paid::of(&app, &event, &wish).await;
    let one = json!({ "line_ids": [paid.line(0)] });
    let cancelled = paid.cancels(&app, Some(&one)).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    let cancelled = cancelled.booking();
    assert_eq!(cancelled.status, BookingStatus::Confirmed);
    assert_eq!(cancelled.refundable, Some(euros(4500 + 4000)));
    assert_eq!(cancelled.lines.iter().filter(|line| line.cancelled).count(), 1);
    let again = paid.cancels(&app, Some(&one)).await;
    assert_eq!((again.status, again.booking().refundable), (200, Some(euros(4500 + 4000))));
    assert_eq!(paid.buyer.reservation_status(&app).await, ReservationStatus::Confirmed);
    all_refunded(&app).await;
    assert_eq!(books(&app).await, (13_000, 4500));
    let rest = paid.cancels(&app, None).await;
    assert_eq!(rest.booking().status, BookingStatus::Cancelled, "{}", rest.text);
    all_refunded(&app).await;
    assert_eq!(books(&app).await, (13_000, 13_000));
    app.finish().await;
}

#[tokio::test]
async fn bad_input_is_named_and_nothing_happens() {
    let (app, event) = app_with_event().await;
    let paid = Paid::of(&app, &event, &seats(&[1])).await;
    let unknown = Uuid::nil();
    for lines in [json!([]), json!([unknown]), json!([paid.line(0), paid.line(0)])] {
        let refused = paid.cancels(&app, Some(&json!({ "line_ids": lines }))).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        refused.assert_field("line_ids");
    }
    let odd = paid.cancels(&app, Some(&json!({ "lines": [] }))).await;
    assert_eq!(odd.status, 400, "{}", odd.text);
    let stranger = GuestBuyer::holds(&app, &event, &seats(&[2])).await;
    let path = format!("/bookings/{}/cancel", paid.id());
    let foreign = app.as_guest(&stranger.token).post(&path, &json!({})).await;
    foreign.assert_problem(404, "/problems/not-found");
    app.post(&path, &json!({})).await.assert_problem(401, "/problems/unauthorized");
    assert_eq!(paid.reads(&app).await, paid.booking);
    assert_eq!(books(&app).await, (4500, 0));
    app.finish().await;
}

/// Expects that the buyer cannot cancel the booking, for this reason, and that nothing has changed.
async fn check_refused(app: &TestApp, paid: &Paid, reason: &str) {
    let before = paid.reads(app).await;
    assert_eq!((before.cancellable, &before.refundable), (false, &None));
    let refused = paid.cancels(app, None).await;
    refused.assert_problem(409, "/problems/illegal-transition");
    assert_eq!(refused.problem().reasons, [reason]);
    assert_eq!(paid.reads(app).await, before);
}

#[tokio::test]
async fn what_the_rules_forbid_is_refused_with_its_reason() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    let last = Paid::of(&app, &event, &seats(&[1])).await;
    check_refused(&app, &last, "not-refundable").await;
    // A booking keeps the terms of its purchase.
    fixture::refundable(&app, &event).await;
    check_refused(&app, &last, "not-refundable").await;
    let used = Paid::of(&app, &event, &seats(&[2])).await;
    assert!(admits(&app, &used.booking.tickets[0]).await);
    check_refused(&app, &used, "ticket-used").await;
    let late = Paid::of(&app, &event, &seats(&[3, 4])).await;
    app.advance(Duration::from_secs(30 * 24 * 3600)).await;
    check_refused(&app, &late, "event-started").await;
    assert_eq!(books(&app).await, (4 * 4500, 0));
    app.finish().await;
}

#[tokio::test]
async fn a_free_booking_is_given_up_without_the_gateway() {
    let app = TestApp::start().await;
    let event = fixture::event(&app, Like::default()).await;
    fixture::price(&app, &event, 0).await;
    let paid = Paid::of(&app, &event, &seats(&[1])).await;
    assert_eq!(paid.booking.refundable, Some(euros(0)));
    let cancelled = paid.cancels(&app, None).await;
    assert_eq!(cancelled.booking().status, BookingStatus::Cancelled, "{}", cancelled.text);
    assert_eq!(statuses(&cancelled.booking()), [TicketStatus::Cancelled]);
    assert_eq!(Paid::of(&app, &event, &seats(&[1])).await.booking.status, BookingStatus::Confirmed);
    app.finish().await;
}

#[tokio::test]
async fn twenty_cancellations_at_once_give_the_money_back_once() {
    let (app, event) = app_with_event().await;
    let wish = seats_and_places(&event, &[1, 2], 2);
    let paid = Paid::of(&app, &event, &wish).await;
    let node = app.another_node().await;
    let one = json!({ "line_ids": [paid.line(1)] });
    let all = (0..20).map(|at| {
        let on = if at % 2 == 0 { &app } else { &node };
        paid.cancels(on, if at % 3 == 0 { Some(&one) } else { None })
    });
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    all_refunded(&app).await;
    assert_eq!(paid.reads(&app).await.status, BookingStatus::Cancelled);
    assert_eq!(books(&app).await, (13_000, 13_000));
    node.stop().await;
    app.finish().await;
}

#[tokio::test]
async fn a_ticket_is_used_or_given_back_and_never_both() {
    let (app, event) = app_with_event().await;
    let (mut used, mut given_back) = (0, 0);
    for seat in 1..=10 {
        let paid = Paid::of(&app, &event, &seats(&[seat])).await;
        let (admitted, cancelled) =
            tokio::join!(admits(&app, &paid.booking.tickets[0]), paid.cancels(&app, None));
        if admitted {
            cancelled.assert_problem(409, "/problems/illegal-transition");
            assert_eq!(cancelled.problem().reasons, ["ticket-used"]);
            used += 1;
        } else {
            assert_eq!(cancelled.status, 200, "{}", cancelled.text);
            given_back += 1;
        }
    }
    all_refunded(&app).await;
    assert_eq!(used + given_back, 10);
    assert_eq!(books(&app).await, (45_000, 4500 * given_back));
    app.finish().await;
}

#[tokio::test]
async fn a_refund_that_the_gateway_refuses_waits_for_an_operator() {
    let (app, event) = app_with_event().await;
    let paid = Paid::with(&app, &event, &seats(&[1]), "pm_sim_refund_fails").await;
    let cancelled = paid.cancels(&app, None).await;
    assert_eq!(cancelled.booking().status, BookingStatus::Cancelled, "{}", cancelled.text);
    let text = "SELECT reason FROM sagas WHERE kind = 'refund' AND status = 'needs_attention'";
    let mut reason = None;
    for _ in 0..LOOKS {
        reason = app.app.base.db.one(text, vec![]).await.expect("a look");
        if reason.is_some() {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let reason: String = reason.expect("it is stuck").try_get("", "reason").expect("a reason");
    assert_eq!(reason, "refund-refused");
    let read = paid.reads(&app).await;
    assert_eq!(statuses(&read), [TicketStatus::Cancelled]);
    assert_eq!(books(&app).await, (4500, 0));
    // The seat does not belong to the buyer any more nevertheless.
    assert_eq!(Paid::of(&app, &event, &seats(&[1])).await.booking.status, BookingStatus::Confirmed);
    app.finish().await;
}

#[tokio::test]
async fn the_check_finds_what_must_not_be() {
    let (app, event) = app_with_event().await;
    let paid = Paid::of(&app, &event, &seats(&[1, 2])).await;
    paid.cancels(&app, Some(&json!({ "line_ids": [paid.line(0)] }))).await;
    all_refunded(&app).await;
    let db = &app.app.base.db;
    for (fault, mend, named) in [
        (
            "UPDATE tickets SET status = 'valid' WHERE status = 'refunded'",
            "UPDATE tickets SET status = 'refunded' WHERE line_id IN \
             (SELECT id FROM booking_lines WHERE cancelled_at IS NOT NULL)",
            "no ticket of a cancelled line admits",
        ),
        (
            "UPDATE tickets SET status = 'cancelled' WHERE status = 'valid'",
            "UPDATE tickets SET status = 'valid' WHERE status = 'cancelled'",
            "a sold seat of a confirmed reservation has a live ticket",
        ),
        (
            "UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE account = 'captured'",
            "UPDATE ledger_entries SET amount_minor = amount_minor - 1 WHERE account = 'captured'",
            "what was captured less what was refunded is what confirmed lines cost",
        ),
        (
            "UPDATE ledger_entries SET amount_minor = -20000 WHERE account = 'refunded'",
            "UPDATE ledger_entries SET amount_minor = -4500 WHERE account = 'refunded'",
            "nothing is given back beyond what was captured",
        ),
        (
            "UPDATE bookings SET refunded_minor = 1",
            "UPDATE bookings SET refunded_minor = 4500",
            "what a booking says is given back is what its lines and its payment say",
        ),
        (
            "UPDATE refund_lines SET amount_minor = 1",
            "UPDATE refund_lines SET amount_minor = 4500",
            "a refund is the sum of its lines",
        ),
        (
            "UPDATE sagas SET status = 'needs_attention' WHERE kind = 'refund'",
            "UPDATE sagas SET status = 'done' WHERE kind = 'refund'",
            "every refund has one saga, at rest if and only if the money is back",
        ),
        (
            "UPDATE simulated_payments SET refunded_minor = 0",
            "UPDATE simulated_payments SET refunded_minor = 4500",
            "the simulated gateway gave back what refunds say",
        ),
    ] {
        assert!(db.run(fault, vec![]).await.expect("a fault") > 0, "{fault}");
        let found = holdfast::app::check(db).await.expect("the check runs");
        assert!(found.iter().any(|breach| breach.invariant == named), "{named}: {found:#?}");
        assert!(db.run(mend, vec![]).await.expect("mended") > 0, "{mend}");
    }
    app.finish().await;
}
