//! The HTTP of webhooks.

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

/// Where gateways tell of what they did.
#[derive(Debug, Clone)]
pub struct WebhooksApi {
    /// The use cases.
    pub checkouts: Checkouts,
}

#[derive(Tags)]
enum Tag {
    /// Gateways.
    Payments,
}

#[OpenApi(prefix_path = "/payments/webhooks", tag = "Tag::Payments")]
impl WebhooksApi {
    /// Take a webhook of Stripe in.
    ///
    /// Only what carries `Stripe-Signature` of one of our secrets, not older than five minutes, is taken. 204 says that
    /// it is written down; it is worked on afterwards.
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
            Rejected::NotExpected => {
                Self::new(ProblemType::NotFound, "No gateway of ours sends webhooks here.")
            }
            Rejected::Signature(fault) => Self::field(HEADER, fault.to_string()),
            Rejected::NotAnEvent(fault) => Self::field("body", fault),
            Rejected::Db(error) => error.into(),
        }
    }
}
