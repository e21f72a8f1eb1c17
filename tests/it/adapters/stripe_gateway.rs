//! The peculiarities of Stripe: missing responses, faults that Stripe stores, keys that are in use or forgotten.

use std::{sync::Arc, time::Duration};

use holdfast::kernel::ports::{
    PaymentGateway,
    payments::{NewPayment, RefundRefused},
};
use holdfast_contract::bookings::{PaymentConfig, PaymentMethodType};
use holdfast_domain::{
    checkout::{Authorization, Decline, Doubt, Outcome, PaymentId, PaymentStatus},
    ids::SagaId,
    money::{Currency, Money},
};
use holdfast_fake_stripe::{CallFault, FakeStripe, Status};

use crate::support::{harness::TestApp, stripe_rig};

const NO_REPLY: Doubt = Doubt::NoReply;
const FAULTED: Doubt = Doubt::Faulted;

struct Rig {
    app: TestApp,
    fake: FakeStripe,
    gateway: Arc<dyn PaymentGateway>,
}

async fn rig() -> Rig {
    let (app, fake) = stripe_rig::start().await;
    Rig { gateway: Arc::clone(&app.app.slices.checkouts.gateway), app, fake }
}

impl Rig {
    fn saga(&self) -> SagaId {
        SagaId(self.app.app.base.entropy.id())
    }

    async fn prepare(&self, key: &str, method: &str) -> Outcome<PaymentId, Decline> {
        let saga = self.saga();
        self.prepare_for(saga, key, method).await
    }

    async fn prepare_for(
        &self,
        saga: SagaId,
        key: &str,
        method: &str,
    ) -> Outcome<PaymentId, Decline> {
        let amount = Money::new(10_000, Currency::parse("EUR").expect("a code"));
        match self.gateway.prepare(key, NewPayment { saga, amount, method }).await {
            Outcome::Done(prepared) => Outcome::Done(prepared.payment),
            Outcome::Refused(decline) => Outcome::Refused(decline),
            Outcome::Unknown(doubt) => Outcome::Unknown(doubt),
        }
    }

    async fn prepared(&self, method: &str) -> PaymentId {
        let key = self.saga().to_string();
        match self.prepare(&key, method).await {
            Outcome::Done(payment) => payment,
            other => panic!("{other:?}"),
        }
    }

    async fn authorized(&self) -> PaymentId {
        let payment = self.prepared("pm_card_visa").await;
        let granted = self.gateway.authorize(&format!("{payment}:a"), &payment).await;
        assert_eq!(granted, Outcome::Done(Authorization::Granted));
        payment
    }

    async fn captured(&self) -> PaymentId {
        let payment = self.authorized().await;
        assert_eq!(
            self.gateway.capture(&format!("{payment}:c"), &payment).await,
            Outcome::Done(())
        );
        payment
    }

    async fn refund(&self, key: &str, payment: &PaymentId) -> Outcome<String, RefundRefused> {
        let amount = Money::new(4_000, Currency::parse("EUR").expect("a code"));
        match self.gateway.refund(key, payment, amount).await {
            Outcome::Done(refund) => Outcome::Done(refund.0),
            Outcome::Refused(why) => Outcome::Refused(why),
            Outcome::Unknown(doubt) => Outcome::Unknown(doubt),
        }
    }
}

#[tokio::test]
async fn no_answer_is_never_a_no_and_a_fault_is_kept_under_its_key() {
    let rig = rig().await;
    for (fault, doubt, effect, settled_by_same_key) in [
        (CallFault::LostRequest, NO_REPLY, false, true),
        (CallFault::LostReply, NO_REPLY, true, true),
        (CallFault::RateLimit, NO_REPLY, false, true),
        (CallFault::BadGateway, NO_REPLY, false, true),
        (CallFault::ErrorBefore, FAULTED, false, false),
        (CallFault::ErrorAfter, FAULTED, true, false),
    ] {
        let payment = rig.prepared("pm_card_visa").await;
        rig.fake.fail("confirm", fault.clone(), 1);
        let first = rig.gateway.authorize(&format!("{payment}:1"), &payment).await;
        assert_eq!(first, Outcome::Unknown(doubt), "{fault:?}");
        let seen = rig.gateway.fetch(&payment).await.expect("the payment");
        assert_eq!(seen.status == PaymentStatus::Authorized, effect, "{fault:?}");
        let again = rig.gateway.authorize(&format!("{payment}:1"), &payment).await;
        if settled_by_same_key {
            assert_eq!(again, Outcome::Done(Authorization::Granted), "{fault:?}");
        } else {
            assert_eq!(again, Outcome::Unknown(FAULTED), "{fault:?}");
            let new = rig.gateway.authorize(&format!("{payment}:2"), &payment).await;
            assert_eq!(new, Outcome::Done(Authorization::Granted), "{fault:?}");
        }
        rig.fake.fail("capture", fault.clone(), 1);
        let first = rig.gateway.capture(&format!("{payment}:c1"), &payment).await;
        assert_eq!(first, Outcome::Unknown(doubt), "{fault:?}");
        let new = rig.gateway.capture(&format!("{payment}:c2"), &payment).await;
        assert_eq!(new, Outcome::Done(()), "{fault:?}");
    }
    rig.app.finish().await;
}

#[tokio::test]
async fn a_payment_is_voided_whatever_happens_to_the_answer() {
    let rig = rig().await;
    for (fault, doubt) in [
        (CallFault::LostRequest, NO_REPLY),
        (CallFault::LostReply, NO_REPLY),
        (CallFault::RateLimit, NO_REPLY),
        (CallFault::BadGateway, NO_REPLY),
        (CallFault::ErrorBefore, FAULTED),
        (CallFault::ErrorAfter, FAULTED),
    ] {
        let payment = rig.authorized().await;
        rig.fake.fail("cancel", fault.clone(), 1);
        let first = rig.gateway.void(&format!("{payment}:v1"), &payment).await;
        assert_eq!(first, Outcome::Unknown(doubt), "{fault:?}");
        let key = if doubt == NO_REPLY { "v1" } else { "v2" };
        let again = rig.gateway.void(&format!("{payment}:{key}"), &payment).await;
        assert_eq!(again, Outcome::Done(()), "{fault:?}");
    }
    rig.app.finish().await;
}

#[tokio::test]
async fn a_key_in_use_is_waited_for_and_one_for_two_requests_is_a_fault() {
    let rig = rig().await;
    let payment = rig.prepared("pm_card_visa").await;
    rig.fake.fail("confirm", CallFault::Slow(Duration::from_millis(500)), 1);
    let slow = rig.gateway.authorize("twin", &payment);
    let twin = async {
        while !rig.fake.is_busy("twin") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        rig.gateway.authorize("twin", &payment).await
    };
    let (slow, twin) = tokio::join!(slow, twin);
    assert_eq!(slow, Outcome::Done(Authorization::Granted));
    assert_eq!(twin, Outcome::Unknown(NO_REPLY));
    assert_eq!(rig.gateway.capture("twin", &payment).await, Outcome::Unknown(FAULTED));
    assert_eq!(rig.gateway.capture("own", &payment).await, Outcome::Done(()));
    rig.app.finish().await;
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_given_up_and_settled_later() {
    let rig = rig().await;
    let payment = rig.prepared("pm_card_visa").await;
    // The time limit of a call is 15 s.
    rig.fake.fail("confirm", CallFault::Slow(Duration::from_secs(16)), 1);
    let slow = rig.gateway.authorize("slow", &payment).await;
    assert_eq!(slow, Outcome::Unknown(NO_REPLY));
    while rig.fake.is_busy("slow") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let again = rig.gateway.authorize("slow", &payment).await;
    assert_eq!(again, Outcome::Done(Authorization::Granted));
    rig.app.finish().await;
}

#[tokio::test]
async fn connections_stay_open_between_calls() {
    let rig = rig().await;
    for _ in 0..20 {
        let payment = rig.captured().await;
        assert!(rig.gateway.fetch(&payment).await.is_some());
    }
    assert!(rig.fake.seen().len() >= 80);
    assert_eq!(rig.fake.connections(), 1);
    rig.app.finish().await;
}

#[tokio::test]
async fn nothing_is_known_of_a_gateway_that_does_not_answer_or_does_not_know_us() {
    let rig = rig().await;
    let payment = rig.authorized().await;
    rig.fake.fail("retrieve", CallFault::LostRequest, 2);
    rig.fake.fail("list", CallFault::ErrorBefore, 1);
    assert_eq!(rig.gateway.fetch(&payment).await, None);
    assert!(rig.gateway.list(0, None).await.is_err());
    // After a refusal, the adapter fetches the payment. If that fails, the outcome is not a refusal.
    rig.fake.fail("capture", CallFault::Refuse("charge_expired_for_capture".to_owned()), 1);
    assert_eq!(rig.gateway.capture("c1", &payment).await, Outcome::Unknown(NO_REPLY));
    assert_eq!(rig.gateway.capture("c2", &payment).await, Outcome::Done(()));
    rig.app.finish().await;
}

#[tokio::test]
async fn a_refused_capture_is_a_no_and_an_expired_authorization_is_void() {
    let rig = rig().await;
    let payment = rig.authorized().await;
    rig.fake.fail("capture", CallFault::Refuse("charge_expired_for_capture".to_owned()), 1);
    assert_eq!(rig.gateway.capture("c1", &payment).await, Outcome::Refused(()));
    assert!(rig.fake.expire(&payment.0));
    assert_eq!(rig.gateway.capture("c2", &payment).await, Outcome::Refused(()));
    assert_eq!(rig.gateway.void("v1", &payment).await, Outcome::Done(()));
    // While the bank processes the payment, nothing can be voided, and the outcome is not "captured".
    let other = rig.authorized().await;
    assert!(rig.fake.force(&other.0, Status::Processing));
    assert_eq!(rig.gateway.void("v2", &other).await, Outcome::Unknown(FAULTED));
    let seen = rig.gateway.fetch(&other).await.expect("the payment");
    assert_eq!(seen.status, PaymentStatus::Processing);
    rig.app.finish().await;
}

#[tokio::test]
async fn a_refund_is_made_once_through_lost_answers_faults_and_forgotten_keys() {
    let rig = rig().await;
    for fault in [CallFault::LostReply, CallFault::ErrorAfter] {
        let payment = rig.captured().await;
        let key = format!("{payment}:r1");
        rig.fake.fail("refund", fault.clone(), 1);
        let first = rig.refund(&key, &payment).await;
        let again = rig.refund(&key, &payment).await;
        let Outcome::Done(refund) = again.clone() else { panic!("{fault:?}: {again:?}") };
        assert!(first == again || first == Outcome::Unknown(NO_REPLY), "{fault:?}: {first:?}");
        assert_eq!(rig.fake.refunded(&payment.0), 4_000, "{fault:?}");
        assert!(refund.starts_with("re_"));
    }
    let payment = rig.captured().await;
    rig.fake.fail("refund", CallFault::ErrorBefore, 1);
    let key = format!("{payment}:r1");
    assert_eq!(rig.refund(&key, &payment).await, Outcome::Unknown(FAULTED));
    assert_eq!(rig.fake.refunded(&payment.0), 0);
    let second = format!("{payment}:r2");
    let Outcome::Done(made) = rig.refund(&second, &payment).await else { panic!("no refund") };
    let third = format!("{payment}:r3");
    assert!(matches!(rig.refund(&third, &payment).await, Outcome::Done(_)));
    // Stripe forgets keys after a day. The adapter finds the refund with this key in Stripe's books.
    rig.fake.forget_keys();
    assert_eq!(rig.refund(&second, &payment).await, Outcome::Done(made));
    assert_eq!(rig.fake.refunded(&payment.0), 8_000);
    rig.app.finish().await;
}

#[tokio::test]
async fn a_refund_that_stripe_refuses_is_a_no() {
    let rig = rig().await;
    let payment = rig.captured().await;
    rig.fake.fail("refund", CallFault::Refuse("charge_disputed".to_owned()), 1);
    let refused = RefundRefused { code: "charge_disputed".to_owned() };
    assert_eq!(rig.refund("r1", &payment).await, Outcome::Refused(refused));
    assert_eq!(rig.fake.refunded(&payment.0), 0);
    rig.app.finish().await;
}

#[tokio::test]
async fn the_buyer_hears_why_a_card_is_declined_unless_it_is_stolen() {
    let rig = rig().await;
    for (method, code) in [
        ("pm_card_chargeDeclined", "card_declined"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
        ("pm_card_chargeDeclinedLostCard", "card_declined"),
        ("pm_card_chargeDeclinedStolenCard", "card_declined"),
    ] {
        let payment = rig.prepared(method).await;
        let said = rig.gateway.authorize(&format!("{payment}:a"), &payment).await;
        let decline = Decline { code: code.to_owned() };
        assert_eq!(said, Outcome::Refused(decline.clone()), "{method}");
        let seen = rig.gateway.fetch(&payment).await.expect("the payment");
        assert_eq!(seen.decline, Some(decline), "{method}");
    }
    rig.app.finish().await;
}

#[tokio::test]
async fn a_method_that_takes_days_to_pay_is_refused_before_anything_happens() {
    let rig = rig().await;
    let code = Decline::METHOD_UNSUPPORTED.to_owned();
    for method in ["pm_usBankAccount_success", "pm_sepaDebit_success", "pm_boleto", "pm_blik"] {
        let said = rig.prepare(method, method).await;
        assert_eq!(said, Outcome::Refused(Decline { code: code.clone() }));
    }
    let left: Vec<Status> = rig.fake.intents().iter().map(|intent| intent.status).collect();
    assert_eq!(left, [Status::Canceled; 4]);
    let calls: Vec<&str> = rig.fake.seen().iter().map(|seen| seen.call).collect();
    assert!(!calls.contains(&"confirm"), "{calls:?}");
    rig.app.finish().await;
}

#[tokio::test]
async fn a_confirmation_that_is_refused_as_invalid_leaves_nothing_to_confirm() {
    let rig = rig().await;
    let payment = rig.prepared("pm_card_visa").await;
    rig.fake.fail("confirm", CallFault::Refuse("payment_method_unactivated".to_owned()), 1);
    let said = rig.gateway.authorize("a1", &payment).await;
    let code = "payment_method_unactivated".to_owned();
    assert_eq!(said, Outcome::Refused(Decline { code }));
    assert_eq!(rig.fake.intents()[0].status, Status::Canceled);
    rig.app.finish().await;
}

#[tokio::test]
async fn a_payment_is_found_by_its_saga_although_searches_lag_behind() {
    let rig = rig().await;
    let saga = rig.saga();
    let Outcome::Done(payment) = rig.prepare_for(saga, "p1", "pm_card_visa").await else {
        panic!("it is prepared")
    };
    assert_eq!(rig.gateway.find(saga).await, Ok(Some(payment.clone())));
    rig.fake.set_search_lag(Duration::from_secs(60));
    assert_eq!(rig.gateway.find(saga).await, Ok(Some(payment)));
    rig.fake.fail("list", CallFault::LostRequest, 1);
    assert!(rig.gateway.find(saga).await.is_err());
    rig.app.finish().await;
}

#[tokio::test]
async fn the_page_learns_the_publishable_key_alone() {
    let (app, fake) = stripe_rig::start().await;
    let config = app.get("/payments/config").await;
    assert!(!config.text.contains("sk_test"), "{}", config.text);
    let card =
        PaymentMethodType { name: "card".to_owned(), at_once: false, currencies: Vec::new() };
    let expected = PaymentConfig {
        provider: "stripe".to_owned(),
        publishable_key: Some("pk_test_holdfast".to_owned()),
        method_types: vec![card],
    };
    assert_eq!(config.read::<PaymentConfig>(), expected);
    stripe_rig::finish(app, &fake).await;
}
