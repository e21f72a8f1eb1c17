//! The database goes away while a request waits for the end of its checkout. These tests need a PostgreSQL that refuses
//! connections; the readers of SQLite never lose their file.

use std::time::Duration;

use holdfast::kernel::db::{ClockOffset, Db, Dialect, Sql as _};
use holdfast_contract::bookings::{Booking, BookingStatus};
use tokio::time::timeout;

use crate::support::{
    buyer::GuestBuyer,
    fixture::{self, Like, seats},
    harness::{TestApp, connect},
    process::Node,
};

/// The point at which the checkout has ended, but its request has not looked yet.
const ENDED: &str = "issue_tickets.after_record";
/// The time in which a request looks several times. It waits for 8 s in all.
const LOOKS: Duration = Duration::from_millis(600);

/// A database that accepts no connection, seen from another database of the same server.
struct ClosedDatabase {
    server: Db,
    name: String,
}

impl ClosedDatabase {
    async fn of(url: &str) -> Self {
        let (base, name) = url.rsplit_once('/').expect("a database URL has a path");
        let server = connect(&format!("{base}/postgres"), 1, ClockOffset::Ignored).await;
        let closed = Self { server, name: name.to_owned() };
        closed.allows(false).await;
        let end =
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1";
        let ended = closed.server.values::<bool>(end, vec![closed.name.as_str().into()]).await;
        assert!(ended.expect("its connections end").contains(&true));
        closed
    }

    async fn opens(self) {
        self.allows(true).await;
    }

    async fn allows(&self, connections: bool) {
        let text = format!("ALTER DATABASE {} ALLOW_CONNECTIONS {connections}", self.name);
        self.server.run(&text, vec![]).await.expect("an owner's statement");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_for_its_checkout_waits_on_while_the_database_is_away() {
    let app = TestApp::apart().await;
    if app.app.base.db.writing().dialect() == Dialect::Postgres {
        let event = fixture::event(&app, Like::default()).await;
        let halts = [("HOLDFAST_FAILPOINT", ENDED)];
        let mut node = Node::start_with(&app.app.config, &halts).await;
        app.talks_to(node.address);
        let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
        let request = app.client().post(node.url("/bookings/confirm"));
        let request = request
            .header("X-Guest-Token", &buyer.token)
            .header("Idempotency-Key", "the-only-key")
            .json(&buyer.pays_with("pm_card_visa"));
        let mut paying = tokio::spawn(request.send());
        node.halts_at(ENDED).await;
        let closed = ClosedDatabase::of(app.app.config.database.url.expose()).await;
        node.goes_on();
        let early = timeout(LOOKS, &mut paying).await;
        assert!(early.is_err(), "told while the database is away: {early:?}");
        closed.opens().await;
        let paid = paying.await.expect("a task").expect("an answer");
        assert_eq!(paid.status(), 201);
        let booking: Booking = paid.json().await.expect("a booking");
        assert_eq!(booking.status, BookingStatus::Confirmed);
        node.kill().await;
    }
    app.finish().await;
}
