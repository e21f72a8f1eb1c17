//! Starts refunds, and claims refunds that are due.

mod driver;
pub mod failed;
mod invariants;
mod store;

use poem_openapi::OpenApi;
use std::sync::Arc;
use std::time::Duration;

pub use holdfast_domain::refund::Reason;
use holdfast_domain::{
    checkout::PaymentId,
    ids::SagaId,
    money::Money,
    refund::{Refund, RefundMethod, Status, rules::Share},
};
use holdfast_entity::{bookings, payments, refund_lines, refunds};
use uuid::Uuid;

use self::driver::RefundDriver;
use crate::{
    kernel::{
        base::Base,
        db::{self, Bug, StoreError, Tx},
        invariants::Invariant,
        passes::Pass,
        ports::PaymentGateway,
        saga::{Executor, attention::Attended, executor::Work},
    },
    slice::{SharedParts, Slice},
};

/// How often every node looks for refunds that are due.
const PASS_EVERY: Duration = Duration::from_secs(1);
/// How often every node looks again at refunds that may have failed.
const FAILED_EVERY: Duration = Duration::from_secs(60);

/// The order of a use case to start a refund.
#[derive(Debug, Clone, Copy)]
pub struct RefundOrder<'a> {
    /// The booking whose money is refunded.
    pub booking: &'a bookings::Model,
    /// The captured payment of the booking.
    pub payment: &'a payments::Model,
    /// The amount for each line. The sum is more than zero.
    pub shares: &'a [Share],
    pub reason: Reason,
    /// The user or guest who asked for the refund. `None` if the server started it.
    pub asked_by: Option<Uuid>,
    /// The time of the database in milliseconds since 1970.
    pub now_ms: i64,
}

/// Starts and drives refunds; cheap to clone.
#[derive(Debug, Clone)]
pub struct Refunds {
    pub(super) base: Base,
    pub(super) gateway: Arc<dyn PaymentGateway>,
    pub(super) executor: Executor<RefundDriver>,
}

impl Refunds {
    pub fn new(base: Base, gateway: Arc<dyn PaymentGateway>) -> Self {
        let driver = RefundDriver::new(Arc::clone(&gateway), Arc::clone(&base.entropy));
        Self { executor: Executor::new(base.clone(), Arc::new(driver)), gateway, base }
    }

    /// Starts a refund in the transaction that promises it. After the commit, the caller passes the work to
    /// [`Refunds::drive`]. Otherwise the pass claims the refund once its first lease has lapsed.
    ///
    /// # Errors
    /// When the payment has no id at the gateway, or the database fails.
    pub async fn open(&self, tx: &Tx, wanted: RefundOrder<'_>) -> Result<Work<Refund>, StoreError> {
        let RefundOrder { booking, payment, shares, reason, asked_by, now_ms } = wanted;
        let id = SagaId(self.base.entropy.id());
        let amount = Money::new(shares.iter().map(|share| share.minor).sum(), booking.currency);
        let intent = payment.intent_id.clone().map(PaymentId);
        let intent = intent.ok_or_else(|| Bug::new("a captured payment has no intent"))?;
        let refund = refunds::Model {
            id,
            booking_id: booking.id,
            payment_id: Some(payment.id),
            organization_id: booking.organization_id,
            reason,
            method: RefundMethod::Gateway,
            asked_by,
            amount_minor: amount.minor,
            currency: amount.currency,
            status: Status::Pending,
            gateway_refund_id: None,
            created_at: now_ms,
            settled_at: None,
            look_at: None,
        };
        db::insert(tx, refund).await?;
        let line = |share: &Share| refund_lines::Model {
            refund_id: id,
            line_id: share.line,
            booking_id: booking.id,
            amount_minor: share.minor,
            cancels: reason.cancels().into(),
        };
        db::insert_all(tx, shares.iter().map(line).collect()).await?;
        let state = Refund::start(id, booking.id, intent, amount, now_ms);
        let started = self.executor.start(tx, vec![(id.0, id.0, state)], now_ms).await?;
        started.into_iter().next().ok_or_else(|| Bug::new("no saga of a refund").into())
    }

    /// Drives a refund in the background.
    pub fn drive(&self, work: Work<Refund>) {
        let executor = self.executor.clone();
        self.base.tasks.spawn(async move { executor.drive(work).await });
    }

    /// Claims refunds that are due and drives them; returns how many. Runs on every node.
    pub async fn pass(&self) -> Result<u64, StoreError> {
        self.executor.pass().await.map(|taken| taken as u64)
    }
}

impl Slice for Refunds {
    const INVARIANTS: &'static [Invariant] = invariants::INVARIANTS;

    fn routes(self, _shared: SharedParts) -> impl OpenApi + 'static {}

    fn sagas(&self) -> Vec<Arc<dyn Attended>> {
        vec![Arc::new(self.executor.clone())]
    }

    fn passes(&self, _shared: &SharedParts) -> Vec<Pass> {
        vec![
            Pass::on("refunds", PASS_EVERY, self, |it| async move { it.pass().await }),
            Pass::on(
                "failed-refunds",
                FAILED_EVERY,
                self,
                |it| async move { it.failed_pass().await },
            ),
        ]
    }
}
