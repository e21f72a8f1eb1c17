//! Links to bookings: what they show, what they allow with the code of a mail, and when they end.

use std::time::Duration;

use futures_util::future::join_all;
use holdfast::{app::development::mail::KeptMail, kernel::db::Sql as _};
use holdfast_contract::bookings::{Booking, BookingLink, BookingPass, BookingStatus};
use holdfast_domain::{access::Role, link::MAX_TRIES};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    fixture::{Event, account, another_event, refundable, seats},
    harness::{LOOK_EVERY, LOOKS, TestApp, at_the_beginning_of_an_hour},
    mailbox::{code_of, mails, token_of},
    paid::{all_refunded, app_with_event, books},
};

const ADA: &str = "ada@example.org";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MINUTE: Duration = Duration::from_secs(60);

/// A guest's booking of two seats under Ada's address, and the token of the link in its mail.
struct Linked {
    app: TestApp,
    event: Event,
    guest: GuestBuyer,
    booking: Booking,
    link: String,
}

impl Linked {
    async fn new() -> Self {
        let (app, event) = app_with_event().await;
        let guest = GuestBuyer::holds(&app, &event, &seats(&[1, 2])).await;
        let booking = guest.confirms(&app, "k1", &guest.pays_from("pm_card_visa", ADA)).await;
        let booking = booking.booking();
        let mail = mails(&app, ADA, 1).await.remove(0);
        let link = token_of(&mail, &page(&booking)).to_owned();
        Self { app, event, guest, booking, link }
    }

    /// The answer to somebody without any other token.
    async fn sends(&self, method: Method, path: &str, body: Option<&Value>, link: &str) -> Answer {
        let headers = [("X-Booking-Link", link)];
        self.app.as_nobody().send(method, path, body, &headers).await
    }

    async fn reads(&self, link: &str) -> Answer {
        let path = format!("/bookings/reference/{}", self.booking.reference);
        self.sends(Method::GET, &path, None, link).await
    }

    async fn posts(&self, what: &str, body: Value, link: &str) -> Answer {
        let path = format!("/bookings/{}/{what}", self.booking.id);
        self.sends(Method::POST, &path, Some(&body), link).await
    }

    /// Asks for a code, and waits for the mail with this number among the mails to Ada.
    async fn code(&self, number: usize) -> String {
        let asked = self.posts("code", json!({}), &self.link).await;
        assert_eq!((asked.status, asked.text.as_str()), (204, ""));
        code_of(&mails(&self.app, ADA, number).await[number - 1]).to_owned()
    }

    async fn proves(&self, code: &str) -> Answer {
        self.posts("code/proof", json!({ "code": code }), &self.link).await
    }
}

fn page(booking: &Booking) -> String {
    format!("/bookings/{}", booking.reference)
}

/// A code that is not this one.
fn another(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[tokio::test]
async fn a_link_shows_its_booking_and_changes_nothing() {
    let linked = Linked::new().await;
    let (app, booking, link) = (&linked.app, &linked.booking, &linked.link);
    let read = linked.reads(link).await;
    assert_eq!(read.status, 200, "{}", read.text);
    let shown = read.booking();
    assert_eq!((shown.id, shown.tickets.len()), (booking.id, 2));
    assert_eq!(shown.email, None, "a link may be passed on");
    let by_id = linked.sends(Method::GET, &format!("/bookings/{}", booking.id), None, link).await;
    assert_eq!(by_id.booking().reference, booking.reference);
    for what in ["cancel", "link", "mail"] {
        let refused = linked.posts(what, json!({}), link).await;
        refused.assert_problem(403, "/problems/code-required");
    }
    assert_eq!(linked.guest.reads_booking(app, booking.id).await.status, BookingStatus::Confirmed);

    // A user who is signed in opens the link as everybody does.
    let eve = account(app, "eve", Role::Customer, None).await;
    let headers = [("X-Booking-Link", link.as_str())];
    let path = format!("/bookings/{}", booking.id);
    let opened = app.as_user(&eve).send(Method::GET, &path, None, &headers).await;
    assert_eq!(opened.status, 200, "{}", opened.text);
    linked.app.finish().await;
}

#[tokio::test]
async fn a_link_that_we_have_not_made_for_the_booking_shows_nothing() {
    let linked = Linked::new().await;
    let (app, link) = (&linked.app, &linked.link);
    let other = GuestBuyer::holds(app, &linked.event, &seats(&[3])).await;
    let other = other.confirms(app, "k2", &other.pays_from("pm_card_visa", ADA)).await.booking();
    let path = format!("/bookings/{}", other.id);
    let of_other = linked.sends(Method::GET, &path, None, link).await;
    of_other.assert_problem(404, "/problems/not-found");
    for wrong in ["", "hb1", &link.replace("read", "act"), &link[..link.len() - 1]] {
        let refused = linked.reads(wrong).await;
        refused.assert_problem(404, "/problems/not-found");
        linked.posts("cancel", json!({}), wrong).await.assert_problem(404, "/problems/not-found");
    }
    app.as_nobody().get(&path).await.assert_problem(401, "/problems/unauthorized");
    linked.app.finish().await;
}

#[tokio::test]
async fn a_link_ends_a_month_after_the_event_and_with_the_address() {
    let linked = Linked::new().await;
    let (app, link) = (&linked.app, &linked.link);
    let forget = "UPDATE bookings SET email = NULL WHERE id = $1";
    let id = vec![linked.booking.id.into()];
    let days = "SELECT (MAX(ends_at) - {now}) / 86400000 FROM events";
    let days = u32::try_from(app.number(days).await).expect("an event of this year");
    app.advance(DAY * (days + 29)).await;
    assert_eq!(linked.reads(link).await.status, 200);
    app.advance(DAY * 2).await;
    linked.reads(link).await.assert_problem(410, "/problems/link-expired");
    // Another link is made for a week.
    app.post("/bookings/lookup", &json!({ "email": ADA })).await;
    let sent = "SELECT COUNT(*) FROM messages WHERE kind = 'booking_links' AND status = 'sent'";
    app.until(sent, 1).await;
    // The first mail is forgotten by now.
    app.app.post.retention_pass().await.expect("the pass runs");
    let mail = mails(app, ADA, 1).await.remove(0);
    let fresh = token_of(&mail, &page(&linked.booking)).to_owned();
    assert_eq!(linked.reads(&fresh).await.status, 200);
    app.app.base.db.run(forget, id).await.expect("the store works");
    linked.reads(&fresh).await.assert_problem(404, "/problems/not-found");
    linked.app.finish().await;
}

#[tokio::test]
async fn the_code_of_a_mail_lets_the_holder_of_a_link_cancel_once() {
    let linked = Linked::new().await;
    let app = &linked.app;
    let code = linked.code(2).await;
    let wrong = linked.proves(another(&code)).await;
    wrong.assert_problem(400, "/problems/invalid-request");
    wrong.assert_field("code");
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    let pass: BookingPass = linked.proves(&spaced).await.read();
    assert_eq!(pass.expires_in_seconds, 15 * 60);
    // The code is used up.
    linked.proves(&code).await.assert_field("code");

    let line = linked.booking.lines[0].id;
    let cancelled = linked.posts("cancel", json!({ "line_ids": [line] }), &pass.token).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    let now = cancelled.booking();
    assert_eq!(now.lines.iter().filter(|line| line.cancelled).count(), 1);
    assert_eq!(linked.reads(&pass.token).await.booking().email.as_deref(), Some(ADA));
    let by_link =
        "SELECT COUNT(*) FROM audit WHERE action = 'booking.cancel' AND actor_kind = 'guest'";
    assert_eq!(app.number(by_link).await, 1);
    let shared: BookingLink = linked.posts("link", json!({}), &pass.token).await.read();
    assert!(shared.url.ends_with(&format!("{}#{}", page(&linked.booking), shared.token)));
    assert_eq!(linked.reads(&shared.token).await.status, 200);
    // A quarter of an hour later, the pass neither changes nor shows anything.
    app.advance(MINUTE * 16).await;
    let late = linked.posts("cancel", json!({}), &pass.token).await;
    late.assert_problem(410, "/problems/link-expired");
    assert_eq!(linked.reads(&linked.link).await.status, 200);
    all_refunded(app).await;
    assert_eq!(books(app).await, (9_000, 4_500));
    linked.app.finish().await;
}

#[tokio::test]
async fn the_audit_log_names_the_user_who_cancels_by_a_link() {
    let linked = Linked::new().await;
    let app = &linked.app;
    let code = linked.code(2).await;
    let pass: BookingPass = linked.proves(&code).await.read();
    let eve = account(app, "eve", Role::Customer, None).await;
    let path = format!("/bookings/{}/cancel", linked.booking.id);
    let headers = [("X-Booking-Link", pass.token.as_str())];
    let caller = app.as_user(&eve);
    let cancelled = caller.send(Method::POST, &path, Some(&json!({})), &headers).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    let by_user =
        "SELECT COUNT(*) FROM audit WHERE action = 'booking.cancel' AND actor_kind = 'user'";
    assert_eq!(app.number(by_user).await, 1);
    all_refunded(app).await;
    linked.app.finish().await;
}

/// A payment that waits for the buyer is stopped by a link, and its secret stays the buyer's.
#[tokio::test]
async fn the_secret_of_a_payment_is_not_told_to_the_holder_of_a_link() {
    let linked = Linked::new().await;
    let app = &linked.app;
    let guest = GuestBuyer::holds(app, &linked.event, &seats(&[4])).await;
    let body = guest.pays_from("pm_card_authenticationRequired", ADA);
    let pending = guest.confirms(app, "k2", &body).await;
    assert_eq!(pending.status, 202, "{}", pending.text);
    let secret = pending.client_secret();
    let (path, caller) = (format!("/bookings/{}", pending.id()), app.as_guest(&guest.token));
    assert_eq!(caller.post(&format!("{path}/code"), &json!({})).await.status, 204);
    let code = code_of(&mails(app, ADA, 2).await[1]).to_owned();
    let pass = caller.post(&format!("{path}/code/proof"), &json!({ "code": code })).await;
    let pass = pass.read::<BookingPass>().token;
    let read = linked.sends(Method::GET, &path, None, &pass).await;
    assert_eq!(read.status, 200, "{}", read.text);
    let stopped = format!("{path}/cancel");
    let stopped = linked.sends(Method::POST, &stopped, Some(&json!({})), &pass).await;
    assert!([200, 202].contains(&stopped.status), "{}", stopped.text);
    for answer in [read, stopped] {
        assert!(!answer.text.contains(&secret), "{}", answer.text);
    }
    assert_eq!(guest.settled(app, pending.id()).await.status, BookingStatus::Cancelled);
    linked.app.finish().await;
}

#[tokio::test]
async fn codes_are_tried_ten_times_an_hour_over_all_codes() {
    let linked = Linked::new().await;
    at_the_beginning_of_an_hour(&linked.app).await;
    let code = linked.code(2).await;
    let tries = usize::try_from(MAX_TRIES).expect("a small number");
    let together = join_all((0..tries + 5).map(|_| linked.proves(another(&code)))).await;
    assert!(together.iter().all(|answer| answer.status == 400));
    linked.proves(&code).await.assert_field("code");
    // Another code brings no other tries.
    linked.app.advance(MINUTE * 16).await;
    let next = linked.code(3).await;
    linked.proves(&next).await.assert_field("code");
    linked.app.advance(MINUTE * 60).await;
    let later = linked.code(4).await;
    assert_eq!(linked.proves(&later).await.status, 200);
    linked.app.finish().await;
}

#[tokio::test]
async fn of_many_who_send_a_code_one_gets_a_pass() {
    let linked = Linked::new().await;
    let code = linked.code(2).await;
    let answers = join_all((0..6).map(|_| linked.proves(&code))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    linked.app.finish().await;
}

#[tokio::test]
async fn codes_come_a_minute_apart_and_five_times_an_hour() {
    let linked = Linked::new().await;
    at_the_beginning_of_an_hour(&linked.app).await;
    let first = linked.code(2).await;
    // Asked again within the minute, the server sends nothing.
    assert_eq!(linked.code(2).await, first);
    for number in 3..=6 {
        linked.app.advance(MINUTE * 2).await;
        let next = linked.code(number).await;
        assert_eq!(next, first, "a code that is valid is sent again");
    }
    // The fifth mail was the last one of this hour, and its code is valid for a quarter of an hour.
    linked.app.advance(MINUTE * 14).await;
    assert_eq!(linked.code(6).await, first);
    linked.app.advance(MINUTE * 2).await;
    let late = linked.posts("code", json!({}), &linked.link).await;
    late.assert_problem(429, "/problems/too-many-requests");
    linked.app.advance(MINUTE * 60).await;
    let next = linked.code(7).await;
    assert_ne!(next, first);
    // Whoever has used a code up gets another one at once.
    assert_eq!(linked.proves(&next).await.status, 200);
    assert_ne!(linked.code(8).await, next);
    linked.app.finish().await;
}

async fn looks_up(app: &TestApp, body: Value) -> Answer {
    let answer = app.post("/bookings/lookup", &body).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{body}");
    answer
}

/// Waits until the work of all look-ups is done, which goes on after their answers.
async fn all_looked_up(app: &TestApp) {
    for _ in 0..LOOKS {
        if app.app.slices.links.asked.is_idle() {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    panic!("a look-up takes too long");
}

fn tokens(mail: &KeptMail) -> Vec<String> {
    let tokens = mail.links.iter().filter_map(|link| link.split_once('#'));
    tokens.map(|(_, token)| token.to_owned()).collect()
}

#[tokio::test]
async fn links_are_mailed_to_the_address_of_the_bookings_alone() {
    let linked = Linked::new().await;
    let app = &linked.app;
    let other = another_event(app, &linked.event).await;
    refundable(app, &other).await;
    let later =
        "UPDATE events SET ends_at = (SELECT MIN(ends_at) FROM events) + 31536000000 WHERE id = $1";
    app.app.base.db.run(later, vec![other.id.into()]).await.expect("the store works");
    let guest = GuestBuyer::holds(app, &other, &seats(&[1])).await;
    let second = guest.confirms(app, "k2", &guest.pays_from("pm_card_visa", ADA)).await.booking();
    mails(app, ADA, 2).await;

    for nobody in [
        json!({ "email": "eve@example.org" }),
        json!({ "email": "eve@example.org", "reference": linked.booking.reference }),
        json!({ "email": ADA, "reference": "HF-AAAAAAAA" }),
    ] {
        looks_up(app, nobody).await;
    }
    let reference = linked.booking.reference.trim_start_matches("HF-").to_lowercase();
    looks_up(app, json!({ "email": " Ada@Example.org ", "reference": reference })).await;
    let one = mails(app, ADA, 3).await.remove(2);
    assert_eq!(tokens(&one).len(), 1);
    assert_eq!(linked.reads(&tokens(&one)[0]).await.status, 200);
    looks_up(app, json!({ "email": ADA, "reference": "" })).await;
    let both = mails(app, ADA, 4).await.remove(3);
    assert_eq!(tokens(&both).len(), 2);
    for text in [&both.text, &both.html] {
        assert!(text.contains(&linked.booking.reference) && text.contains(&second.reference));
    }
    // Each link ends after the events of its own booking.
    let until = |token: &String| token.split('.').nth(3).and_then(|ms| ms.parse::<i64>().ok());
    let untils: Vec<i64> = tokens(&both).iter().filter_map(until).collect();
    assert_eq!(untils[0] - untils[1], 365 * 24 * 60 * 60 * 1000, "the newest is the first");
    for token in tokens(&both) {
        let shown = [linked.booking.id, second.id].map(|id: Uuid| format!("/bookings/{id}"));
        let answers =
            join_all(shown.iter().map(|path| linked.sends(Method::GET, path, None, &token)));
        let opened = answers.await.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(opened, 1, "each link opens one booking");
    }
    all_looked_up(app).await;
    mails(app, "eve@example.org", 0).await;
    linked.app.finish().await;
}

#[tokio::test]
async fn a_malformed_look_up_names_its_field() {
    let linked = Linked::new().await;
    for (body, field) in [
        (json!({ "email": "ada" }), "email"),
        (json!({}), "email"),
        (json!({ "email": ADA, "reference": "HF-1" }), "reference"),
        (json!({ "email": ADA, "reference": "HF-AAAA\u{0}AAA" }), "reference"),
        (json!({ "email": ADA, "other": 1 }), "other"),
    ] {
        let refused = linked.app.post("/bookings/lookup", &body).await;
        refused.assert_problem(400, "/problems/invalid-request");
        refused.assert_field(field);
    }
    linked.app.finish().await;
}

#[tokio::test]
async fn an_address_gets_few_mails_with_links_an_hour() {
    let linked = Linked::new().await;
    at_the_beginning_of_an_hour(&linked.app).await;
    for _ in 0..8 {
        looks_up(&linked.app, json!({ "email": ADA })).await;
    }
    // The work goes on after the answers, and a mail is written after its try is counted.
    all_looked_up(&linked.app).await;
    let tries = "SELECT CAST(SUM(tries) AS bigint) FROM account_tries WHERE kind = 'look_up'";
    assert_eq!(linked.app.number(tries).await, 8);
    let kinds = "SELECT COUNT(*) FROM messages WHERE kind = 'booking_links'";
    assert_eq!(linked.app.number(kinds).await, 5);
    linked.app.finish().await;
}

#[tokio::test]
async fn the_mail_of_a_booking_is_sent_again_to_its_address() {
    let linked = Linked::new().await;
    let app = &linked.app;
    let (path, buyer) =
        (format!("/bookings/{}/mail", linked.booking.id), app.as_guest(&linked.guest.token));
    at_the_beginning_of_an_hour(app).await;
    for _ in 0..3 {
        let again = buyer.post(&path, &json!({})).await;
        assert_eq!(again.status, 204, "{}", again.text);
    }
    let second = mails(app, ADA, 2).await.remove(1);
    assert!(second.calendar.is_some() && second.subject.contains(&linked.booking.reference));
    app.advance(MINUTE * 6).await;
    assert_eq!(buyer.post(&path, &json!({})).await.status, 204);
    mails(app, ADA, 3).await;
    let cancel = format!("/bookings/{}/cancel", linked.booking.id);
    let cancelled = app.as_guest(&linked.guest.token).post(&cancel, &json!({})).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    let refused = buyer.post(&path, &json!({})).await;
    refused.assert_problem(409, "/problems/illegal-transition");
    linked.app.finish().await;
}

#[tokio::test]
async fn codes_are_forgotten_a_day_after_their_end() {
    let linked = Linked::new().await;
    linked.code(2).await;
    let codes = "SELECT COUNT(*) FROM booking_codes";
    let links = &linked.app.app.slices.links;
    assert_eq!(links.retention_pass().await.expect("the pass runs"), 0);
    linked.app.advance(DAY + MINUTE * 16).await;
    assert_eq!(links.retention_pass().await.expect("the pass runs"), 1);
    assert_eq!(linked.app.number(codes).await, 0);
    linked.app.finish().await;
}
