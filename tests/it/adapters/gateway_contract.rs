//! The promises of every payment gateway, tested on the simulated gateway and on Stripe over the fake.

use std::sync::Arc;

use holdfast::kernel::ports::{
    PaymentGateway,
    payments::{GatewayPayment, NewPayment, RefundRefused, SecondStep},
};
use holdfast_domain::{
    checkout::{Authorization, Decline, Outcome, PaymentId, PaymentStatus, RefundId, Taking},
    ids::SagaId,
    money::{Currency, Money},
    refund::GatewayBooks,
};
use holdfast_fake_stripe::FakeStripe;

use crate::support::{harness::TestApp, stripe_rig};

/// A gateway with the bank behind it.
struct Rig {
    app: TestApp,
    gateway: Arc<dyn PaymentGateway>,
    fake: Option<FakeStripe>,
}

impl Rig {
    fn new(app: TestApp, fake: Option<FakeStripe>) -> Self {
        Self { gateway: Arc::clone(&app.app.slices.checkouts.gateway), app, fake }
    }

    fn saga(&self) -> SagaId {
        SagaId(self.app.app.base.entropy.id())
    }

    async fn prepared(&self, saga: SagaId, method: &str) -> PaymentId {
        let new = NewPayment { saga, amount: eur(10_000), method };
        done(self.gateway.prepare(&format!("{saga}:prepare:1"), new).await).payment
    }

    /// A payment by a method that takes the money at once.
    async fn prepared_at_once(&self, simulated: &str, stripe: &str) -> PaymentId {
        let (saga, method) = (self.saga(), if self.fake.is_some() { stripe } else { simulated });
        let new = || NewPayment { saga, amount: eur(10_000), method };
        let key = format!("{saga}:prepare:1");
        let prepared = done(self.gateway.prepare(&key, new()).await);
        assert_eq!(prepared.taking, Taking::AtOnce);
        assert_eq!(done(self.gateway.prepare(&key, new()).await), prepared);
        assert_eq!(self.status(&prepared.payment).await, PaymentStatus::Prepared);
        assert_eq!(self.in_books(&prepared.payment).await.captured_minor, 0);
        prepared.payment
    }

    async fn authorize(&self, payment: &PaymentId) -> Outcome<Authorization, Decline> {
        self.gateway.authorize(&format!("{payment}:authorize:1"), payment).await
    }

    async fn captured(&self, saga: SagaId) -> PaymentId {
        let payment = self.prepared(saga, "pm_card_visa").await;
        assert_eq!(done(self.authorize(&payment).await), Authorization::Granted);
        done(self.gateway.capture(&format!("{payment}:capture:1"), &payment).await);
        payment
    }

    /// A person refunds an amount on the gateway's own pages.
    async fn refunds_by_hand(&self, payment: &PaymentId, minor: i64) {
        match &self.fake {
            Some(fake) => assert!(fake.refund_by_hand(&payment.0, minor)),
            // The simulated gateway has no pages: a call under a key that no saga uses counts as a manual refund.
            None => {
                done(self.gateway.refund("by hand", payment, eur(minor)).await);
            }
        }
    }

    async fn status(&self, payment: &PaymentId) -> PaymentStatus {
        self.gateway.fetch(payment).await.expect("the payment").status
    }

    async fn second_step(&self, payment: &PaymentId, secret: &str, step: SecondStep) {
        match (&self.fake, &self.app.app.slices.checkouts.bank) {
            (Some(fake), _) => {
                assert!(fake.second_step(&payment.0, step == SecondStep::Succeeds));
            }
            (None, Some(bank)) => {
                let found = bank.second_step(secret, step).await.expect("the bank");
                assert_eq!(found.as_ref(), Some(payment));
            }
            (None, None) => panic!("no bank"),
        }
    }

    async fn in_books(&self, payment: &PaymentId) -> GatewayPayment {
        let page = self.gateway.list(0, None).await.expect("the books");
        page.into_iter().find(|it| it.id == *payment).expect("it is in the books")
    }
}

/// Runs a test on each gateway.
async fn on_each(test: impl AsyncFn(&Rig)) {
    let simulated = Rig::new(TestApp::start().await, None);
    test(&simulated).await;
    simulated.app.finish().await;
    let (app, fake) = stripe_rig::start().await;
    let stripe = Rig::new(app, Some(fake));
    test(&stripe).await;
    stripe.app.finish().await;
}

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").expect("a code"))
}

fn done<T: std::fmt::Debug, R: std::fmt::Debug>(outcome: Outcome<T, R>) -> T {
    match outcome {
        Outcome::Done(value) => value,
        other => panic!("{other:?}"),
    }
}

fn refused<T: std::fmt::Debug, R: std::fmt::Debug>(outcome: Outcome<T, R>) -> R {
    match outcome {
        Outcome::Refused(why) => why,
        other => panic!("{other:?}"),
    }
}

fn code(outcome: Outcome<RefundId, RefundRefused>) -> String {
    refused(outcome).code
}

#[tokio::test]
async fn a_payment_is_prepared_reserved_and_taken_once_a_key() {
    on_each(async |rig| {
        let saga = rig.saga();
        let payment = rig.prepared(saga, "pm_card_visa").await;
        assert_eq!(rig.prepared(saga, "pm_card_visa").await, payment);
        assert_eq!(rig.status(&payment).await, PaymentStatus::Prepared);
        assert_eq!(done(rig.authorize(&payment).await), Authorization::Granted);
        assert_eq!(done(rig.authorize(&payment).await), Authorization::Granted);
        assert_eq!(rig.status(&payment).await, PaymentStatus::Authorized);
        // A call with another key finds the amount reserved already.
        assert_eq!(done(rig.gateway.authorize("another", &payment).await), Authorization::Granted);
        assert_eq!(rig.in_books(&payment).await.captured_minor, 0);
        for key in ["capture:1", "capture:1", "capture:2"] {
            done(rig.gateway.capture(&format!("{payment}:{key}"), &payment).await);
        }
        let books = rig.in_books(&payment).await;
        assert_eq!((books.status, books.captured_minor), (PaymentStatus::Captured, 10_000));
        assert_eq!((books.amount, books.saga), (eur(10_000), Some(saga)));
    })
    .await;
}

#[tokio::test]
async fn a_declined_card_is_refused_under_every_key() {
    on_each(async |rig| {
        let payment = rig.prepared(rig.saga(), "pm_card_chargeDeclined").await;
        for key in ["a:1", "a:1", "a:2"] {
            let said = refused(rig.gateway.authorize(&format!("{payment}:{key}"), &payment).await);
            assert_eq!(said.code, "card_declined");
        }
        let seen = rig.gateway.fetch(&payment).await.expect("the payment");
        assert_eq!(seen.status, PaymentStatus::Declined);
        assert_eq!(seen.decline.map(|decline| decline.code).as_deref(), Some("card_declined"));
        refused(rig.gateway.capture(&format!("{payment}:c:1"), &payment).await);
        done(rig.gateway.void(&format!("{payment}:v:1"), &payment).await);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_method_is_refused_before_any_card_is_touched() {
    on_each(async |rig| {
        let saga = rig.saga();
        let new = NewPayment { saga, amount: eur(10_000), method: "pm_of_nobody" };
        let said = refused(rig.gateway.prepare(&format!("{saga}:prepare:1"), new).await);
        assert_eq!(said.code, "resource_missing");
        assert_eq!(rig.gateway.find(saga).await, Ok(None));
    })
    .await;
}

#[tokio::test]
async fn the_second_step_decides() {
    on_each(async |rig| {
        for (step, status) in [
            (SecondStep::Succeeds, PaymentStatus::Authorized),
            (SecondStep::Fails, PaymentStatus::Declined),
        ] {
            let payment = rig.prepared(rig.saga(), "pm_card_authenticationRequired").await;
            let asked = done(rig.authorize(&payment).await);
            let Authorization::ActionRequired { client_secret } = asked else {
                panic!("{asked:?}")
            };
            let seen = rig.gateway.fetch(&payment).await.expect("the payment");
            assert_eq!(seen.status, PaymentStatus::ActionRequired);
            assert_eq!(seen.client_secret.as_ref(), Some(&client_secret));
            refused(rig.gateway.capture(&format!("{payment}:early:1"), &payment).await);
            rig.second_step(&payment, &client_secret, step).await;
            let seen = rig.gateway.fetch(&payment).await.expect("the payment");
            assert_eq!((seen.status, seen.client_secret), (status, None));
            assert_eq!(seen.decline.is_some(), step == SecondStep::Fails);
        }
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_reserved_is_taken_at_once() {
    on_each(async |rig| {
        let card = rig.saga();
        let new = NewPayment { saga: card, amount: eur(10_000), method: "pm_card_visa" };
        let prepared = done(rig.gateway.prepare(&format!("{card}:prepare:1"), new).await);
        assert_eq!(prepared.taking, Taking::Later);

        let payment = rig.prepared_at_once("pm_sim_at_once", "pm_twint").await;
        for _ in 0..2 {
            assert_eq!(done(rig.authorize(&payment).await), Authorization::Granted);
        }
        assert_eq!(rig.status(&payment).await, PaymentStatus::Captured);
        assert_eq!(rig.in_books(&payment).await.captured_minor, 10_000);
        refused(rig.gateway.void(&format!("{payment}:v:1"), &payment).await);
        done(rig.gateway.refund(&format!("{payment}:r:1"), &payment, eur(10_000)).await);

        let payment = rig.prepared_at_once("pm_sim_at_once_declined", "pm_twint_declined").await;
        refused(rig.authorize(&payment).await);
        assert_eq!(rig.status(&payment).await, PaymentStatus::Declined);

        for (step, status) in [
            (SecondStep::Succeeds, PaymentStatus::Captured),
            (SecondStep::Fails, PaymentStatus::Declined),
        ] {
            let payment = rig.prepared_at_once("pm_sim_at_once_asks", "pm_ideal").await;
            let asked = done(rig.authorize(&payment).await);
            let Authorization::ActionRequired { client_secret } = asked else {
                panic!("{asked:?}")
            };
            rig.second_step(&payment, &client_secret, step).await;
            assert_eq!(rig.status(&payment).await, status);
        }
        let unused = rig.prepared_at_once("pm_sim_at_once", "pm_twint").await;
        done(rig.gateway.void(&format!("{unused}:v:1"), &unused).await);
        refused(rig.authorize(&unused).await);
    })
    .await;
}

#[tokio::test]
async fn what_is_void_never_takes_money_and_what_is_taken_is_not_void() {
    on_each(async |rig| {
        for method in ["pm_card_visa", "pm_card_authenticationRequired"] {
            let payment = rig.prepared(rig.saga(), method).await;
            done(rig.authorize(&payment).await);
            for key in ["v:1", "v:1", "v:2"] {
                done(rig.gateway.void(&format!("{payment}:{key}"), &payment).await);
            }
            assert_eq!(rig.status(&payment).await, PaymentStatus::Voided);
            refused(rig.gateway.capture(&format!("{payment}:c:1"), &payment).await);
            let late = rig.gateway.authorize(&format!("{payment}:late:1"), &payment).await;
            assert_eq!(refused(late).code, "payment_voided");
        }
        let prepared = rig.prepared(rig.saga(), "pm_card_visa").await;
        done(rig.gateway.void(&format!("{prepared}:v:1"), &prepared).await);
        refused(rig.authorize(&prepared).await);
        let captured = rig.captured(rig.saga()).await;
        refused(rig.gateway.void(&format!("{captured}:v:1"), &captured).await);
        assert_eq!(rig.status(&captured).await, PaymentStatus::Captured);
    })
    .await;
}

#[tokio::test]
async fn money_goes_back_once_a_key_and_never_more_than_came() {
    on_each(async |rig| {
        let payment = rig.captured(rig.saga()).await;
        let key = |name: &str| format!("{payment}:{name}");
        let first = done(rig.gateway.refund(&key("r1"), &payment, eur(4_000)).await);
        assert_eq!(done(rig.gateway.refund(&key("r1"), &payment, eur(4_000)).await), first);
        let more = rig.gateway.refund(&key("r2"), &payment, eur(6_001)).await;
        assert_eq!(code(more), "amount_too_large");
        assert_eq!(rig.in_books(&payment).await.refunded_minor, 4_000);
        let second = done(rig.gateway.refund(&key("r3"), &payment, eur(6_000)).await);
        assert_ne!(second, first);
        let none_left = rig.gateway.refund(&key("r4"), &payment, eur(1)).await;
        assert_eq!(code(none_left), "charge_already_refunded");
        let nobody = PaymentId("pi_of_nobody".to_owned());
        assert_eq!(code(rig.gateway.refund(&key("r5"), &nobody, eur(1)).await), "resource_missing");
        let books = rig.in_books(&payment).await;
        assert_eq!((books.captured_minor, books.refunded_minor), (10_000, 10_000));
    })
    .await;
}

#[tokio::test]
async fn the_books_tell_every_refund_with_the_key_that_made_it() {
    on_each(async |rig| {
        let (saga, other) = (rig.saga(), rig.saga());
        let payment = rig.captured(saga).await;
        let none = rig.gateway.refunds_of(&payment).await.expect("the books");
        assert_eq!((none.captured_minor, none.refunds.len()), (10_000, 0));
        let key = format!("{saga}:refund:1");
        let own = done(rig.gateway.refund(&key, &payment, eur(4_000)).await);
        let keys: Vec<String> = (1..=120).map(|at| format!("{other}:refund:{at}")).collect();
        for key in &keys {
            done(rig.gateway.refund(key, &payment, eur(10)).await);
        }
        let books = rig.gateway.refunds_of(&payment).await.expect("the books");
        assert_eq!((books.refunds.len(), books.left_minor()), (121, 4_800));
        assert_eq!((books.of(saga), books.last_key_of(other)), (Some(&own), 120));
        assert_eq!(books.by_hand(), (0, None));
        rig.refunds_by_hand(&payment, 300).await;
        let books = rig.gateway.refunds_of(&payment).await.expect("the books");
        assert_eq!((books.by_hand().0, books.left_minor()), (300, 4_500));
        let nobody = PaymentId("pi_of_nobody".to_owned());
        assert_eq!(rig.gateway.refunds_of(&nobody).await, Ok(GatewayBooks::default()));
    })
    .await;
}

#[tokio::test]
async fn nothing_goes_back_of_what_was_never_taken() {
    on_each(async |rig| {
        let payment = rig.prepared(rig.saga(), "pm_card_visa").await;
        done(rig.authorize(&payment).await);
        refused(rig.gateway.refund(&format!("{payment}:r:1"), &payment, eur(1)).await);
        assert_eq!(rig.status(&payment).await, PaymentStatus::Authorized);
        done(rig.gateway.void(&format!("{payment}:v:1"), &payment).await);
    })
    .await;
}

#[tokio::test]
async fn a_payment_is_found_by_its_saga_and_the_books_have_an_end() {
    on_each(async |rig| {
        let saga = rig.saga();
        let payment = rig.captured(saga).await;
        assert_eq!(rig.gateway.find(rig.saga()).await, Ok(None));
        for at in 0..120 {
            let new = NewPayment { saga, amount: eur(100), method: "pm_card_visa" };
            done(rig.gateway.prepare(&format!("{saga}:many:{at}"), new).await);
        }
        // If a saga made several payments, the payment that took the money counts.
        if let Some(fake) = &rig.fake {
            fake.set_search_lag(std::time::Duration::from_secs(60));
        }
        assert_eq!(rig.gateway.find(saga).await, Ok(Some(payment.clone())));
        let mut seen: Vec<PaymentId> = Vec::new();
        loop {
            let page = rig.gateway.list(0, seen.last()).await.expect("the books");
            if page.is_empty() {
                break;
            }
            seen.extend(page.into_iter().map(|payment| payment.id));
        }
        assert_eq!((seen.len(), seen.last()), (121, Some(&payment)));
        let since = rig.in_books_since_tomorrow().await;
        assert!(since.is_empty(), "{since:?}");
    })
    .await;
}

impl Rig {
    async fn in_books_since_tomorrow(&self) -> Vec<GatewayPayment> {
        let now = self.app.app.base.db.now().await.expect("the clock");
        self.gateway.list(now + 24 * 60 * 60 * 1000, None).await.expect("the books")
    }
}
