//! `/checkout/:reservation_ids`: the checkout in one column: seats, details, payment. Typed text is kept, whatever
//! happens.

mod basket;
mod card;
mod details;
mod ending;
mod methods;
mod outcome;
mod pay;
mod paying;
mod seats;
mod second_step;

use holdfast_contract::{
    bookings::PaymentConfig,
    catalogue::Event,
    money::Money,
    problem::ProblemType,
    reservations::{Reservation, ReservationStatus},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use uuid::Uuid;

use basket::Basket;
use ending::Ended;
pub use outcome::poll_wait_ms;
use ui::{
    api::{self, CallFailure},
    common,
    components::{erased::part, loaded::loaded},
    i18n::{self, use_i18n},
    state::{holds::Holds, session},
    td_string, tx,
};

/// The data that the checkout page needs before it can be shown.
#[derive(Clone)]
pub struct Opening {
    pub reservations: Vec<Reservation>,
    /// The event of the reservations.
    pub event: Event,
    /// The payment gateway and its payment methods.
    pub config: PaymentConfig,
}

/// The maximum number of reservations in one booking, as in the API.
const MAX_RESERVATIONS: usize = 10;

fn parsed(ids: &str) -> Vec<Uuid> {
    ids.split(',').filter_map(|id| id.parse().ok()).take(MAX_RESERVATIONS).collect()
}

fn not_found() -> CallFailure {
    let kind = ProblemType::NotFound;
    CallFailure::Problem(Box::new(holdfast_contract::problem::Problem::new(kind, "")))
}

async fn open(ids: Vec<Uuid>) -> Result<Opening, CallFailure> {
    let mut reservations = Vec::with_capacity(ids.len());
    for id in ids {
        reservations.push(api::reservation(id).await?);
    }
    // The address may name reservations of the user and others that stayed the guest's. The responses say which.
    let payable =
        session::of_one_buyer(reservations.iter().map(|it: &Reservation| it.id).collect());
    reservations.retain(|it| payable.contains(&it.id));
    let first = reservations.first().ok_or_else(not_found)?;
    let event = first.event_id.to_string();
    let (event, config) = futures_util::join!(api::event(&event), api::payment_config());
    Ok(Opening { event: event?, config: config?, reservations })
}

#[component]
pub fn CheckoutPage() -> impl IntoView {
    let params = use_params_map();
    part(move || {
        let ids = params.with(|params| params.get("reservation_ids").unwrap_or_default());
        view! { <Checkout ids=parsed(&ids)/> }
    })
}

#[component]
fn Checkout(ids: Vec<Uuid>) -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, checkout.title));
    loaded(
        move || open(ids.clone()),
        || view! { <Skeleton/> }.into_any(),
        |opening, again| view! { <Column opening again/> }.into_any(),
    )
}

#[component]
fn Skeleton() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <main id="main" class="page column" aria-busy="true">
            <h1>{tx!(i18n, checkout.title)}</h1>
            <p class="visually-hidden" role="status">{common!(i18n, loading)}</p>
            <div class="panel" aria-hidden="true">
                <div class="skeleton skeleton-title"></div>
                <div class="skeleton skeleton-line"></div>
                <div class="skeleton skeleton-line"></div>
            </div>
        </main>
    }
}

#[component]
fn Column(opening: Opening, again: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    let holds = Holds::expect();
    for reservation in &opening.reservations {
        holds.put(reservation.clone());
    }
    let basket = Basket::new(opening, again);
    basket.watch();
    part(move || {
        if let Some(end) = basket.ended.get() {
            return view! { <Ended end basket/> }.into_any();
        }
        view! {
            <main id="main" class="page column">
                <h1>{tx!(i18n, checkout.title)}</h1>
                <seats::Seats basket/>
                <pay::Pay basket/>
            </main>
        }
        .into_any()
    })
}

/// The total price of the reservations. `None` if their currencies differ.
fn total(reservations: &[Reservation]) -> Option<Money> {
    let (first, rest) = reservations.split_first()?;
    rest.iter().try_fold(first.total.clone(), |sum, next| {
        if next.total.currency != sum.currency {
            return None;
        }
        let amount = sum.amount.checked_add(next.total.amount)?;
        Some(Money { amount, currency: sum.currency })
    })
}

/// Whether one of the reservations can no longer be paid for.
fn is_over(reservations: &[Reservation]) -> bool {
    reservations.iter().any(|it| match it.status {
        ReservationStatus::Expired | ReservationStatus::Cancelled => true,
        ReservationStatus::Active | ReservationStatus::InPayment | ReservationStatus::Confirmed => {
            false
        }
    })
}
