//! A further move while mails about the first one have not left: what the buyers were told decides what they are told next.

use holdfast::{
    kernel::{db::Sql as _, settings::Values},
    messages,
    settings::Config,
};
use holdfast_domain::message::Kind;

use super::*;
use crate::support::harness::{LOOK_EVERY, LOOKS};

/// A server whose mails do not leave, because nobody listens at the address of its mail server.
async fn without_mail_server() -> Stage {
    let values = Values::of([
        ("HOLDFAST_DATA_DIR", std::env::temp_dir().display().to_string()),
        ("JWT_SECRET", "a secret for tests, of enough bytes".to_owned()),
        ("KEY_RING", format!("1:{}", "0f1e2d3c".repeat(8))),
        ("SMTP_URL", "smtp://127.0.0.1:1?tls=none".to_owned()),
        ("MAIL_FROM", "tickets@example.org".to_owned()),
    ]);
    let entropy = holdfast::adapters::system::SystemEntropy;
    let mail = Config::of(values, &entropy).expect("valid settings").mail;
    let app = TestApp::with(|config| config.mail = mail).await;
    let event = fixture::event(&app, fixture::Like::default()).await;
    Stage::of(app, event).await
}

impl Stage {
    /// Makes the messages of this kind about the booking sent, as the mail server would have made them.
    async fn sent(&self, paid: &Paid, kind: &str) {
        let text = "UPDATE messages SET status = 'sent', settled_at = {now} \
                    WHERE subject_id = $1 AND kind = $2 AND status = 'waiting'";
        let values = vec![paid.id().into(), kind.into()];
        assert_eq!(self.app.app.base.db.run(text, values).await.expect("the store works"), 1);
    }

    /// Tries to send what waits, until so many messages are found to be unneeded.
    async fn tries_until_unneeded(&self, many: i64) {
        for _ in 0..LOOKS {
            let due = "UPDATE messages SET due_at = 0 WHERE status = 'waiting'";
            self.app.app.base.db.run(due, vec![]).await.expect("the store works");
            self.app.app.post.send_pass().await.expect("the pass runs");
            let unneeded = "SELECT COUNT(*) FROM messages WHERE status = 'unneeded'";
            if self.app.number(unneeded).await == many {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("{many} messages are not unneeded");
    }

    /// The beginnings, in hours after the first one, in which the buyer believed at each message about a move.
    async fn believed(&self, paid: &Paid) -> Vec<i64> {
        let kinds = [Kind::EventMoved];
        let found = messages::posted(&self.app.app.base.db, &kinds, &[paid.id()]).await;
        let detail = |message: holdfast_entity::messages::Model| -> Value {
            serde_json::from_str(&message.detail.expect("a detail")).expect("JSON")
        };
        let begins = |detail: Value| detail["before"]["starts_at"].as_i64().expect("a time");
        let found = found.expect("the store works").into_iter();
        found.map(|message| (begins(detail(message)) - BEGAN) / HOUR).collect()
    }
}

#[tokio::test]
async fn what_a_buyer_was_told_decides_what_the_next_mail_says() {
    let stage = without_mail_server().await;
    let mut bought = Vec::new();
    for seat in 1..=3 {
        let paid = Paid::of(&stage.app, &stage.event, &seats(&[seat])).await;
        stage.sent(&paid, "booking_confirmed").await;
        bought.push(paid);
    }
    let [nothing, first, both] = [&bought[0], &bought[1], &bought[2]];
    stage.moves_to(1).await;
    assert_eq!(stage.tells().await, 3);
    stage.sent(first, "event_moved").await;
    stage.sent(both, "event_moved").await;
    stage.moves_to(2).await;
    assert_eq!(stage.tells().await, 3);
    stage.sent(both, "event_moved").await;
    // The event is back where it began, which is no news for those who were told nothing.
    stage.moves_to(0).await;
    assert_eq!(stage.tells().await, 2);
    for (paid, believed) in [(nothing, vec![0, 0]), (first, vec![0, 1, 1]), (both, vec![0, 1, 2])] {
        assert_eq!(stage.believed(paid).await, believed);
    }
    stage.app.finish().await;
}

/// A mail that waits while the event is moved again is not sent. The next message says what it would have said.
#[tokio::test]
async fn a_mail_that_a_further_move_overtakes_is_not_sent() {
    let stage = without_mail_server().await;
    let app = &stage.app;
    let paid = Paid::of(app, &stage.event, &seats(&[1])).await;
    stage.sent(&paid, "booking_confirmed").await;
    stage.moves_to(1).await;
    assert_eq!(stage.tells().await, 1);
    stage.tries_until_unneeded(0).await;
    stage.moves_to(2).await;
    // A later move is recorded.
    stage.tries_until_unneeded(1).await;
    assert_eq!(stage.tells().await, 1);
    let again =
        "UPDATE messages SET status = 'waiting', settled_at = NULL WHERE status = 'unneeded'";
    app.app.base.db.run(again, vec![]).await.expect("the store works");
    // A message about a later move is written.
    stage.tries_until_unneeded(1).await;
    assert_eq!(stage.believed(&paid).await, [0, 0]);
    // The event is back where it began before the last message has left.
    stage.moves_to(0).await;
    assert_eq!(stage.tells().await, 0);
    stage.tries_until_unneeded(2).await;
    stage.app.finish().await;
}

/// A confirmation that no node has begun to write will name the present time.
#[tokio::test]
async fn a_booking_whose_confirmation_waits_gets_no_second_mail() {
    let stage = without_mail_server().await;
    let paid = Paid::of(&stage.app, &stage.event, &seats(&[1])).await;
    let begins_anew = "UPDATE messages SET attempts = 0, due_at = due_at + 86400000";
    stage.app.app.base.db.run(begins_anew, vec![]).await.expect("the store works");
    stage.moves_to(1).await;
    assert_eq!(stage.tells().await, 0);
    assert_eq!(stage.believed(&paid).await, [] as [i64; 0]);
    stage.app.finish().await;
}
