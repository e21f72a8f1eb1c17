//! The payment gateway. Every call that changes something carries a key under which it acts at most once, and
//! answers done, refused or unknown: no answer is never a no.

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
    refund::Books,
};

/// How long the gateway may take to answer. Past it nobody knows what happened.
pub const GATEWAY_TIMEOUT: Duration = Duration::from_secs(20);

/// What the gateway answers; nothing when it takes longer than [`GATEWAY_TIMEOUT`].
pub async fn answer_in_time<T>(call: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(GATEWAY_TIMEOUT, call).await.ok()
}

/// The call's outcome, or [`Doubt::NoReply`] when it takes longer than [`GATEWAY_TIMEOUT`].
pub async fn in_time<T, R>(call: impl Future<Output = Outcome<T, R>>) -> Outcome<T, R> {
    answer_in_time(call).await.unwrap_or(Outcome::Unknown(Doubt::NoReply))
}

/// A payment to be made known at the gateway.
#[derive(Debug, Clone)]
pub struct NewPayment<'a> {
    /// The saga that pays; written onto the payment, so that people find the one by the other.
    pub saga: SagaId,
    /// How much.
    pub amount: Money,
    /// The gateway's name for the payment method.
    pub method: &'a str,
}

/// A refund that will never be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRefused {
    /// The gateway's code, such as `charge_already_refunded`.
    pub code: String,
}

/// The gateway could not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the payment gateway could not be asked")]
pub struct Unreachable;

/// A payment in the gateway's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayPayment {
    /// The gateway's name for it.
    pub id: PaymentId,
    /// The saga that it was made for; none where somebody else made it.
    pub saga: Option<SagaId>,
    /// How much was asked for.
    pub amount: Money,
    /// How much of it was taken, in minor units.
    pub captured_minor: i64,
    /// How much of that was given back, in minor units.
    pub refunded_minor: i64,
    /// Where it stands.
    pub status: PaymentStatus,
    /// When it was made, in milliseconds since 1970 by the gateway's clock.
    pub created_ms: i64,
}

/// Takes money and gives it back. Amounts are first reserved, then taken, where the method can; else they are taken
/// at once.
#[async_trait]
pub trait PaymentGateway: Send + Sync + std::fmt::Debug {
    /// `simulated` or `stripe`.
    fn provider(&self) -> &'static str;

    /// The key that the buyer's browser may know, where there is one.
    fn publishable_key(&self) -> Option<&str>;

    /// Whether it can move exactly this amount; some count no thousandths.
    fn can_move(&self, amount: Money) -> bool;

    /// Makes a payment known, and says how its money will be taken. Touches no card.
    async fn prepare(&self, key: &str, new: NewPayment<'_>) -> Outcome<Prepared, Decline>;

    /// Reserves the amount, or takes it where it is taken at once.
    async fn authorize(&self, key: &str, payment: &PaymentId) -> Outcome<Authorization, Decline>;

    /// Takes the reserved amount. Done as well when it is taken already.
    async fn capture(&self, key: &str, payment: &PaymentId) -> Outcome<(), ()>;

    /// Sees to it that the payment can never take money. Done as well when it is so already; refused when
    /// the amount is taken.
    async fn void(&self, key: &str, payment: &PaymentId) -> Outcome<(), ()>;

    /// What the payment is like; nothing when the gateway cannot be asked.
    async fn fetch(&self, payment: &PaymentId) -> Option<PaymentSeen>;

    /// Gives an amount back. Done with the refund's name, also when this key gave it back already; refused
    /// with the gateway's code when it never will (more than was captured, a closed account).
    async fn refund(
        &self,
        key: &str,
        payment: &PaymentId,
        amount: Money,
    ) -> Outcome<RefundId, RefundRefused>;

    /// What the gateway's books say of this payment: how much was taken, and every refund of it, with the key
    /// under which it was made. A payment that it does not know has taken nothing.
    ///
    /// # Errors
    /// When the gateway cannot be asked.
    async fn refunds_of(&self, payment: &PaymentId) -> Result<Books, Unreachable>;

    /// The payment made for this saga, where one is; for when its id was never learnt.
    ///
    /// # Errors
    /// When the gateway cannot be asked.
    async fn find(&self, saga: SagaId) -> Result<Option<PaymentId>, Unreachable>;

    /// What the gateway did since `since_ms`, newest first, after this payment: a page for
    /// reconciliation. An empty page is the last one.
    ///
    /// # Errors
    /// When the gateway cannot be asked.
    async fn list(
        &self,
        since_ms: i64,
        after: Option<&PaymentId>,
    ) -> Result<Vec<GatewayPayment>, Unreachable>;
}

/// How a buyer's second step ends at the simulated gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondStep {
    /// The buyer is who they say.
    Succeeds,
    /// They are not.
    Fails,
}

/// What the simulated gateway has beside the calls of a gateway: the page of the buyer's bank.
#[async_trait]
pub trait SimulatedBank: Send + Sync + std::fmt::Debug {
    /// The buyer takes the second step of the payment with this secret; nothing when there is none such,
    /// or none that waits for it.
    ///
    /// # Errors
    /// When its books cannot be reached.
    async fn second_step(
        &self,
        client_secret: &str,
        step: SecondStep,
    ) -> Result<Option<PaymentId>, crate::kernel::db::StoreError>;
}
