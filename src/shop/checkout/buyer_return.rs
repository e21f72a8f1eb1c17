//! The address to which a payment method brings the buyer back after leading them away (`return_url` of a
//! PaymentIntent).

use poem::{
    IntoResponse, Response, handler,
    web::{Data, Query, Redirect},
};
use serde::Deserialize;

use super::Checkouts;
use crate::{
    kernel::{db::StoreError, saga::WakeRequest},
    shop::bookings,
};

/// The path of this page, to be appended to `PUBLIC_URL`.
pub const PATH: &str = "/checkout/return";

/// The parameters that the gateway adds to the address. The payment's id is only looked up and never trusted.
#[derive(Debug, Deserialize)]
pub struct Brought {
    payment_intent: Option<String>,
}

/// Wakes the checkout, which asks the gateway, and redirects to the booking's page. That page shows the booking
/// only to its buyer.
#[handler]
pub async fn page(brought: Query<Brought>, checkouts: Data<&Checkouts>) -> Response {
    let page = match &brought.0.payment_intent {
        Some(intent) => checkouts.0.buyer_is_back(intent).await,
        None => Ok(None),
    };
    match page {
        Ok(Some(page)) => Redirect::see_other(page).into_response(),
        Ok(None) => Redirect::see_other("/").into_response(),
        Err(error) => crate::http::problem::ApiProblem::from(error).into_response(),
    }
}

impl Checkouts {
    async fn buyer_is_back(&self, intent: &str) -> Result<Option<String>, StoreError> {
        // The gateway never issued another form. A query can contain any text.
        if !intent.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Ok(None);
        }
        let (db, provider) = (&self.base.db, self.gateway.provider());
        let Some(booking) = bookings::booking_of_intent(db, provider, intent).await? else {
            return Ok(None);
        };
        self.executor.wake(booking.0, WakeRequest::Look).await?;
        let found = bookings::find(db, booking).await?;
        Ok(found.map(|booking| format!("/bookings/{}", booking.reference)))
    }
}
