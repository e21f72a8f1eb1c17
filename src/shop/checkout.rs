//! Paying for what is held: bookings are made here, and their sagas lead from the payment to the tickets.
//!
//! `confirm` starts a checkout in one transaction; the saga executor carries it on with `driver`, which brings
//! the decisions of `holdfast_domain::checkout` and the effects; `answer` says what came of it. A confirm
//! is walked through in `docs/ARCHITECTURE.md`. Amounts come from the reservations, never from the caller.

use poem::{EndpointExt as _, Route, get};
use poem_openapi::OpenApi;
use std::{sync::Arc, time::Duration};

use holdfast_contract::bookings::PaymentMethodType;

use crate::{
    kernel::{
        base::Base,
        db::StoreError,
        invariants::Invariant,
        passes::Pass,
        ports::{PaymentGateway, payments::SimulatedBank},
        saga::{Executor, attention::Attended},
    },
    live::Relay,
    money::refunds::Refunds,
    shop::bookings::Bookings,
    slice::{Shared, Slice},
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
pub mod settings;
pub mod store;
pub mod webhooks;

pub use api::BookingAnswer;
pub use driver::CheckoutDriver;
pub use webhooks::WebhookSettings;

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
    pub async fn pass(&self) -> Result<u64, StoreError> {
        self.executor.pass().await.map(|taken| taken as u64)
    }
}

impl Slice for Checkouts {
    const INVARIANTS: &'static [Invariant] = invariants::INVARIANTS;

    fn routes(self, shared: Shared) -> impl OpenApi + 'static {
        (
            api::BookingsApi { access: shared.access, checkouts: self.clone() },
            payments_api::PaymentsApi { checkouts: self.clone() },
            webhooks::api::WebhooksApi { checkouts: self },
        )
    }

    fn mount(self, _shared: Shared, routes: Route) -> Route {
        routes.at(buyer_return::PATH, get(buyer_return::page).data(self))
    }

    fn sagas(&self) -> Vec<Arc<dyn Attended>> {
        vec![Arc::new(self.executor.clone())]
    }

    fn passes(&self, shared: &Shared) -> Vec<Pass> {
        vec![
            Pass::on("checkouts", PASS_EVERY, self, |it| async move { it.pass().await }),
            Pass::on("webhooks", PASS_EVERY, self, |it| async move { it.webhooks_pass().await }),
            Pass::on("webhook-retention", shared.retention_every, self, |it| async move {
                it.webhooks_retention_pass().await
            }),
        ]
    }
}
