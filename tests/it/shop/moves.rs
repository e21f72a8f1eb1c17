//! Events that are moved after people have booked them: who is told, once, and of what.

mod crashes;
mod unsent;

use std::time::Duration;

use holdfast::app::development::mail::KeptMail;
use holdfast_contract::bookings::BookingStatus;
use holdfast_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Event, account, edit, seats},
    harness::TestApp,
    mailbox::mails,
    paid::{Paid, all_refunded, app_with_event},
};

/// The beginning of the event: 1 January 2100, 18:00 in Berlin.
const BEGAN: i64 = 4_102_506_000_000;
const HOUR: i64 = 3_600_000;
const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);

/// A server with an event whose organizer changes it.
struct Stage {
    app: TestApp,
    event: Event,
    admin: String,
}

impl Stage {
    async fn start() -> Self {
        let (app, event) = app_with_event().await;
        Self::of(app, event).await
    }

    async fn of(app: TestApp, event: Event) -> Self {
        use holdfast::kernel::db::Sql as _;
        let text = "UPDATE events SET starts_at = $1, ends_at = $2, time_zone = 'Europe/Berlin'";
        let values = vec![BEGAN.into(), (BEGAN + 3 * HOUR).into()];
        app.app.base.db.run(text, values).await.expect("the store works");
        let admin = account(&app, "admin", Role::Admin, None).await;
        Self { app, event, admin }
    }

    /// A booking of this seat whose confirmation has left. A confirmation that is still to be written would name the new
    /// time by itself.
    async fn books(&self, seat: i32) -> Paid {
        let paid = Paid::of(&self.app, &self.event, &seats(&[seat])).await;
        self.mails_have_left().await;
        paid
    }

    async fn mails_have_left(&self) {
        self.app.app.post.send_pass().await.expect("the pass runs");
        self.app.until("SELECT COUNT(*) FROM messages WHERE status = 'waiting'", 0).await;
    }

    async fn changes(&self, body: Value) {
        let edited = edit(&self.app.as_user(&self.admin), &self.event.path(""), body).await;
        assert_eq!(edited.status, 200, "{}", edited.text);
    }

    /// Moves the event to so many hours after its first beginning.
    async fn moves_to(&self, hours: i64) {
        let at = |ms: i64| holdfast::http::time::rfc3339(BEGAN + ms);
        let (starts_at, ends_at) = (at(hours * HOUR), at((hours + 3) * HOUR));
        self.changes(json!({ "starts_at": starts_at, "ends_at": ends_at })).await;
    }

    /// Lets the organizer's time for corrections pass. Returns how many messages are written then.
    async fn tells(&self) -> i64 {
        let before = self.told().await;
        self.app.at_rest().await;
        self.app.advance(FIVE_MINUTES).await;
        pass(&self.app).await;
        assert_eq!(self.waiting().await, 0);
        self.told().await - before
    }

    /// How many messages about moves there are.
    async fn told(&self) -> i64 {
        self.app.number("SELECT COUNT(*) FROM messages WHERE kind = 'event_moved'").await
    }

    /// How many moves wait to be told.
    async fn waiting(&self) -> i64 {
        self.app.number("SELECT COUNT(*) FROM event_moves").await
    }
}

async fn pass(app: &TestApp) -> u64 {
    app.app.slices.moves.tell_pass().await.expect("the pass runs")
}

fn address(paid: &Paid) -> String {
    paid.booking.email.clone().expect("an address")
}

/// The value of a property of the calendar file.
fn property<'m>(mail: &'m KeptMail, name: &str) -> &'m str {
    let calendar = mail.calendar.as_deref().expect("a calendar file");
    let begin = format!("{name}:");
    let line = calendar.lines().find_map(|line| line.strip_prefix(&begin));
    line.unwrap_or_else(|| panic!("no {name} in {calendar}"))
}

/// Guests and a user book, one of them cancels a line, and another one everything.
#[tokio::test]
async fn a_moved_event_is_told_once_to_every_booking_with_live_lines() {
    let stage = Stage::start().await;
    let (app, event) = (&stage.app, &stage.event);
    let guest = Paid::of(app, event, &seats(&[1])).await;
    let user = account(app, "buyer", Role::Customer, None).await;
    let held = app.as_user(&user).post(&event.reservations(), &seats(&[2])).await;
    let body = json!({ "reservation_ids": [held.id()], "email": "user@example.org",
                       "payment": { "method": "pm_card_visa" } });
    let key = [("Idempotency-Key", "books")];
    let caller = app.as_user(&user);
    let booked = caller.send(Method::POST, "/bookings/confirm", Some(&body), &key).await;
    assert_eq!(booked.status, 201, "{}", booked.text);
    let part = Paid::of(app, event, &seats(&[3, 4])).await;
    let one = json!({ "line_ids": [part.line(0)] });
    assert_eq!(part.cancels(app, Some(&one)).await.status, 200);
    let gone = stage.books(5).await;
    assert_eq!(gone.cancels(app, None).await.status, 200);
    all_refunded(app).await;
    stage.mails_have_left().await;

    stage.moves_to(25).await;
    assert_eq!(pass(app).await, 0, "the organizer may still correct the change");
    app.at_rest().await;
    app.advance(FIVE_MINUTES).await;
    let node = app.another_node().await;
    tokio::join!(pass(app), pass(&node), pass(app));
    assert_eq!((stage.told().await, stage.waiting().await), (3, 0));

    let before = "Until now: Friday, 1 January 2100, 18:00 to 21:00 (CET)";
    let after = "Now: Saturday, 2 January 2100, 19:00 to 22:00 (CET)";
    for (to, many) in
        [(address(&guest), 2), ("user@example.org".to_owned(), 2), (address(&part), 3)]
    {
        let got = mails(app, &to, many).await;
        let (first, told) = (&got[0], &got[many - 1]);
        assert!(told.subject.starts_with("New time: Match ("), "{}", told.subject);
        for text in [before, after] {
            assert!(told.text.contains(text), "{}", told.text);
            assert!(told.html.contains(text), "{}", told.html);
        }
        assert!(told.links[0].contains("/bookings/"), "{:?}", told.links);
        assert_eq!(property(told, "UID"), property(first, "UID"));
        let number = |mail| property(mail, "SEQUENCE").parse::<i32>().expect("a number");
        assert!(number(told) > number(first));
        assert_eq!(property(first, "DTSTART"), "21000101T170000Z");
        assert_eq!(property(told, "DTSTART"), "21000102T180000Z");
        assert_eq!(property(told, "METHOD"), "PUBLISH");
    }
    let told = mails(app, &address(&part), 3).await.remove(2);
    let [cancelled, live] = [0, 1].map(|at| part.booking.lines[at].label.as_str());
    assert!(told.text.contains(live) && !told.text.contains(cancelled), "{}", told.text);
    mails(app, &address(&gone), 2).await;
    assert_eq!(stage.tells().await, 0);
    node.stop().await;
    stage.app.finish().await;
}

#[tokio::test]
async fn several_moves_at_once_are_told_by_one_mail() {
    let stage = Stage::start().await;
    let paid = stage.books(1).await;
    stage.moves_to(1).await;
    stage.app.at_rest().await;
    stage.app.advance(Duration::from_secs(4 * 60)).await;
    stage.moves_to(2).await;
    stage.changes(json!({ "time_zone": "Asia/Tokyo" })).await;
    stage.app.advance(Duration::from_secs(4 * 60)).await;
    assert_eq!(pass(&stage.app).await, 0, "five minutes count from the last change");
    assert_eq!(stage.tells().await, 1);
    let told = mails(&stage.app, &address(&paid), 2).await.remove(1);
    for text in [
        "Friday, 1 January 2100, 18:00 to 21:00 (CET)",
        "Saturday, 2 January 2100, 04:00 to 07:00 (JST)",
    ] {
        assert!(told.text.contains(text), "{}", told.text);
    }
    assert!(!told.text.contains("19:00"), "{}", told.text);
    stage.app.finish().await;
}

/// An organizer who changes an event again and again does not keep the buyers uninformed.
#[tokio::test]
async fn buyers_are_told_half_an_hour_after_the_first_move_at_the_latest() {
    let stage = Stage::start().await;
    stage.books(1).await;
    stage.app.at_rest().await;
    for hours in 1..=8 {
        stage.moves_to(hours).await;
        assert_eq!(pass(&stage.app).await, 0, "{hours}");
        stage.app.advance(Duration::from_secs(4 * 60)).await;
    }
    pass(&stage.app).await;
    assert_eq!((stage.told().await, stage.waiting().await), (1, 0));
    stage.app.finish().await;
}

#[tokio::test]
async fn a_move_that_is_taken_back_is_not_told() {
    let stage = Stage::start().await;
    let paid = stage.books(1).await;
    stage.moves_to(1).await;
    stage.moves_to(0).await;
    assert_eq!(stage.tells().await, 0);
    mails(&stage.app, &address(&paid), 1).await;
    stage.app.finish().await;
}

#[tokio::test]
async fn other_changes_and_moves_that_nobody_has_booked_are_not_told() {
    let stage = Stage::start().await;
    stage.moves_to(1).await;
    assert_eq!(stage.waiting().await, 1);
    assert_eq!(stage.tells().await, 0, "nobody has booked");
    stage.books(1).await;
    stage.changes(json!({ "name": "Gala", "description": "More.", "max_per_user": 7 })).await;
    assert_eq!(stage.waiting().await, 0);
    assert_eq!(stage.tells().await, 0);
    stage.app.finish().await;
}

/// The confirmation is written when it is sent, so it names the new time.
#[tokio::test]
async fn a_booking_that_is_confirmed_after_the_move_gets_only_its_confirmation() {
    let stage = Stage::start().await;
    let app = &stage.app;
    let buyer = GuestBuyer::holds(app, &stage.event, &seats(&[1])).await;
    let body = buyer.pays_from("pm_card_authenticationRequired", "late@example.org");
    let waits = buyer.confirms(app, "3ds", &body).await;
    assert_eq!(waits.booking().status, BookingStatus::Pending, "{}", waits.text);
    let secret = waits.booking().next_action.expect("a step for the buyer").client_secret;
    stage.moves_to(25).await;
    assert_eq!(stage.waiting().await, 1);
    app.at_rest().await;
    app.advance(Duration::from_secs(60)).await;
    let path = format!("/payments/simulated/{secret}/complete");
    let done = app.post(&path, &json!({ "outcome": "success" })).await;
    assert_eq!(done.booking().status, BookingStatus::Confirmed, "{}", done.text);
    let confirmed = mails(app, "late@example.org", 1).await.remove(0);
    assert!(
        confirmed.text.contains("Saturday, 2 January 2100 at 19:00 (CET)"),
        "{}",
        confirmed.text
    );
    assert_eq!(stage.tells().await, 0);
    stage.app.finish().await;
}

#[tokio::test]
async fn an_event_that_is_called_off_after_its_move_is_not_told_as_moved() {
    let stage = Stage::start().await;
    let paid = stage.books(1).await;
    stage.moves_to(1).await;
    fixture::call_off(&stage.app, &stage.event).await;
    assert_eq!(stage.tells().await, 0);
    stage.app.app.slices.cancellations.called_off_pass().await.expect("the pass runs");
    let off = mails(&stage.app, &address(&paid), 2).await.remove(1);
    assert!(off.subject.ends_with("will not take place"), "{}", off.subject);
    stage.app.advance(Duration::from_secs(6)).await;
    all_refunded(&stage.app).await;
    stage.app.finish().await;
}

#[tokio::test]
async fn a_booking_of_two_events_is_told_of_the_moved_one() {
    let stage = Stage::start().await;
    let (app, event) = (&stage.app, &stage.event);
    let other = fixture::another_event(app, event).await;
    let buyer = GuestBuyer::holds(app, event, &seats(&[1])).await;
    let second = app.as_guest(&buyer.token).post(&other.reservations(), &seats(&[7])).await.id();
    let body = json!({ "reservation_ids": [buyer.reservation, second], "email": "a@example.org",
                       "payment": { "method": "pm_card_visa" } });
    let paid = buyer.confirms(app, "both", &body).await.booking();
    stage.mails_have_left().await;
    stage.moves_to(1).await;
    assert_eq!(stage.tells().await, 1);
    let got = mails(app, "a@example.org", 2).await;
    let entries = |mail: &KeptMail| {
        mail.calendar.as_deref().unwrap_or_default().matches("BEGIN:VEVENT").count()
    };
    assert_eq!((entries(&got[0]), entries(&got[1])), (2, 1));
    for line in &paid.lines {
        let is_moved = line.event_id == event.id;
        assert_eq!(got[1].text.contains(&line.label), is_moved, "{}", got[1].text);
    }
    stage.app.finish().await;
}

/// Nobody may change the place of a booked event, but the first booking may commit at the same moment as the change. Then
/// the booking was made on the terms before the change.
#[tokio::test]
async fn a_place_that_changes_while_the_first_buyer_books_is_told() {
    let stage = Stage::start().await;
    stage.changes(json!({ "place": "Town hall" })).await;
    let paid = stage.books(1).await;
    assert_eq!(stage.tells().await, 1);
    let told = mails(&stage.app, &address(&paid), 2).await.remove(1);
    assert!(told.subject.starts_with("New place: Match ("), "{}", told.subject);
    assert!(told.text.contains("Until now: Hall\n\nNow: Town hall\n"), "{}", told.text);
    stage.app.finish().await;
}
