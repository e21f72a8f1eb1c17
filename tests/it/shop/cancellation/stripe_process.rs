//! The real program with Stripe as its gateway, over the fake: killed in the middle of a refund and started again.
//! `holdfast reconcile` compares its books.

use std::net::SocketAddr;

use holdfast_fake_stripe::{CallFault, FakeStripe, Target};

use super::*;
use crate::support::process::{self, Node};

const SECRET: &str = "whsec_process";

/// The settings that tell the program about Stripe.
fn account(fake: &FakeStripe) -> [(&'static str, String); 4] {
    [
        ("STRIPE_SECRET_KEY", "sk_test_process".to_owned()),
        ("STRIPE_PUBLISHABLE_KEY", "pk_test_process".to_owned()),
        ("STRIPE_WEBHOOK_SECRET", SECRET.to_owned()),
        ("STRIPE_API_BASE", fake.url()),
    ]
}

async fn serve(app: &TestApp, fake: &FakeStripe, failpoint: &str) -> Node {
    let account = account(fake);
    let mut variables: Vec<(&str, &str)> =
        account.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.push(("HOLDFAST_FAILPOINT", failpoint));
    let node = Node::start_with(&app.app.config, &variables).await;
    app.talks_to(node.address);
    let url = node.url("/payments/webhooks/stripe");
    fake.send_webhooks_to(Target { url, secret: SECRET.to_owned() });
    node
}

async fn agree(app: &TestApp, fake: &FakeStripe) {
    let agreed = process::reconcile(app, &account(fake)).await;
    assert!(agreed.status.success() && agreed.stdout.is_empty(), "{agreed:?}");
}

async fn differ(app: &TestApp, fake: &FakeStripe, line: &str) {
    let differs = process::reconcile(app, &account(fake)).await;
    assert_eq!(differs.status.code(), Some(1), "{differs:?}");
    let said = String::from_utf8_lossy(&differs.stdout);
    assert_eq!((said.lines().count(), said.contains(line)), (1, true), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_killed_under_way_is_made_once_and_reconcile_tells_what_stripe_has_otherwise() {
    let fake = FakeStripe::start(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("it listens");
    let app = TestApp::apart().await;
    let event = fixture::event(&app, Like::default()).await;
    fixture::refundable(&app, &event).await;
    let mut doomed = serve(&app, &fake, "refund.after_effect").await;
    let paid = Paid::of(&app, &event, &seats(&[1, 2])).await;
    let payment = fake.intents()[0].id.clone();
    agree(&app, &fake).await;
    fake.fail("refund", CallFault::ErrorAfter, 1);
    let cancelled = paid.cancels(&app, Some(&json!({ "line_ids": [paid.line(0)] }))).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    doomed.halts_at("refund.after_effect").await;
    doomed.kill().await;
    assert_eq!(fake.refunded(&payment), 4500);

    let _node = serve(&app, &fake, "").await;
    app.advance(Duration::from_secs(6)).await;
    fake.advance(Duration::from_secs(6));
    all_refunded(&app).await;
    assert_eq!(fake.refunded(&payment), 4500);
    agree(&app, &fake).await;

    assert!(fake.refund_by_hand(&payment, 1_000));
    differ(&app, &fake, "refunded 4500 here, 5500 at the gateway").await;
    // The rest of the booking is refunded. The manual refund is a part of it.
    let rest = paid.cancels(&app, None).await;
    assert_eq!(rest.booking().status, BookingStatus::Cancelled, "{}", rest.text);
    all_refunded(&app).await;
    assert_eq!(fake.refunded(&payment), 9_000);
    agree(&app, &fake).await;
    app.finish().await;
}
