//! A node keeps an event's state by following the log of changes. The state is always that of the stored seats.

use std::time::Duration;

use holdfast::kernel::db::Sql as _;
use holdfast_contract::{
    catalogue::{Inventory, SeatStatus},
    live::{SeatState, SeatStates},
};
use holdfast_domain::access::Role;
use sea_orm::FromQueryResult;
use serde_json::json;

use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Event, Like, account, edit, seats_and_places, some_seats},
    harness::TestApp,
    paid::{Paid, all_refunded},
};

const SEATS: i32 = 12;
const STEPS: usize = 60;

/// Numbers that look random and are the same in each run (Knuth, MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn seat(&mut self) -> i32 {
        i32::try_from(self.below(12)).expect("few") + 1
    }

    fn take<T>(&mut self, from: &mut Vec<T>) -> Option<T> {
        (!from.is_empty()).then(|| from.swap_remove(self.below(from.len())))
    }
}

#[derive(Debug, PartialEq, FromQueryResult)]
struct StoredSeat {
    seat_id: i32,
    status: String,
    version: i32,
}

/// The seats that are not available now, as they are stored.
async fn stored(app: &TestApp, event: &Event) -> Vec<StoredSeat> {
    let text = "SELECT seat_id, status, version FROM seats WHERE event_id = $1 AND status <> 'available' \
                AND (expires_at IS NULL OR expires_at > {now}) ORDER BY seat_id";
    app.app.base.db.list(text, vec![event.id.into()]).await.expect("the seats")
}

async fn shown(app: &TestApp, event: &Event) -> SeatStates {
    app.get(&event.path("/seats?state=only")).await.read()
}

async fn inventory(app: &TestApp, event: &Event) -> Inventory {
    app.get(&event.path("/inventory")).await.read()
}

fn as_stored(SeatState(seat_id, status, version, _): SeatState) -> StoredSeat {
    let status = match status {
        SeatStatus::Available => "available",
        SeatStatus::Held => "held",
        SeatStatus::Sold => "sold",
        SeatStatus::Blocked => "blocked",
    };
    StoredSeat { seat_id, status: status.to_owned(), version }
}

/// The buyers of an event, by what they may do next.
#[derive(Default)]
struct Buyers {
    holding: Vec<GuestBuyer>,
    paid: Vec<Paid>,
}

async fn hall() -> (TestApp, Event, String) {
    let app = TestApp::start().await;
    let like = Like { seats: SEATS, places: 40, ..Like::default() };
    let event = fixture::event(&app, like).await;
    fixture::refundable(&app, &event).await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    (app, event, admin)
}

/// Does one thing that changes the hall, or tries to. Returns what it was.
async fn step(
    app: &TestApp,
    event: &Event,
    admin: &str,
    dice: &mut Dice,
    buyers: &mut Buyers,
) -> &'static str {
    let seat = dice.seat();
    match dice.below(9) {
        0 | 1 => {
            let held = app.post(&event.reservations(), &some_seats(&[seat, dice.seat()])).await;
            buyers.holding.extend((held.status == 201).then(|| GuestBuyer::of(&held)));
            "some seats held"
        }
        2 => {
            let wish = seats_and_places(event, &[seat], 2);
            let held = app.post(&event.reservations(), &wish).await;
            buyers.holding.extend((held.status == 201).then(|| GuestBuyer::of(&held)));
            "a seat and places held"
        }
        3 => {
            let Some(buyer) = dice.take(&mut buyers.holding) else { return "nobody cancels" };
            let path = format!("/reservations/{}", buyer.reservation);
            app.as_guest(&buyer.token).delete(&path).await;
            "cancelled"
        }
        4 => {
            let Some(buyer) = dice.take(&mut buyers.holding) else { return "nobody extends" };
            let path = format!("/reservations/{}/extend", buyer.reservation);
            app.as_guest(&buyer.token).post(&path, &json!({})).await;
            buyers.holding.push(buyer);
            "extended"
        }
        5 => {
            let Some(buyer) = dice.take(&mut buyers.holding) else { return "nobody pays" };
            let body = buyer.pays_with("pm_card_visa");
            let paid = buyer.confirms(app, "k1", &body).await;
            if paid.status == 201 {
                let booking = paid.booking();
                buyers.paid.push(Paid { buyer, booking });
            }
            "paid"
        }
        6 => {
            let Some(paid) = dice.take(&mut buyers.paid) else { return "nobody returns" };
            paid.cancels(app, Some(&json!({ "line_ids": [paid.line(0)] }))).await;
            all_refunded(app).await;
            "refunded"
        }
        7 => {
            let path = event.path(&format!("/seats/{seat}"));
            let blocked = json!({ "blocked": dice.below(2) == 0, "reason": "press" });
            app.as_user(admin).patch(&path, &blocked).await;
            "kept back or given back"
        }
        _ => {
            app.advance(Duration::from_secs(250)).await;
            if dice.below(2) == 0 {
                app.app.slices.reservations.expire_pass().await.expect("a pass");
            }
            "later"
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_the_state_is_that_of_the_seats() {
    for seed in 1..=3 {
        let (app, event, admin) = hall().await;
        let (mut dice, mut buyers) = (Dice(seed), Buyers::default());
        for number in 0..STEPS {
            let what = step(&app, &event, &admin, &mut dice, &mut buyers).await;
            let seen: Vec<StoredSeat> =
                shown(&app, &event).await.seats.into_iter().map(as_stored).collect();
            assert_eq!(seen, stored(&app, &event).await, "seed {seed}, step {number}: {what}");
        }
        // A node that has just begun reads everything. It also knows the numbers that changes got after the other
        // node's read, which changed nothing else.
        let fresh = app.another_node().await;
        let (kept, read) = (inventory(&app, &event).await, inventory(&fresh, &event).await);
        assert!(kept.seq <= read.seq, "seed {seed}: {} after {}", kept.seq, read.seq);
        assert_eq!(Inventory { seq: read.seq, ..kept }, read, "seed {seed}");
        fresh.stop().await;
        app.finish().await;
    }
}

/// A seat that the log does not name is not read again, until the event itself changes.
#[tokio::test]
async fn only_the_seats_that_the_log_names_are_read_again() {
    let (app, event, admin) = hall().await;
    let ids = |states: SeatStates| states.seats.iter().map(|seat| seat.0).collect::<Vec<_>>();
    assert!(ids(shown(&app, &event).await).is_empty());
    let unnoticed = "UPDATE seats SET status = 'blocked', block_reason = 'stage' \
                     WHERE event_id = $1 AND seat_id = 9";
    let changed = app.app.base.db.run(unnoticed, vec![event.id.into()]).await;
    assert_eq!(changed.expect("a change"), 1);
    GuestBuyer::holds(&app, &event, &fixture::seats(&[1])).await;
    assert_eq!(ids(shown(&app, &event).await), [1]);
    let edited = edit(&app.as_user(&admin), &event.path(""), json!({ "name": "Gala" })).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    assert_eq!(ids(shown(&app, &event).await), [1, 9]);
    app.finish().await;
}

/// A log that has lost changes, or has more than it pays to follow, is not followed.
#[tokio::test]
async fn a_log_that_cannot_tell_is_not_followed() {
    let (app, event, _) = hall().await;
    let db = &app.app.base.db;
    let lost = "DELETE FROM changes WHERE event_id = $1";
    let unreadable = "UPDATE changes SET payload = '{' WHERE event_id = $1";
    for (seat, damage) in [(1, lost), (2, unreadable)] {
        shown(&app, &event).await;
        GuestBuyer::holds(&app, &event, &fixture::seats(&[seat])).await;
        while app.number("SELECT COUNT(*) FROM outbox").await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(db.run(damage, vec![event.id.into()]).await.expect("a change") > 0);
        assert_eq!(shown(&app, &event).await.seats.len(), usize::try_from(seat).expect("few"));
    }
    app.finish().await;
}
