//! The HTTP route of webhooks.

use holdfast_contract::problem::ProblemType;
use poem::Request;
use poem_openapi::{OpenApi, Tags};

use super::{HEADER, Rejected};
use crate::{
    http::{
        body::{NoContent, Raw},
        client,
        problem::ApiProblem,
    },
    shop::checkout::Checkouts,
};

#[derive(Debug, Clone)]
pub struct WebhooksApi {
    pub checkouts: Checkouts,
}

#[derive(Tags)]
enum Tag {
    /// Payments: the gateway of this installation and its webhooks.
    Payments,
}

#[OpenApi(prefix_path = "/payments/webhooks", tag = "Tag::Payments")]
impl WebhooksApi {
    /// Receive a webhook from Stripe.
    ///
    /// The server accepts a webhook only with a `Stripe-Signature` that one of its secrets verifies
    /// and that is at most five minutes old. It responds 204 when the webhook is stored, and
    /// processes the webhook afterwards.
    #[oai(path = "/stripe", method = "post")]
    async fn stripe(&self, request: &Request, body: Raw) -> Result<NoContent, ApiProblem> {
        let header = request.header(HEADER).map(str::to_owned);
        let checkouts = self.checkouts.clone();
        let tasks = &self.checkouts.base.tasks;
        let received =
            tasks.run(async move { checkouts.receive(header.as_deref(), &body.0).await }).await?;
        match received {
            Ok(true) => {
                let checkouts = self.checkouts.clone();
                tasks.spawn(async move {
                    if let Err(error) = checkouts.webhooks_pass().await {
                        tracing::warn!(error = %error, "webhooks are worked on by the next pass");
                    }
                });
                Ok(NoContent)
            }
            Ok(false) => Ok(NoContent),
            Err(rejected) => {
                let from = client::address(request);
                tracing::warn!(reason = %rejected, ?from, "a webhook is not taken");
                Err(rejected.into())
            }
        }
    }
}

impl From<Rejected> for ApiProblem {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::NotExpected => Self::new(
                ProblemType::NotFound,
                "No configured gateway sends webhooks to this address.",
            ),
            Rejected::Signature(fault) => Self::field(HEADER, fault.to_string()),
            Rejected::NotAnEvent(fault) => Self::field("body", fault),
            Rejected::Db(error) => error.into(),
        }
    }
}
