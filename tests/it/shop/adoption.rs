//! A guest signs in: what the guest holds, pays for and has bought becomes the user's, once, whatever happens at the
//! same time.

mod by_address;

use std::{sync::Arc, time::Duration};

use holdfast::{
    http::{auth::Adopt as _, tokens::Tokens},
    kernel::{actor::User, db::Sql as _},
};
use holdfast_contract::{
    accounts::{Adopted, KeptReservations, Session},
    bookings::{BookingPage, BookingStatus},
    reservations::{ReservationPage, ReservationStatus},
};
use holdfast_domain::{
    access::Role,
    ids::{GuestId, UserId},
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    fixture::{self, Event, Like, account, app_with_event, seats, seats_and_places},
    harness::{CallerOf, TestApp, users_are_read_anew},
};

/// How often a race is run, each time with another head start.
const ROUNDS: u64 = 12;
const CARD: &str = "pm_card_visa";

/// Signs in as the account of this name, with the guest's token.
async fn signs_in(app: &TestApp, name: &str, token: &str) -> Session {
    let credentials = json!({ "email": format!("{name}@example.org"), "password": "Demo-pass-1" });
    let session = app.as_guest(token).post("/auth/login", &credentials).await;
    assert_eq!(session.status, 200, "{}", session.text);
    session.read()
}

async fn confirms(user: &CallerOf<'_>, key: &str, body: &Value) -> Answer {
    user.send(Method::POST, "/bookings/confirm", Some(body), &[("Idempotency-Key", key)]).await
}

/// Somebody who sends both tokens.
fn with_both<'a>(app: &'a TestApp, access_token: &str, guest_token: &str) -> CallerOf<'a> {
    app.as_user(access_token).and_guest(guest_token)
}

#[tokio::test]
async fn signing_in_takes_along_what_the_guest_has() {
    let (app, event) = app_with_event().await;
    account(&app, "ada", Role::Customer, None).await;
    let guest = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let paid = guest.confirms(&app, "k1", &guest.pays_with(CARD)).await.booking();
    let held = app
        .as_guest(&guest.token)
        .post(&event.reservations(), &seats_and_places(&event, &[2], 2))
        .await;
    let held = held.reservation().id;

    let session = signs_in(&app, "ada", &guest.token).await;
    let expected = Adopted {
        reservations: vec![guest.reservation, held],
        bookings: vec![paid.id],
        kept: vec![],
    };
    assert_eq!(session.adopted, Some(expected));
    let user = app.as_user(&session.access_token);
    let mine: ReservationPage = user.get(&event.reservations()).await.read();
    assert_eq!(mine.items.len(), 2);
    assert_eq!(user.get("/bookings/me").await.read::<BookingPage>().items[0].id, paid.id);
    for path in [format!("/reservations/{held}"), format!("/bookings/{}", paid.id)] {
        assert_eq!(guest.gets(&app, &path).await.status, 404, "{path} is the user's alone");
    }
    let body = json!({ "reservation_ids": [held], "payment": { "method": CARD } });
    let confirmed = confirms(&user, "k2", &body).await;
    assert_eq!(confirmed.status, 201, "{}", confirmed.text);
    let tickets = "SELECT COUNT(*) FROM tickets t JOIN users u ON u.id = t.buyer_id";
    assert_eq!(app.number(tickets).await, 4);
    assert_eq!(app.number("SELECT COUNT(*) FROM audit WHERE action = 'guest.adopt'").await, 1);
    let again = signs_in(&app, "ada", &guest.token).await;
    assert_eq!(again.adopted, Some(Adopted::default()));
    app.finish().await;
}

#[tokio::test]
async fn a_stale_guest_token_hinders_no_sign_in() {
    let (app, _) = app_with_event().await;
    account(&app, "bob", Role::Customer, None).await;
    assert_eq!(signs_in(&app, "bob", "hg1.nobody.knows").await.adopted, None);
    app.finish().await;
}

/// A guest who has signed in as a user, and whose hold of three seats the user cannot take beside two others.
struct GuestBeyondLimit {
    app: TestApp,
    event: Event,
    /// The user's access token.
    token: String,
    /// The user's hold.
    held: Uuid,
    guest: GuestBuyer,
    kept: Vec<KeptReservations>,
}

impl GuestBeyondLimit {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let event = fixture::event(&app, Like { max_per_user: 4, ..Like::default() }).await;
        let token = account(&app, "ada", Role::Customer, None).await;
        let held = app.as_user(&token).post(&event.reservations(), &seats(&[1, 2])).await;
        assert_eq!(held.status, 201, "{}", held.text);
        let guest = GuestBuyer::holds(&app, &event, &seats(&[3, 4, 5])).await;
        let kept = signs_in(&app, "ada", &guest.token).await.adopted.expect("an adoption").kept;
        assert_eq!(kept.len(), 1);
        Self { app, event, token, held: held.id(), guest, kept }
    }
}

#[tokio::test]
async fn what_exceeds_the_limit_stays_the_guests_and_is_named() {
    let GuestBeyondLimit { app, event, token, guest, kept, .. } = GuestBeyondLimit::new().await;
    let user = app.as_user(&token);
    assert_eq!(kept[0].reservations, [guest.reservation]);
    assert_eq!((kept[0].event_id, kept[0].limit, kept[0].remaining), (event.id, 4, 2));
    assert_eq!(guest.reservation_status(&app).await, ReservationStatus::Active);

    // A paid booking moves nevertheless, and is no breach of the limit.
    let paid = guest.confirms(&app, "k1", &guest.pays_with(CARD)).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    let adopted = signs_in(&app, "ada", &guest.token).await.adopted.expect("an adoption");
    assert_eq!((adopted.bookings, adopted.kept), (vec![paid.booking().id], vec![]));
    let more = user.post(&event.reservations(), &seats(&[6])).await;
    more.assert_problem(409, "/problems/limit-exceeded");
    app.finish().await;
}

#[tokio::test]
async fn a_confirmation_that_is_repeated_after_the_sign_in_is_replayed() {
    let (app, event) = app_with_event().await;
    account(&app, "ada", Role::Customer, None).await;
    let guest = GuestBuyer::holds(&app, &event, &seats(&[1, 2])).await;
    let body = guest.pays_with(CARD);
    let first = guest.confirms(&app, "k1", &body).await;
    let session = signs_in(&app, "ada", &guest.token).await;
    let again = confirms(&app.as_user(&session.access_token), "k1", &body).await;
    assert_eq!((again.status, &again.text), (201, &first.text));
    app.finish().await;
}

#[tokio::test]
async fn a_cancelled_booking_moves_with_its_tickets() {
    let (app, event) = app_with_event().await;
    fixture::refundable(&app, &event).await;
    account(&app, "ada", Role::Customer, None).await;
    let guest = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let paid = guest.confirms(&app, "k1", &guest.pays_with(CARD)).await.booking();
    let (path, body) = (format!("/bookings/{}/cancel", paid.id), json!({}));
    let key = [("Idempotency-Key", "the-response-is-lost")];
    let guest_cancels = app.as_guest(&guest.token);
    let cancelled = guest_cancels.send(Method::POST, &path, Some(&body), &key).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    let session = signs_in(&app, "ada", &guest.token).await;
    assert_eq!(session.adopted.expect("an adoption").bookings, [paid.id]);
    // The user repeats what the guest did.
    let user = app.as_user(&session.access_token);
    let again = user.send(Method::POST, &path, Some(&body), &key).await;
    assert_eq!((again.status, &again.text), (200, &cancelled.text));
    assert_eq!(again.header("Idempotency-Replayed"), Some("true"));
    app.finish().await;
}

#[tokio::test]
async fn a_hold_that_the_guest_repeats_after_the_sign_in_is_replayed() {
    let (app, event) = app_with_event().await;
    account(&app, "ada", Role::Customer, None).await;
    let guest = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let (path, places) = (event.reservations(), seats_and_places(&event, &[2], 2));
    let key = [("Idempotency-Key", "the-response-is-lost")];
    let caller = app.as_guest(&guest.token);
    let first = caller.send(Method::POST, &path, Some(&places), &key).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let session = signs_in(&app, "ada", &guest.token).await;
    for caller in [caller, app.as_user(&session.access_token)] {
        let again = caller.send(Method::POST, &path, Some(&places), &key).await;
        assert_eq!((again.status, again.id()), (201, first.id()), "{}", again.text);
    }
    assert_eq!(app.number("SELECT SUM(held) FROM sections").await, 2);
    app.finish().await;
}

#[tokio::test]
async fn who_keeps_something_as_the_guest_reads_without_a_lock() {
    let GuestBeyondLimit { app, token, held, guest, .. } = GuestBeyondLimit::new().await;
    let touched = "SELECT MAX(touched_at) FROM buyers";
    let before = app.number(touched).await;
    let both = with_both(&app, &token, &guest.token);
    let read = both.get("/bookings/me").await;
    assert_eq!(read.status, 200);
    assert_eq!(app.number(touched).await, before, "nobody locked a buyer's row");
    // There is room for it as soon as the user gives something back, and the next change adopts it.
    let given_back = both.delete(&format!("/reservations/{held}")).await;
    assert_eq!(given_back.status, 204);
    users_are_read_anew().await;
    assert_eq!(both.get(&format!("/reservations/{}", guest.reservation)).await.status, 200);
    assert_eq!(guest.gets(&app, &format!("/reservations/{}", guest.reservation)).await.status, 404);
    app.finish().await;
}

#[tokio::test]
async fn an_adoption_that_fails_hinders_neither_a_sign_in_nor_a_read() {
    let (app, event) = app_with_event().await;
    account(&app, "ada", Role::Customer, None).await;
    let guest = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let rename = async |from: &str, to: &str| {
        let text = format!("ALTER TABLE {from} RENAME TO {to}");
        app.app.base.db.run(&text, vec![]).await.expect("the store works");
    };
    rename("booking_lines", "hidden_lines").await;
    let session = signs_in(&app, "ada", &guest.token).await;
    assert_eq!(session.adopted, None, "the guest token is still needed");
    let both = with_both(&app, &session.access_token, &guest.token);
    assert_eq!(both.get("/auth/profile").await.status, 200);
    rename("hidden_lines", "booking_lines").await;
    assert_eq!(both.get(&format!("/reservations/{}", guest.reservation)).await.status, 200);
    app.finish().await;
}

#[tokio::test]
async fn a_hold_that_comes_after_the_sign_in_follows_with_the_next_request() {
    let (app, event) = app_with_event().await;
    account(&app, "ada", Role::Customer, None).await;
    let guest = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let session = signs_in(&app, "ada", &guest.token).await;
    // Another tab, which knows nothing of the sign-in.
    let late = app.as_guest(&guest.token).post(&event.reservations(), &seats(&[2])).await;
    assert_eq!(late.status, 201, "{}", late.text);
    let both = with_both(&app, &session.access_token, &guest.token);
    let read = both.get(&format!("/reservations/{}", late.reservation().id)).await;
    assert_eq!(read.status, 200, "{}", read.text);
    // A hold is such a request, too.
    let last = app.as_guest(&guest.token).post(&event.reservations(), &seats(&[3])).await;
    assert_eq!(last.status, 201, "{}", last.text);
    let own = both.post(&event.reservations(), &seats(&[4])).await;
    assert_eq!(own.status, 201, "{}", own.text);
    let user = app.as_user(&session.access_token);
    for held in [last.reservation().id, own.reservation().id] {
        assert_eq!(user.get(&format!("/reservations/{held}")).await.status, 200);
    }
    app.finish().await;
}

/// A race of an adoption against something else that happens to what the guest has.
struct Race {
    app: TestApp,
    event: Event,
    user: UserId,
    access_token: String,
}

impl Race {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let seats = i32::try_from(ROUNDS).expect("few") * 4;
        let like = Like { seats, max_per_user: 1000, max_per_order: 1000, places: 1000 };
        let event = fixture::event(&app, like).await;
        account(&app, "ada", Role::Customer, None).await;
        let credentials = json!({ "email": "ada@example.org", "password": "Demo-pass-1" });
        let session: Session = app.post("/auth/login", &credentials).await.read();
        let user = UserId(session.profile.id);
        Self { app, event, user, access_token: session.access_token }
    }

    /// The adoption, some milliseconds later.
    async fn adopts(&self, guest: &GuestBuyer, after_ms: u64) -> Adopted {
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        let user = User { id: self.user, role: Role::Customer };
        let adoption = &self.app.app.slices.adoption;
        let adopted = adoption.adopt(self.id_of(guest), user, "en").await.expect("an adoption");
        adopted.expect("nothing is left")
    }

    /// Runs `other` against an adoption in each round; the guest holds two seats and a place at its beginning.
    async fn runs(&self, other: impl AsyncFn(&GuestBuyer, u64)) {
        for round in 0..ROUNDS {
            let seat = i32::try_from(round).expect("few") * 4 + 1;
            let wish = seats_and_places(&self.event, &[seat, seat + 1], 1);
            let guest = GuestBuyer::holds(&self.app, &self.event, &wish).await;
            tokio::join!(self.adopts(&guest, round % 6 * 3), other(&guest, round));
            self.has_it_all(&guest).await;
        }
        let breaches = self.app.breaches().await;
        assert!(breaches.is_empty(), "{breaches:#?}");
    }

    /// After one more request with both tokens, nothing that counts is the guest's.
    async fn has_it_all(&self, guest: &GuestBuyer) {
        let both = with_both(&self.app, &self.access_token, &guest.token);
        assert_eq!(both.get("/bookings/me").await.status, 200);
        assert_eq!(self.left(self.id_of(guest)).await, 0);
    }

    fn id_of(&self, guest: &GuestBuyer) -> GuestId {
        let app = &self.app.app;
        let tokens = Tokens::new(&app.config.tokens, Arc::clone(&app.base.clock));
        tokens.read_guest(&guest.token).expect("a guest")
    }

    async fn left(&self, guest: GuestId) -> i64 {
        let text = "SELECT (SELECT COUNT(*) FROM bookings WHERE buyer_id = $1) + \
             (SELECT COUNT(*) FROM tickets WHERE buyer_id = $1) + \
             (SELECT COUNT(*) FROM reservations WHERE buyer_id = $1 \
                 AND status IN ('active', 'in_payment', 'confirmed')) AS held";
        let left = self.app.app.base.db.value(text, vec![guest.into()]).await;
        left.expect("the store answers").expect("a number")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adoption_against_a_confirmation_leaves_one_buyer() {
    let race = Race::new().await;
    race.runs(async |guest, round| {
        let body = guest.pays_with(CARD);
        let key = format!("k{round}");
        let answer = guest.confirms(&race.app, &key, &body).await;
        // The reservation is the user's already, or the booking was the guest's when it was paid for.
        assert!([201, 202, 404].contains(&answer.status), "{}", answer.text);
        let user = race.app.as_user(&race.access_token);
        let mut again = confirms(&user, &key, &body).await;
        for _ in 0..100 {
            // The guest's transaction, or the adoption, is under way.
            if [201, 200].contains(&again.status) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            again = confirms(&user, &key, &body).await;
        }
        assert_eq!(again.status, 201, "{}", again.text);
    })
    .await;
    let confirmed = "SELECT COUNT(*) FROM bookings WHERE status = 'confirmed'";
    assert_eq!(race.app.number(confirmed).await, i64::try_from(ROUNDS).expect("few"));
    race.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adoption_against_a_hold_leaves_nothing_behind() {
    let race = Race::new().await;
    race.runs(async |guest, round| {
        let seat = i32::try_from(round).expect("few") * 4 + 3;
        let more = race.app.as_guest(&guest.token);
        let held = more.post(&race.event.reservations(), &seats(&[seat, seat + 1])).await;
        assert_eq!(held.status, 201, "{}", held.text);
    })
    .await;
    let held = "SELECT COUNT(*) FROM seats WHERE status = 'held'";
    assert_eq!(race.app.number(held).await, i64::try_from(ROUNDS * 4).expect("few"));
    race.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adoption_against_a_cancellation_loses_no_seat() {
    let race = Race::new().await;
    race.runs(async |guest, _| {
        let path = format!("/reservations/{}", guest.reservation);
        let by_guest = race.app.as_guest(&guest.token).delete(&path).await;
        let by_user = race.app.as_user(&race.access_token).delete(&path).await;
        // The guest's cancellation ends the hold, which then stays the guest's; or the hold is the user's already.
        let both = (by_guest.status, by_user.status);
        assert!([(204, 404), (404, 204)].contains(&both), "{} {}", by_guest.text, by_user.text);
    })
    .await;
    let held = "SELECT COUNT(*) FROM seats WHERE status = 'held'";
    assert_eq!(race.app.number(held).await, 0);
    let places = "SELECT SUM(held) FROM sections WHERE kind = 'general'";
    assert_eq!(race.app.number(places).await, 0);
    race.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adoption_against_the_expiry_frees_every_seat_once() {
    let race = Race::new().await;
    race.runs(async |_, _| {
        race.app.advance(Duration::from_secs(601)).await;
        race.app.app.slices.reservations.expire_pass().await.expect("a pass");
    })
    .await;
    race.app.app.slices.reservations.expire_pass().await.expect("a pass");
    assert_eq!(race.app.number("SELECT COUNT(*) FROM seats WHERE status = 'held'").await, 0);
    race.app.finish().await;
}

#[tokio::test]
async fn a_booking_that_is_being_paid_for_moves_with_its_saga() {
    let (app, event) = app_with_event().await;
    account(&app, "ada", Role::Customer, None).await;
    let guest = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    // A second step is awaited, so that the booking stays pending.
    let body = guest.pays_with("pm_card_authenticationRequired");
    let pending = guest.confirms(&app, "k1", &body).await;
    assert_eq!(pending.status, 202, "{}", pending.text);
    let session = signs_in(&app, "ada", &guest.token).await;
    assert_eq!(session.adopted.expect("an adoption").bookings, [pending.booking().id]);
    let user = app.as_user(&session.access_token);
    let read = user.get(&format!("/bookings/{}", pending.booking().id)).await.booking();
    assert_eq!(read.status, BookingStatus::Pending);
    assert!(read.next_action.is_some(), "the buyer can go on");
    // The payment is completed now, so that the tickets are issued after the guest's booking became the user's.
    let secret = pending.client_secret();
    let path = format!("/payments/simulated/{secret}/complete");
    let completed = app.post(&path, &json!({ "outcome": "success" })).await;
    assert_eq!(completed.status, 200, "{}", completed.text);
    all_settled(&app).await;
    let booking = user.get(&format!("/bookings/{}", read.id)).await.booking();
    assert_eq!((booking.status, booking.tickets.len()), (BookingStatus::Confirmed, 1));
    let buyers = "SELECT buyer_id FROM tickets WHERE booking_id = $1";
    let buyers = app.app.base.db.values::<Uuid>(buyers, vec![booking.id.into()]).await;
    assert_eq!(buyers.expect("tickets"), [session.profile.id]);
    assert_eq!(guest.gets(&app, &format!("/bookings/{}", booking.id)).await.status, 404);
    app.finish().await;
}

/// Waits until no booking is pending, whoever owns it.
async fn all_settled(app: &TestApp) {
    app.until("SELECT COUNT(*) FROM bookings WHERE status = 'pending'", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adoption_against_the_issue_of_tickets_leaves_one_buyer() {
    let race = Race::new().await;
    race.runs(async |guest, round| {
        let body = guest.pays_with("pm_card_authenticationRequired");
        let key = format!("k{round}");
        let answer = guest.confirms(&race.app, &key, &body).await;
        // The reservation is the user's already.
        if answer.status == 404 {
            return;
        }
        assert_eq!(answer.status, 202, "{}", answer.text);
        let path = format!("/payments/simulated/{}/complete", answer.client_secret());
        let completed = race.app.post(&path, &json!({ "outcome": "success" })).await;
        assert_eq!(completed.status, 200, "{}", completed.text);
        all_settled(&race.app).await;
    })
    .await;
    race.app.finish().await;
}
