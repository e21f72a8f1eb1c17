//! Paying for held places: a checkout makes a booking, and its saga leads from the payment to the tickets.
//!
//! `confirm` starts a checkout in one transaction. The saga executor drives it with `driver`, which has the decisions
//! of `holdfast_domain::checkout` and the effects. `answer` builds the responses to the buyer. `docs/ARCHITECTURE.md`
//! walks through a confirmation. Amounts come from the reservations, never from the caller.

use poem::{EndpointExt as _, Route, get};
use poem_openapi::OpenApi;
use std::{sync::Arc, time::Duration};

use holdfast_contract::bookings::PaymentMethodType;

use crate::{
    http::{
        limits::{CountedAs, LimitRule},
        overload::{Class, RouteRule},
        route::post,
    },
    kernel::{
        base::Base,
        db::StoreError,
        invariants::Invariant,
        passes::Pass,
        personal::PersonalData,
        ports::{PaymentGateway, payments::SimulatedBank},
        saga::{Executor, attention::Attended},
    },
    legal::Legal,
    live::Relay,
    money::refunds::Refunds,
    shop::bookings::Bookings,
    slice::{SharedParts, Slice},
};

pub mod answer;
pub mod api;
mod begin;
pub mod buyer_return;
pub mod cancel;
pub mod confirm;
pub mod driver;
pub mod invariants;
mod payment;
pub mod payments_api;
mod read;
pub mod settings;
pub mod store;
pub mod webhooks;

pub use api::BookingAnswer;
pub use driver::CheckoutDriver;
pub use webhooks::WebhookSettings;

/// How often every node looks for checkouts that are due, so that an interrupted checkout continues soon after
/// its lease has lapsed.
pub const PASS_EVERY: Duration = Duration::from_secs(1);

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct Checkouts {
    pub base: Base,
    /// Judges what a buyer says about the terms.
    pub legal: Legal,
    pub gateway: Arc<dyn PaymentGateway>,
    /// The buyer's bank. Only the simulated gateway has one.
    pub bank: Option<Arc<dyn SimulatedBank>>,
    /// The types of payment methods that the page offers, if the gateway's own form needs the list.
    pub offered: Vec<PaymentMethodType>,
    /// The settings that verify webhooks, if the gateway sends any.
    pub webhooks: Option<WebhookSettings>,
    pub bookings: Bookings,
    /// Starts the refund of a payment that came too late.
    pub refunds: Refunds,
    /// Drives the sagas of checkouts.
    pub executor: Executor<CheckoutDriver>,
    beginning: begin::CheckoutQueue,
}

impl Checkouts {
    /// Checkouts through this gateway. `refunds` returns payments that came too late.
    pub fn new(
        base: Base,
        relay: Relay,
        legal: Legal,
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
            legal,
            gateway,
            bank,
            offered: Vec::new(),
            webhooks: None,
            bookings,
            refunds,
            executor,
            beginning: begin::CheckoutQueue::default(),
        }
    }

    /// The same checkouts, which also accept the gateway's webhooks.
    #[must_use]
    pub fn with_webhooks(self, settings: WebhookSettings) -> Self {
        Self { webhooks: Some(settings), ..self }
    }

    /// Sets the types of payment methods that the page offers.
    #[must_use]
    pub fn offering(self, offered: Vec<PaymentMethodType>) -> Self {
        Self { offered, ..self }
    }

    /// Claims checkouts that are due and drives them; returns how many. Runs on every node.
    pub async fn pass(&self) -> Result<u64, StoreError> {
        self.executor.pass().await.map(|taken| taken as u64)
    }
}

/// Requests by which buyers pay are refused last.
const CHECKOUTS: Class = Class { name: "checkouts", assumed: 200, patience: 2 };

impl Slice for Checkouts {
    const INVARIANTS: &'static [Invariant] = invariants::INVARIANTS;
    const REFUSABLE: &'static [RouteRule] =
        &[RouteRule { route: post("bookings/confirm"), class: Some(CHECKOUTS) }];
    // The gateway's webhooks carry a signature, and nobody sends them again for long.
    const LIMITED: &'static [LimitRule] =
        &[LimitRule { route: post("payments/webhooks/stripe"), counted: CountedAs::Free }];

    fn routes(self, shared: SharedParts) -> impl OpenApi + 'static {
        (
            api::BookingsApi { access: shared.access, checkouts: self.clone() },
            payments_api::PaymentsApi { checkouts: self.clone() },
            webhooks::api::WebhooksApi { checkouts: self },
        )
    }

    fn mount(self, _shared: SharedParts, routes: Route) -> Route {
        routes.at(buyer_return::PATH, get(buyer_return::page).data(self))
    }

    fn sagas(&self) -> Vec<Arc<dyn Attended>> {
        vec![Arc::new(self.executor.clone())]
    }

    fn personal(&self) -> Vec<Arc<dyn PersonalData>> {
        vec![Arc::new(self.bookings.clone())]
    }

    fn passes(&self, shared: &SharedParts) -> Vec<Pass> {
        vec![
            Pass::on("checkouts", PASS_EVERY, self, |it| async move { it.pass().await }),
            Pass::on("webhooks", PASS_EVERY, self, |it| async move { it.webhooks_pass().await }),
            Pass::on("webhook-retention", shared.retention_every, self, |it| async move {
                it.webhooks_retention_pass().await
            }),
        ]
    }
}
