//! The row of a checkout's payment. It follows what the gateway says.

use holdfast_domain::{
    booking::PaymentState,
    checkout::{
        Authorization, Checkout, Decline, Event, Found, Order, Outcome, PaymentId, PaymentStatus,
        Prepared, State, Taking,
    },
};
use holdfast_entity::payments;

use super::store;
use crate::kernel::{
    db::{self, StoreError, Together},
    ports::Entropy,
};

/// What a new row needs besides the event.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Makes the id of the row.
    pub entropy: &'a dyn Entropy,
    /// The gateway's name.
    pub provider: &'a str,
}

/// Stores the payment as soon as the gateway's id of it is known, and marks it once its amount is reserved.
///
/// One statement may not change a row twice, so a payment that is prepared and authorized in one event is stored as
/// authorized.
pub async fn record(
    later: &Together,
    known: Known<'_>,
    event: &Event,
    checkout: &Checkout,
    now_ms: i64,
) -> Result<(), StoreError> {
    if let Event::Prepared(Outcome::Done(Prepared { payment, .. }))
    | Event::Found(Found::Payment(payment)) = event
    {
        insert(later, known, payment, PaymentState::Started, checkout, now_ms).await
    } else if let Event::Placed { payment, authorized } = event {
        insert(later, known, payment, after(authorized), checkout, now_ms).await
    } else if reserves(event, checkout) {
        store::mark_payment(later, checkout.booking, PaymentState::Authorized, now_ms).await
    } else {
        Ok(())
    }
}

async fn insert(
    later: &Together,
    known: Known<'_>,
    payment: &PaymentId,
    status: PaymentState,
    checkout: &Checkout,
    now_ms: i64,
) -> Result<(), StoreError> {
    // A free order has no payment.
    let Order::Paid { amount, .. } = &checkout.order else { return Ok(()) };
    let row = payments::Model {
        id: known.entropy.id(),
        booking_id: checkout.booking,
        saga_id: checkout.saga,
        provider: known.provider.to_owned(),
        intent_id: Some(payment.0.clone()),
        amount_minor: amount.minor,
        currency: amount.currency,
        captured_minor: 0,
        refunded_minor: 0,
        status,
        created_at: now_ms,
        updated_at: now_ms,
    };
    db::insert(later, row).await
}

/// The state of a payment whose authorization had this outcome.
fn after(authorized: &Outcome<Authorization, Decline>) -> PaymentState {
    match authorized {
        Outcome::Done(Authorization::Granted) => PaymentState::Authorized,
        Outcome::Done(Authorization::ActionRequired { .. } | Authorization::Processing)
        | Outcome::Unknown(_) => PaymentState::Started,
        Outcome::Refused(_) => PaymentState::Declined,
    }
}

/// Whether the event says that the amount of a stored payment is reserved now. What is taken at once is never reserved.
fn reserves(event: &Event, checkout: &Checkout) -> bool {
    let granted = matches!(event, Event::Authorized(Outcome::Done(Authorization::Granted)));
    let seen = matches!(event, Event::Seen(Some(it)) if it.status == PaymentStatus::Authorized);
    let is_undecided =
        matches!(&checkout.state, State::Authorizing { .. } | State::Awaiting { .. });
    is_undecided && (seen || (granted && checkout.taking == Taking::Later))
}
