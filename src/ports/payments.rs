//! The payment gateway. Every call that changes something carries a key under which it acts at most once, and
//! answers done, refused or unknown: no answer is never a no.

use async_trait::async_trait;
use holdfast_domain::{
    checkout::{Authorization, Decline, Outcome, PaymentId, PaymentSeen},
    ids::SagaId,
    money::Money,
};

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

/// Takes money. Amounts are captured by hand: first reserved, then taken.
#[async_trait]
pub trait PaymentGateway: Send + Sync + std::fmt::Debug {
    /// `simulated` or `stripe`.
    fn provider(&self) -> &'static str;

    /// The key that the buyer's browser may know, where there is one.
    fn publishable_key(&self) -> Option<&str>;

    /// Makes a payment known. Touches no card.
    async fn prepare(&self, key: &str, new: NewPayment<'_>) -> Outcome<PaymentId, Decline>;

    /// Reserves the amount.
    async fn authorize(&self, key: &str, payment: &PaymentId) -> Outcome<Authorization, Decline>;

    /// Takes the reserved amount. Done as well when it is taken already.
    async fn capture(&self, key: &str, payment: &PaymentId) -> Outcome<(), ()>;

    /// Sees to it that the payment can never take money. Done as well when it is so already; refused when
    /// the amount is taken.
    async fn void(&self, key: &str, payment: &PaymentId) -> Outcome<(), ()>;

    /// What the payment is like; nothing when the gateway cannot be asked.
    async fn fetch(&self, payment: &PaymentId) -> Option<PaymentSeen>;
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
    ) -> Result<Option<PaymentId>, sea_orm::DbErr>;
}
