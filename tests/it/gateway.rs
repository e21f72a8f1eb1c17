//! What every payment gateway promises of giving money back and of its books, on the simulated one.

use std::sync::Arc;

use holdfast::ports::{PaymentGateway, payments::NewPayment};
use holdfast_domain::{
    checkout::{Outcome, PaymentId, PaymentStatus, RefundId},
    ids::SagaId,
    money::{Currency, Money},
};

use crate::harness::TestApp;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").expect("a code"))
}

/// A captured payment of 100.00 EUR.
async fn captured(app: &TestApp, method: &str) -> (Arc<dyn PaymentGateway>, SagaId, PaymentId) {
    let gateway = Arc::clone(&app.app.checkouts.gateway);
    let saga = SagaId(app.app.base.entropy.id());
    let new = NewPayment { saga, amount: eur(10_000), method };
    let Outcome::Done(payment) = gateway.prepare(&format!("{saga}:p:1"), new).await else {
        panic!("it is prepared")
    };
    let authorized = gateway.authorize(&format!("{saga}:a:1"), &payment).await;
    assert!(matches!(authorized, Outcome::Done(_)), "{authorized:?}");
    assert_eq!(gateway.capture(&format!("{saga}:c:1"), &payment).await, Outcome::Done(()));
    (gateway, saga, payment)
}

fn done(outcome: Outcome<RefundId, holdfast::ports::payments::RefundRefused>) -> RefundId {
    match outcome {
        Outcome::Done(refund) => refund,
        other => panic!("{other:?}"),
    }
}

fn refused(outcome: Outcome<RefundId, holdfast::ports::payments::RefundRefused>) -> String {
    match outcome {
        Outcome::Refused(refused) => refused.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refund_is_done_once_a_key_and_never_above_what_was_captured() {
    let app = TestApp::start().await;
    let (gateway, saga, payment) = captured(&app, "pm_card_visa").await;
    let first = done(gateway.refund("r1", &payment, eur(4_000)).await);
    assert_eq!(done(gateway.refund("r1", &payment, eur(4_000)).await), first);
    assert_eq!(refused(gateway.refund("r2", &payment, eur(6_001)).await), "amount_too_large");
    let twins = (0..8).map(|_| gateway.refund("r3", &payment, eur(6_000)));
    let twins = futures_util::future::join_all(twins).await;
    let names: Vec<RefundId> = twins.into_iter().map(done).collect();
    assert!(names.iter().all(|name| *name == names[0] && *name != first), "{names:?}");
    let none_left = refused(gateway.refund("r4", &payment, eur(1)).await);
    assert_eq!(none_left, "charge_already_refunded");
    let nobody = PaymentId("pi_of_nobody".to_owned());
    assert_eq!(refused(gateway.refund("r5", &nobody, eur(1)).await), "resource_missing");
    let books = gateway.list(0, None).await.expect("the books");
    assert_eq!(books.len(), 1);
    assert_eq!((books[0].captured_minor, books[0].refunded_minor), (10_000, 10_000));
    assert_eq!((books[0].status, books[0].saga), (PaymentStatus::Captured, Some(saga)));
    app.finish().await;
}

#[tokio::test]
async fn a_payment_that_cannot_be_given_back_says_so() {
    let app = TestApp::start().await;
    let (gateway, _, payment) = captured(&app, "pm_sim_refund_fails").await;
    assert_eq!(refused(gateway.refund("r1", &payment, eur(1)).await), "charge_not_refundable");
    let books = gateway.list(0, None).await.expect("the books");
    assert_eq!((books[0].captured_minor, books[0].refunded_minor), (10_000, 0));
    app.finish().await;
}

#[tokio::test]
async fn a_payment_is_found_by_its_saga_and_the_books_are_read_to_their_end() {
    let app = TestApp::start().await;
    let (gateway, saga, payment) = captured(&app, "pm_card_visa").await;
    assert_eq!(gateway.find(saga).await, Ok(Some(payment.clone())));
    assert_eq!(gateway.find(SagaId(app.app.base.entropy.id())).await, Ok(None));
    for at in 0..150 {
        let new = NewPayment { saga, amount: eur(100), method: "pm_card_visa" };
        let made = gateway.prepare(&format!("many:{at}"), new).await;
        assert!(matches!(made, Outcome::Done(_)), "{made:?}");
    }
    // Where a saga made several, the one that took the money counts.
    assert_eq!(gateway.find(saga).await, Ok(Some(payment.clone())));
    let mut seen = Vec::new();
    loop {
        let page = gateway.list(0, seen.last()).await.expect("the books");
        if page.is_empty() {
            break;
        }
        seen.extend(page.into_iter().map(|payment| payment.id));
    }
    assert_eq!(seen.len(), 151);
    assert_eq!(seen.last(), Some(&payment));
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 151, "no payment stands on two pages");
    app.finish().await;
}
