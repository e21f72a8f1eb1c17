//! The rows of checkouts' payments. They follow what the gateway says.

use holdfast_domain::{
    booking::PaymentState,
    checkout::{
        Authorization, Checkout, Decline, Event, Order, Outcome, PaymentSearch, PaymentStatus,
        Prepared, State, Taking,
    },
    ids::BookingId,
};
use holdfast_entity::payments;

use super::store;
use crate::kernel::{
    db::{self, StoreError, Together},
    ports::Entropy,
};

/// The values that new rows need besides the events.
#[derive(Debug, Clone, Copy)]
pub struct NewRowValues<'a> {
    /// Makes the id of the row.
    pub entropy: &'a dyn Entropy,
    /// The gateway that has the payments: `simulated` or `stripe`.
    pub provider: &'a str,
}

/// Stores each payment as soon as the gateway's id of it is known, and marks it once its amount is reserved. Each event
/// comes with the checkout before it.
///
/// One statement may not change a row twice, so a payment that is prepared and authorized in one event is stored as
/// authorized.
pub async fn record(
    later: &Together,
    known: NewRowValues<'_>,
    events: &[(&Event, &Checkout)],
    now_ms: i64,
) -> Result<(), StoreError> {
    let new = events.iter().filter_map(|(event, checkout)| row(known, event, checkout, now_ms));
    db::insert_all(later, new.collect()).await?;
    let reserved: Vec<BookingId> = events
        .iter()
        .filter(|(event, checkout)| reserves(event, checkout))
        .map(|(_, checkout)| checkout.booking)
        .collect();
    if reserved.is_empty() {
        return Ok(());
    }
    store::mark_payments(later, &reserved, PaymentState::Authorized, now_ms).await
}

/// The row of the payment whose id the event tells.
fn row(
    known: NewRowValues<'_>,
    event: &Event,
    checkout: &Checkout,
    now_ms: i64,
) -> Option<payments::Model> {
    let (payment, status) = if let Event::Prepared(Outcome::Done(Prepared { payment, .. }))
    | Event::Found(PaymentSearch::Payment(payment)) = event
    {
        (payment, PaymentState::Started)
    } else if let Event::Placed { payment, authorized } = event {
        (payment, after(authorized))
    } else {
        return None;
    };
    // A free order has no payment.
    let Order::Paid { amount, .. } = &checkout.order else { return None };
    Some(payments::Model {
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
    })
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

/// Whether the event says that the gateway has reserved the amount of a stored payment now. A payment that takes the money
/// at once never reserves an amount.
fn reserves(event: &Event, checkout: &Checkout) -> bool {
    let granted = matches!(event, Event::Authorized(Outcome::Done(Authorization::Granted)));
    let seen = matches!(event, Event::Seen(Some(it)) if it.status == PaymentStatus::Authorized);
    let is_undecided =
        matches!(&checkout.state, State::Authorizing { .. } | State::Awaiting { .. });
    is_undecided && (seen || (granted && checkout.taking == Taking::Later))
}
