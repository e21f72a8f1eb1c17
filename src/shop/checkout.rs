//! Paying for what is held: bookings, their sagas, payments, the ledger.
//!
//! `confirm` starts a checkout in one transaction; the saga executor carries it on with `driver`, which brings
//! the decisions of `holdfast_domain::checkout` and the effects; `answer` says what came of it. A confirm
//! is walked through in `docs/ARCHITECTURE.md`. Amounts come from the reservations, never from the caller.

use std::{sync::Arc, time::Duration};

use holdfast_contract::bookings::PaymentMethodType;
use sea_orm::DbErr;

use crate::{
    kernel::{
        base::Base,
        idempotency,
        ports::{PaymentGateway, payments::SimulatedBank},
        saga::Executor,
    },
    live::Relay,
    money::refunds::Refunds,
    shop::bookings::Bookings,
};

pub mod answer;
pub mod api;
pub mod buyer_return;
pub mod cancel;
pub mod confirm;
pub mod driver;
pub mod invariants;
pub mod payments_api;
mod read;
pub mod store;
pub mod webhooks;

pub use api::{BookingAnswer, BookingsApi};
pub use driver::CheckoutDriver;
pub use payments_api::PaymentsApi;
pub use webhooks::{WebhookSettings, api::WebhooksApi};

/// How often every node looks for checkouts that are due: interrupted ones are taken up soon after their lease
/// has lapsed.
pub const PASS_EVERY: Duration = Duration::from_secs(1);

/// What the use cases of this slice work with; cheap to clone.
#[derive(Debug, Clone)]
pub struct Checkouts {
    /// Database, ids, timers, tasks.
    pub base: Base,
    /// Takes the money.
    pub gateway: Arc<dyn PaymentGateway>,
    /// The buyer's bank, where the gateway is the simulated one.
    pub bank: Option<Arc<dyn SimulatedBank>>,
    /// What the page offers, where the gateway's own form asks for it.
    pub offered: Vec<PaymentMethodType>,
    /// What webhooks are verified with, where the gateway sends any.
    pub webhooks: Option<WebhookSettings>,
    /// Reads bookings.
    pub bookings: Bookings,
    /// Gives back what was paid.
    pub refunds: Refunds,
    /// Carries checkouts on.
    pub executor: Executor<CheckoutDriver>,
}

impl Checkouts {
    /// Checkouts through this gateway; `refunds` gives back what was paid too late.
    pub fn new(
        base: Base,
        relay: Relay,
        gateway: Arc<dyn PaymentGateway>,
        bank: Option<Arc<dyn SimulatedBank>>,
        refunds: Refunds,
    ) -> Self {
        let entropy = Arc::clone(&base.entropy);
        let driver = CheckoutDriver::new(Arc::clone(&gateway), entropy, relay, refunds.clone());
        let executor = Executor::new(base.clone(), Arc::new(driver));
        let bookings = Bookings::new(base.db.clone());
        Self {
            base,
            gateway,
            bank,
            offered: Vec::new(),
            webhooks: None,
            bookings,
            refunds,
            executor,
        }
    }

    /// The same, taking in webhooks.
    #[must_use]
    pub fn with_webhooks(self, settings: WebhookSettings) -> Self {
        Self { webhooks: Some(settings), ..self }
    }

    /// The same, with these types of payment methods to offer.
    #[must_use]
    pub fn offering(self, offered: Vec<PaymentMethodType>) -> Self {
        Self { offered, ..self }
    }

    /// Takes up checkouts that are due; answers how many. Runs on every node.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pass(&self) -> Result<u64, DbErr> {
        self.executor.pass().await.map(|taken| taken as u64)
    }

    /// Forgets idempotency keys past their time; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retention_pass(&self) -> Result<u64, DbErr> {
        idempotency::retention_pass(&self.base.db).await
    }
}
