//! The server with Stripe as its gateway, over the fake.

use std::net::SocketAddr;

use holdfast::{
    kernel::{
        db::Sql,
        settings::{SettingsSection, Values},
    },
    shop::checkout::settings::GatewaySettings,
};
use holdfast_fake_stripe::{FakeStripe, Status, Target};

use crate::support::harness::TestApp;

pub(crate) const WEBHOOK_SECRET: &str = "whsec_tests";

/// A server that takes payments through a separate fake. The fake sends no webhooks; see [`tell`].
pub(crate) async fn start() -> (TestApp, FakeStripe) {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let fake = FakeStripe::start(address).await.expect("the fake listens");
    let values = Values::of([
        ("STRIPE_SECRET_KEY", "sk_test_holdfast".to_owned()),
        ("STRIPE_PUBLISHABLE_KEY", "pk_test_holdfast".to_owned()),
        ("STRIPE_WEBHOOK_SECRET", format!("whsec_before,{WEBHOOK_SECRET}")),
        ("STRIPE_API_BASE", fake.url()),
    ]);
    let payment = GatewaySettings::read(&values).expect("valid settings");
    (TestApp::with(|config| config.payment = payment).await, fake)
}

/// The address at which the server receives webhooks, with the secret.
pub(crate) fn target(app: &TestApp) -> Target {
    let url = app.url("/payments/webhooks/stripe");
    Target { url, secret: WEBHOOK_SECRET.to_owned() }
}

/// Makes the fake send its events to the server.
pub(crate) fn tell(app: &TestApp, fake: &FakeStripe) {
    fake.send_webhooks_to(target(app));
}

/// Ends a test: the invariants hold, and Stripe's books agree with the ledger.
pub(crate) async fn finish(app: TestApp, fake: &FakeStripe) {
    let db = &app.app.base.db;
    let mut in_books = 0;
    for intent in fake.intents() {
        let kept = intent.received - fake.refunded(&intent.id);
        let rows = db
            .all(
                "SELECT e.amount_minor FROM ledger_entries e JOIN payments p \
                 ON p.booking_id = e.booking_id WHERE p.intent_id = $1 \
                 AND e.account IN ('captured', 'refunded')",
                vec![intent.id.as_str().into()],
            )
            .await
            .expect("the ledger");
        let entries = rows.iter().map(|row| row.try_get::<i64>("", "amount_minor"));
        let ledger: i64 = entries.sum::<Result<i64, _>>().expect("amounts");
        assert_eq!(kept, ledger, "payment {} ({:?})", intent.id, intent.status);
        let at_rest = [
            Status::Succeeded,
            Status::Canceled,
            Status::RequiresPaymentMethod,
            Status::RequiresConfirmation,
        ];
        assert!(at_rest.contains(&intent.status), "{} is {:?}", intent.id, intent.status);
        in_books += kept;
    }
    let row = db
        .one(
            "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS bigint) AS total FROM ledger_entries \
             WHERE account IN ('captured', 'refunded')",
            vec![],
        )
        .await
        .expect("the ledger")
        .expect("a sum");
    assert_eq!(row.try_get::<i64>("", "total").expect("a sum"), in_books);
    app.finish().await;
}
