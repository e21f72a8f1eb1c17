//! The connections to the mail server: used for several mails, opened anew when the server has closed them, and kept while
//! the server thinks.

use std::time::Duration;

use holdfast::{app::App, kernel::db::Sql as _};

use super::smtp::{MailServer, sent_until};
use crate::support::{
    fixture::{Event, seats},
    harness::{LOOK_EVERY, LOOKS, TestApp},
    paid::Paid,
};

/// Lets somebody book this seat, and waits until `many` mails are sent.
async fn books(app: &TestApp, event: &Event, seat: i32, many: i64) {
    Paid::of(app, event, &seats(&[seat])).await;
    sent_until(app, "sent", many).await;
}

/// No mail was tried more than once.
async fn all_at_the_first_try(app: &TestApp, mails: i64) {
    let sent = "SELECT COUNT(*) FROM messages WHERE status = 'sent' AND attempts = 1";
    assert_eq!(app.number(sent).await, mails);
}

#[tokio::test]
async fn mails_share_a_connection_until_the_node_ends() {
    let mut server = MailServer::start("").await;
    let (app, event) = server.app().await;
    for seat in 1..=3 {
        books(&app, &event, seat, seat.into()).await;
        assert_eq!(server.taken().await.connection, 1);
    }
    all_at_the_first_try(&app, 3).await;
    app.finish().await;
    assert_eq!(server.meets("quit").await, 1);
}

#[tokio::test]
async fn a_connection_that_the_server_has_closed_costs_no_attempt() {
    // The second connection is closed by the answer 421 to a command.
    let mut server = MailServer::start("close,ok,421").await;
    let (app, event) = server.app().await;
    books(&app, &event, 1, 1).await;
    assert_eq!(server.taken().await.connection, 1);
    assert_eq!(server.meets("closed").await, 1);
    books(&app, &event, 2, 2).await;
    assert_eq!(server.taken().await.connection, 2);
    books(&app, &event, 3, 3).await;
    assert_eq!(server.taken().await.connection, 3);
    all_at_the_first_try(&app, 3).await;
    app.finish().await;
}

#[tokio::test]
async fn a_mail_server_that_restarts_between_mails_costs_no_attempt() {
    let mut server = MailServer::start("").await;
    let (app, event) = server.app().await;
    books(&app, &event, 1, 1).await;
    server.taken().await;
    let port = server.port;
    drop(server);
    let mut server = MailServer::start_at("", port).await;
    books(&app, &event, 2, 2).await;
    server.taken().await;
    all_at_the_first_try(&app, 2).await;
    app.finish().await;
}

/// The worker renews its lease while the server thinks, so that no other node sends the mail once more.
#[tokio::test]
async fn a_mail_that_the_server_takes_slowly_is_sent_once() {
    let mut server = MailServer::start("slow:25").await;
    let (app, event) = server.app().await;
    Paid::of(&app, &event, &seats(&[1])).await;
    let first = server.taken().await;
    app.at_rest().await;
    let node = app.another_node().await;
    // Two steps together are longer than a lease.
    for _ in 0..2 {
        app.advance(Duration::from_secs(45)).await;
        is_renewed(&app).await;
    }
    app.advance(Duration::from_secs(45)).await;
    sent_until(&app, "sent", 1).await;
    all_at_the_first_try(&app, 1).await;
    // The next mail that the server takes is another one.
    Paid::of(&app, &event, &seats(&[2])).await;
    assert_ne!(server.taken().await.header("Message-ID"), first.header("Message-ID"));
    sent_until(&app, "sent", 2).await;
    node.stop().await;
    app.finish().await;
}

/// Waits until the lease of the message has been renewed just now.
async fn is_renewed(app: &TestApp) {
    for _ in 0..LOOKS {
        let left = "SELECT due_at - {now} FROM messages";
        let left: Option<i64> = app.app.base.db.value(left, vec![]).await.expect("the store works");
        if left.is_some_and(|left| left > 58_000) {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    panic!("the lease is not renewed");
}

#[tokio::test]
async fn a_mail_that_hangs_delays_no_other() {
    let mut server = MailServer::start("hang").await;
    let (app, event) = server.app().await;
    Paid::of(&app, &event, &seats(&[1])).await;
    server.taken().await;
    for seat in 2..=3 {
        books(&app, &event, seat, i64::from(seat) - 1).await;
        assert_eq!(server.taken().await.connection, 2);
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM messages WHERE status = 'waiting'").await, 1);
    drop(server);
    app.finish().await;
}

/// A node that ends does not wait for a mail server that hangs. Another node sends the mail after the lease.
#[tokio::test]
async fn a_mail_that_hangs_keeps_no_node_from_ending() {
    let mut server = MailServer::start("hang").await;
    let waits_shortly = |mut app: App| {
        app.post = app.post.with_last_wait(Duration::from_millis(100));
        app
    };
    let (app, event) = server.app_with_parts(waits_shortly).await;
    Paid::of(&app, &event, &seats(&[1])).await;
    let first = server.taken().await;
    let node = app.another_node().await;
    let ended = tokio::time::timeout(Duration::from_secs(30), app.finish());
    ended.await.expect("the node ends in time");
    let left = "SELECT COUNT(*) FROM messages WHERE status = 'waiting' AND attempts = 1 \
                AND last_error IS NULL";
    assert_eq!(node.number(left).await, 1);
    node.at_rest().await;
    node.advance(Duration::from_secs(61)).await;
    let second = server.taken().await;
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    sent_until(&node, "sent", 1).await;
    node.finish().await;
}
