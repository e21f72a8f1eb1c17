//! The HTTP routes of payments: the configured gateway, and the page of the simulated bank.

use holdfast_contract::bookings::{Booking, PaymentConfig, SimulatedCompletion, SimulatedOutcome};
use poem_openapi::{OpenApi, Tags, param::Path};

use super::Checkouts;
use crate::{
    http::{body::Json, problem::ApiProblem},
    kernel::{db::StoreError, ports::payments::SecondStep, saga::WakeRequest},
    shop::bookings,
};

#[derive(Debug, Clone)]
pub struct PaymentsApi {
    pub checkouts: Checkouts,
}

#[derive(Tags)]
enum Tag {
    /// Payments: the gateway of this installation and its webhooks.
    Payments,
}

#[OpenApi(prefix_path = "/payments", tag = "Tag::Payments")]
impl PaymentsApi {
    /// Read which payment gateway is configured.
    #[oai(path = "/config", method = "get")]
    async fn config(&self) -> Json<PaymentConfig> {
        let gateway = &self.checkouts.gateway;
        Json(PaymentConfig {
            provider: gateway.provider().to_owned(),
            publishable_key: gateway.publishable_key().map(str::to_owned),
            method_types: self.checkouts.offered.clone(),
        })
    }

    /// Complete the second authentication step of a payment at the simulated gateway.
    ///
    /// The client secret is the credential. The response is the booking a moment later.
    #[oai(path = "/simulated/:client_secret/complete", method = "post")]
    async fn complete(
        &self,
        client_secret: Path<String>,
        body: Json<SimulatedCompletion>,
    ) -> Result<Json<Booking>, ApiProblem> {
        // The server never issued another form. A path can contain any text.
        if !client_secret.0.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ApiProblem::not_found("payment"));
        }
        let step = match body.0.outcome {
            SimulatedOutcome::Success => SecondStep::Succeeds,
            SimulatedOutcome::Failure => SecondStep::Fails,
        };
        let checkouts = self.checkouts.clone();
        let tasks = &self.checkouts.base.tasks;
        let booking = tasks
            .run(async move { checkouts.take_second_step(&client_secret.0, step).await })
            .await??;
        booking.map(Json).ok_or_else(|| ApiProblem::not_found("payment"))
    }
}

impl Checkouts {
    /// Records the result of the second step at the buyer's bank, and wakes the checkout, as a webhook would.
    async fn take_second_step(
        &self,
        client_secret: &str,
        step: SecondStep,
    ) -> Result<Option<Booking>, StoreError> {
        let Some(bank) = &self.bank else { return Ok(None) };
        let Some(payment) = bank.second_step(client_secret, step).await? else { return Ok(None) };
        let provider = self.gateway.provider();
        let booking = bookings::booking_of_intent(&self.base.db, provider, &payment.0).await?;
        let Some(booking) = booking else { return Ok(None) };
        self.executor.wake(booking.0, WakeRequest::Look).await?;
        self.settled(booking).await
    }
}
