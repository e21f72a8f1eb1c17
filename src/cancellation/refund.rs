//! Starting refunds, and taking up those that are due.

use std::sync::Arc;

pub use holdfast_domain::refund::Reason;
use holdfast_domain::{
    checkout::PaymentId,
    ids::SagaId,
    money::{Currency, Money},
    refund::{Refund, rules::Share},
};
use holdfast_entity::{bookings, payments};
use sea_orm::DbErr;
use uuid::Uuid;

use super::{
    driver::RefundDriver,
    store::{self, NewRefund},
};
use crate::{
    base::Base,
    db::Tx,
    ports::PaymentGateway,
    saga::{Executor, attention::Attended, executor::Work},
};

/// A refund to be started.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The booking.
    pub booking: &'a bookings::Model,
    /// Its captured payment.
    pub payment: &'a payments::Model,
    /// How much for which line; together more than nothing.
    pub shares: &'a [Share],
    /// Why.
    pub reason: Reason,
    /// Who asked, where somebody did.
    pub asked_by: Option<Uuid>,
    /// The database's clock.
    pub now_ms: i64,
}

/// Gives money back; cheap to clone.
#[derive(Debug, Clone)]
pub struct Refunds {
    pub(super) base: Base,
    pub(super) gateway: Arc<dyn PaymentGateway>,
    pub(super) executor: Executor<RefundDriver>,
}

impl Refunds {
    /// Refunds through this gateway.
    pub fn new(base: Base, gateway: Arc<dyn PaymentGateway>) -> Self {
        let driver = RefundDriver::new(Arc::clone(&gateway), Arc::clone(&base.entropy));
        Self { executor: Executor::new(base.clone(), Arc::new(driver)), gateway, base }
    }

    /// Starts a refund in the transaction that promises it. The caller hands the work to [`Refunds::drive`]
    /// once that is committed; where nobody does, the pass takes it up once its first lease has lapsed.
    ///
    /// # Errors
    /// When the payment has no name at the gateway, or the database fails.
    pub async fn open(&self, tx: &Tx, wanted: Wanted<'_>) -> Result<Work<Refund>, DbErr> {
        let Wanted { booking, payment, shares, reason, asked_by, now_ms } = wanted;
        let id = SagaId(self.base.entropy.id());
        let currency = Currency::parse(&booking.currency);
        let currency = currency.map_err(|error| DbErr::Type(error.to_string()))?;
        let amount = Money::new(shares.iter().map(|share| share.minor).sum(), currency);
        let intent = payment.intent_id.clone().map(PaymentId);
        let intent = intent.ok_or_else(|| DbErr::Custom("a payment without a name".to_owned()))?;
        let new = NewRefund { id, booking, payment, amount, shares, reason, asked_by, now_ms };
        store::insert(tx, new).await?;
        let state = Refund::start(id, booking.id.into(), intent, amount, now_ms);
        self.executor.start(tx, id.0, id.0, state, now_ms).await
    }

    /// Carries a refund on in the background.
    pub fn drive(&self, work: Work<Refund>) {
        let executor = self.executor.clone();
        self.base.tasks.spawn(async move { executor.drive(work).await });
    }

    /// Refunds, as operators meet them.
    pub fn attended(&self) -> Arc<dyn Attended> {
        Arc::new(self.executor.clone())
    }

    /// Takes up refunds that are due; answers how many. Runs on every node.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pass(&self) -> Result<u64, DbErr> {
        self.executor.pass().await.map(|taken| taken as u64)
    }
}
