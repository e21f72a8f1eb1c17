//! The mails about bookings: who gets which mail, once, and what it says.

mod connections;
mod letters;
mod smtp;

use std::time::Duration;

use holdfast::messages::{self, NewMessage};
use holdfast_contract::operators::{Message, MessagePage, MessageStatus};
use holdfast_domain::{access::Role, message::Kind};
use serde_json::json;

use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, account, seats},
    harness::TestApp,
    mailbox::mails,
    paid::{Paid, all_refunded, app_with_event},
};

/// The messages, newest first, as an administrator sees them.
async fn listed(app: &TestApp, admin: &str, query: &str) -> Vec<Message> {
    let page = app.as_user(admin).get(&format!("/admin/messages{query}")).await;
    page.read::<MessagePage>().items
}

#[tokio::test]
async fn a_paid_booking_is_confirmed_by_one_mail() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1, 2])).await;
    let body = buyer.pays_from("pm_card_visa", "ada@example.org");
    let booking = buyer.confirms(&app, "k1", &body).await.booking();
    let mail = mails(&app, "ada@example.org", 1).await.remove(0);
    assert!(mail.subject.contains(&booking.reference), "{}", mail.subject);
    for text in [&mail.text, &mail.html] {
        assert!(text.contains(&booking.reference) && text.contains("90.00\u{a0}EUR"), "{text}");
        for line in &booking.lines {
            assert!(text.contains(&line.label), "{text}");
        }
    }
    let page = format!("/bookings/{}#hb1.read.", booking.reference);
    assert!(mail.links[0].contains(&page), "{:?}", mail.links);
    let calendar = mail.calendar.expect("a calendar file");
    assert!(calendar.contains("BEGIN:VEVENT") && calendar.contains(&booking.reference));
    assert!(!calendar.contains("hb1."), "calendars are shared: {calendar}");
    // Neither a repeated request nor another pass sends a second mail.
    assert_eq!(buyer.confirms(&app, "k1", &body).await.status, 201);
    assert_eq!(app.app.post.send_pass().await.expect("the pass runs"), 0);
    assert_eq!(mails(&app, "ada@example.org", 1).await[0].id, mail.id);
    app.finish().await;
}

#[tokio::test]
async fn a_mail_is_in_the_language_of_the_buyer() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let body = buyer.pays_from("pm_card_visa", "amélie@exämple.org");
    let headers = [("Idempotency-Key", "k1"), ("Accept-Language", "fr-CA, en")];
    let caller = app.as_guest(&buyer.token);
    let paid = caller.send(reqwest::Method::POST, "/bookings/confirm", Some(&body), &headers).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    let mail = mails(&app, "amélie@exämple.org", 1).await.remove(0);
    assert!(mail.subject.starts_with("Votre réservation"), "{}", mail.subject);
    assert!(mail.text.contains("45,00\u{a0}EUR") && mail.html.contains("lang=\"fr\""));
    app.finish().await;
}

/// The buyer usually takes another card at once, so the mail about a declined card waits, and is not sent to a buyer who
/// has paid since.
#[tokio::test]
async fn a_declined_payment_is_told_later_and_only_if_nothing_else_was_paid() {
    let (app, event) = app_with_event().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    for (seat, name, pays) in [(1, "gives-up", false), (2, "pays", true)] {
        let buyer = GuestBuyer::holds(&app, &event, &seats(&[seat])).await;
        let to = format!("{name}@example.org");
        let declined = buyer.pays_from("pm_card_chargeDeclined", &to);
        assert_eq!(buyer.confirms(&app, "k1", &declined).await.status, 402);
        if pays {
            let body = buyer.pays_from("pm_card_visa", &to);
            assert_eq!(buyer.confirms(&app, "k2", &body).await.status, 201);
        }
    }
    let confirmed = mails(&app, "pays@example.org", 1).await;
    assert!(confirmed[0].subject.starts_with("Your booking for"), "{}", confirmed[0].subject);
    assert_eq!(listed(&app, &admin, "?status=waiting").await.len(), 2);
    app.at_rest().await;
    app.advance(Duration::from_secs(15 * 60)).await;
    let failed = mails(&app, "gives-up@example.org", 1).await;
    assert!(failed[0].text.contains("The payment was declined"), "{}", failed[0].text);
    assert_eq!(mails(&app, "pays@example.org", 1).await.len(), 1);
    let unneeded = listed(&app, &admin, "?status=unneeded").await;
    assert_eq!(unneeded.len(), 1);
    assert_eq!(unneeded[0].recipient, "pays@example.org");
    app.finish().await;
}

#[tokio::test]
async fn cancellations_and_refunds_are_told_with_their_amount() {
    let (app, event) = app_with_event().await;
    let paid = Paid::of(&app, &event, &seats(&[1, 2, 3])).await;
    let to = paid.booking.email.clone().expect("an address");
    let one = json!({ "line_ids": [paid.line(0)] });
    assert_eq!(paid.cancels(&app, Some(&one)).await.status, 200);
    let cancelled = mails(&app, &to, 2).await.remove(1);
    assert!(cancelled.subject.starts_with("Cancelled: "), "{}", cancelled.subject);
    assert!(cancelled.text.contains("45.00\u{a0}EUR goes back"), "{}", cancelled.text);
    assert!(cancelled.text.contains(&paid.booking.lines[0].label));
    assert!(!cancelled.text.contains(&paid.booking.lines[1].label));
    // Asking again cancels nothing, and tells nothing.
    assert_eq!(paid.cancels(&app, Some(&one)).await.status, 200);
    // The organizer calls the event off: the remaining lines are told once.
    fixture::call_off(&app, &event).await;
    app.app.slices.cancellations.called_off_pass().await.expect("the pass runs");
    let off = mails(&app, &to, 3).await.remove(2);
    assert!(off.subject.ends_with("will not take place"), "{}", off.subject);
    assert!(off.text.contains("90.00\u{a0}EUR goes back"), "{}", off.text);
    all_refunded(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn old_messages_are_forgotten_and_waiting_messages_are_kept() {
    let (app, event) = app_with_event().await;
    let paid = Paid::of(&app, &event, &seats(&[1])).await;
    let later = NewMessage::once(Kind::RefundStarted, paid.id(), "ada@example.org", "en");
    let later = NewMessage { wait_ms: 90 * 24 * 3600 * 1000, ..later };
    let (db, entropy) = (&app.app.base.db, &*app.app.base.entropy);
    let now_ms = db.now().await.expect("a time");
    messages::post(db, entropy, [later], now_ms).await.expect("a message");
    app.at_rest().await;
    app.advance(Duration::from_secs(40 * 24 * 3600)).await;
    app.app.post.send_pass().await.expect("the pass runs");
    app.app.post.retention_pass().await.expect("the pass runs");
    let waiting = "SELECT COUNT(*) FROM messages WHERE status = 'waiting'";
    assert_eq!(app.number(waiting).await, 1);
    assert_eq!(app.number("SELECT COUNT(*) FROM messages").await, 1, "the other is old");
    app.finish().await;
}

#[tokio::test]
async fn an_operator_cannot_send_a_mail_again_that_did_not_fail() {
    let (app, event) = app_with_event().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let paid = Paid::of(&app, &event, &seats(&[1])).await;
    mails(&app, paid.booking.email.as_deref().expect("an address"), 1).await;
    let sent = listed(&app, &admin, "").await.remove(0);
    assert_eq!((sent.status, sent.attempts), (MessageStatus::Sent, 1));
    assert_eq!((sent.kind.as_str(), sent.subject_id), ("booking_confirmed", paid.id()));
    let caller = app.as_user(&admin);
    let retried = caller.post(&format!("/admin/messages/{}/retry", sent.id), &json!({})).await;
    retried.assert_problem(409, "/problems/illegal-transition");
    let unknown = format!("/admin/messages/{}/retry", uuid::Uuid::now_v7());
    caller.post(&unknown, &json!({})).await.assert_problem(404, "/problems/not-found");
    app.finish().await;
}
