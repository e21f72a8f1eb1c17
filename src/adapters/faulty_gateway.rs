//! A payment gateway for tests: it injects the faults that are planned in `failpoint`, such as calls that are
//! lost, doubled or slow. The gateway behind it keeps its books as always. Compiled only for tests.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use holdfast_domain::{
    checkout::{
        Authorization, Decline, Doubt, Outcome, PaymentId, PaymentSeen, Prepared, RefundId,
    },
    ids::SagaId,
    money::Money,
    refund::GatewayBooks,
};

use crate::kernel::{
    failpoint::{StepFault, fault},
    ports::{
        PaymentGateway,
        payments::{GatewayPayment, NewPayment, RefundRefused, Unreachable},
    },
};

/// How long a slow call takes: long enough for other calls to overtake it, too short for a buyer to give up.
const SLOW: Duration = Duration::from_millis(200);
/// The faults that can hit a call that changes something.
const CALL: [StepFault; 7] = [
    StepFault::Drop,
    StepFault::Lose,
    StepFault::Faulted,
    StepFault::Twice,
    StepFault::Slow,
    StepFault::Hang,
    StepFault::HangAfter,
];

#[derive(Debug)]
pub struct FaultyGateway {
    inner: Arc<dyn PaymentGateway>,
}

impl FaultyGateway {
    pub fn before(inner: Arc<dyn PaymentGateway>) -> Self {
        Self { inner }
    }
}

/// Makes the call under the fault that is planned for its step and saga. A key begins with the id of its saga.
async fn through<T, R, F>(step: &str, key: &str, call: impl Fn() -> F) -> Outcome<T, R>
where
    F: Future<Output = Outcome<T, R>>,
{
    let saga = key.split(':').next().unwrap_or_default();
    match fault(step, saga, &CALL) {
        Some(StepFault::Drop) => Outcome::Unknown(Doubt::NoReply),
        Some(StepFault::Faulted) => Outcome::Unknown(Doubt::Faulted),
        Some(StepFault::Lose) => {
            call().await;
            Outcome::Unknown(Doubt::NoReply)
        }
        Some(StepFault::Twice) => {
            call().await;
            call().await
        }
        Some(StepFault::Slow) => {
            tokio::time::sleep(SLOW).await;
            call().await
        }
        Some(StepFault::Hang) => std::future::pending().await,
        Some(StepFault::HangAfter) => {
            call().await;
            std::future::pending().await
        }
        Some(StepFault::Refuse | StepFault::Fail) | None => call().await,
    }
}

#[async_trait]
impl PaymentGateway for FaultyGateway {
    fn provider(&self) -> &'static str {
        self.inner.provider()
    }

    fn publishable_key(&self) -> Option<&str> {
        self.inner.publishable_key()
    }

    fn can_move(&self, amount: Money) -> bool {
        self.inner.can_move(amount)
    }

    async fn prepare(&self, key: &str, new: NewPayment<'_>) -> Outcome<Prepared, Decline> {
        through("prepare", key, || self.inner.prepare(key, new.clone())).await
    }

    async fn authorize(&self, key: &str, payment: &PaymentId) -> Outcome<Authorization, Decline> {
        through("authorize", key, || self.inner.authorize(key, payment)).await
    }

    async fn capture(&self, key: &str, payment: &PaymentId) -> Outcome<(), ()> {
        through("capture", key, || self.inner.capture(key, payment)).await
    }

    async fn void(&self, key: &str, payment: &PaymentId) -> Outcome<(), ()> {
        through("void", key, || self.inner.void(key, payment)).await
    }

    async fn fetch(&self, payment: &PaymentId) -> Option<PaymentSeen> {
        match fault("ask", &payment.0, &[StepFault::Drop]) {
            Some(_) => None,
            None => self.inner.fetch(payment).await,
        }
    }

    async fn refund(
        &self,
        key: &str,
        payment: &PaymentId,
        amount: Money,
    ) -> Outcome<RefundId, RefundRefused> {
        through("refund", key, || self.inner.refund(key, payment, amount)).await
    }

    async fn refunds_of(&self, payment: &PaymentId) -> Result<GatewayBooks, Unreachable> {
        match fault("look_for_refund", &payment.0, &[StepFault::Drop]) {
            Some(_) => Err(Unreachable),
            None => self.inner.refunds_of(payment).await,
        }
    }

    async fn find(&self, saga: SagaId) -> Result<Option<PaymentId>, Unreachable> {
        match fault("find", &saga.to_string(), &[StepFault::Drop]) {
            Some(_) => Err(Unreachable),
            None => self.inner.find(saga).await,
        }
    }

    async fn list(
        &self,
        since_ms: i64,
        after: Option<&PaymentId>,
    ) -> Result<Vec<GatewayPayment>, Unreachable> {
        self.inner.list(since_ms, after).await
    }
}
