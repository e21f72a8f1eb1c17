//! The payment gateway. Every call that changes something carries a key, under which it takes effect at most once.
//! Its outcome is done, refused or unknown. A missing response is never treated as a refusal.

pub mod method_types;

use std::{future::Future, time::Duration};

use async_trait::async_trait;
use holdfast_domain::{
    checkout::{
        Authorization, Decline, Doubt, Outcome, PaymentId, PaymentSeen, PaymentStatus, Prepared,
        RefundId,
    },
    ids::SagaId,
    money::Money,
    refund::GatewayBooks,
};

/// How long the gateway may take to respond. After that, nobody knows whether the call had an effect.
pub const GATEWAY_TIMEOUT: Duration = Duration::from_secs(20);

/// The gateway's response; `None` when it takes longer than [`GATEWAY_TIMEOUT`].
pub async fn answer_in_time<T>(call: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(GATEWAY_TIMEOUT, call).await.ok()
}

/// The outcome of the call; [`Doubt::NoReply`] when it takes longer than [`GATEWAY_TIMEOUT`].
pub async fn in_time<T, R>(call: impl Future<Output = Outcome<T, R>>) -> Outcome<T, R> {
    answer_in_time(call).await.unwrap_or(Outcome::Unknown(Doubt::NoReply))
}

/// A payment that the gateway does not know yet.
#[derive(Debug, Clone)]
pub struct NewPayment<'a> {
    /// The saga that pays. Its id is written onto the payment, so that people can find one by the other.
    pub saga: SagaId,
    /// The amount that the buyer pays.
    pub amount: Money,
    /// The gateway's name for the payment method.
    pub method: &'a str,
}

/// The gateway will never make this refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRefused {
    /// The gateway's code, such as `charge_already_refunded`.
    pub code: String,
}

/// The gateway could not be asked, or its response could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the payment gateway could not be asked")]
pub struct Unreachable;

/// A payment in the gateway's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayPayment {
    /// The gateway's id of the payment.
    pub id: PaymentId,
    /// The saga for which the payment was made. `None` when something else made it.
    pub saga: Option<SagaId>,
    /// The amount that was requested.
    pub amount: Money,
    /// How much of the amount was captured, in minor units.
    pub captured_minor: i64,
    /// How much of the captured amount was refunded, in minor units.
    pub refunded_minor: i64,
    /// The state of the payment.
    pub status: PaymentStatus,
    /// When the payment was made, in milliseconds since 1970 by the gateway's clock.
    pub created_ms: i64,
}

/// Takes money and gives it back. When the payment method allows it, the amount is first reserved and captured
/// later; otherwise it is taken at once.
#[async_trait]
pub trait PaymentGateway: Send + Sync + std::fmt::Debug {
    /// The gateway's name: `simulated` or `stripe`.
    fn provider(&self) -> &'static str;

    /// The key that the buyer's browser may know, if the gateway has one.
    fn publishable_key(&self) -> Option<&str>;

    /// Whether the gateway can move exactly this amount. Some gateways do not count thousandths of a currency.
    fn can_move(&self, amount: Money) -> bool;

    /// Makes a payment known to the gateway, and says how its money will be taken. Does not touch the buyer's
    /// card.
    async fn prepare(&self, key: &str, new: NewPayment<'_>) -> Outcome<Prepared, Decline>;

    /// Reserves the amount, or takes it when the payment's money is taken at once.
    async fn authorize(&self, key: &str, payment: &PaymentId) -> Outcome<Authorization, Decline>;

    /// Captures the reserved amount. The outcome is also `Done` when the amount is captured already.
    async fn capture(&self, key: &str, payment: &PaymentId) -> Outcome<(), ()>;

    /// Ensures that the payment can never take money. The outcome is also `Done` when the payment is void already,
    /// and `Refused` when the amount is captured.
    async fn void(&self, key: &str, payment: &PaymentId) -> Outcome<(), ()>;

    /// The present state of the payment; `None` when the gateway cannot be asked.
    async fn fetch(&self, payment: &PaymentId) -> Option<PaymentSeen>;

    /// Refunds an amount. The outcome is `Done` with the refund's id, also when this key has made the refund before.
    /// It is `Refused` with the gateway's code when the gateway will never make this refund (more than was captured,
    /// a closed account).
    async fn refund(
        &self,
        key: &str,
        payment: &PaymentId,
        amount: Money,
    ) -> Outcome<RefundId, RefundRefused>;

    /// The gateway's books of this payment: the captured amount, and every refund with the key under which it was
    /// made. A payment that the gateway does not know has captured nothing.
    ///
    /// # Errors
    /// When the gateway cannot be asked.
    async fn refunds_of(&self, payment: &PaymentId) -> Result<GatewayBooks, Unreachable>;

    /// The payment that was made for this saga, if there is one. Used when the saga never learnt the id of its
    /// payment.
    ///
    /// # Errors
    /// When the gateway cannot be asked.
    async fn find(&self, saga: SagaId) -> Result<Option<PaymentId>, Unreachable>;

    /// A page of the gateway's payments since `since_ms` (milliseconds since 1970), newest first, starting after the
    /// payment `after`. The reconciliation reads these pages. An empty page is the last page.
    ///
    /// # Errors
    /// When the gateway cannot be asked.
    async fn list(
        &self,
        since_ms: i64,
        after: Option<&PaymentId>,
    ) -> Result<Vec<GatewayPayment>, Unreachable>;
}

/// How a buyer's second step (as in 3-D Secure) ends at the simulated gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondStep {
    /// The bank confirms who the buyer is.
    Succeeds,
    /// The bank does not confirm who the buyer is.
    Fails,
}

/// The page of the buyer's bank. The simulated gateway has this page in addition to the calls of a gateway.
#[async_trait]
pub trait SimulatedBank: Send + Sync + std::fmt::Debug {
    /// Ends the second step of the payment with this secret. `None` when no payment has this secret, or the
    /// payment does not wait for a second step.
    ///
    /// # Errors
    /// When the database fails.
    async fn second_step(
        &self,
        client_secret: &str,
        step: SecondStep,
    ) -> Result<Option<PaymentId>, crate::kernel::db::StoreError>;
}
