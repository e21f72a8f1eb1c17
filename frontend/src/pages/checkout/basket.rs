//! What checkout works on, and the flow of one payment through it.

use holdfast_contract::{
    bookings::{ConfirmRequest, PaymentChoice, PaymentConfig, SimulatedOutcome},
    catalogue::Event,
    reservations::{Reservation, ReservationStatus},
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use uuid::Uuid;

use super::{
    Opening, is_over,
    outcome::{self, Next, Reason, Refusal},
    total,
};
use crate::{
    api::{self, Failure},
    browser,
    state::{
        attempt::{self, Attempt},
        holds::Holds,
    },
};

/// A confirm whose end is open is sent again so often before the buyer is asked.
const OPEN_TRIES: u32 = 5;
/// A booking is asked for so often: more than the server's deadline for a payment.
const MAX_POLLS: u32 = 400;

/// What the page is busy with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Busy {
    /// Nothing: the buyer acts.
    Idle,
    /// The payment is under way.
    Paying,
    /// The gateway asks for a second step, with this secret.
    SecondStep(String),
}

/// What to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// It came to nothing; the seats stay held where the server says so.
    Failed(Reason),
    /// The server refused.
    Refused(Failure),
    /// No end is known; the same attempt can be gone on with.
    Unknown,
}

/// How checkout ended without a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The time ran out.
    Expired,
    /// The buyer gave the seats back.
    Cancelled,
}

/// Goes to an address.
type Goer = Box<dyn Fn(&str)>;

/// The state of checkout.
#[derive(Clone, Copy)]
pub struct Basket {
    /// What is held, as last told.
    pub reservations: RwSignal<Vec<Reservation>>,
    /// For what.
    pub event: StoredValue<Event>,
    /// Through which gateway.
    pub config: StoredValue<PaymentConfig>,
    /// What the page is busy with.
    pub busy: RwSignal<Busy>,
    /// What to tell.
    pub message: RwSignal<Option<Message>>,
    /// How it ended.
    pub ended: RwSignal<Option<End>>,
    ids: StoredValue<Vec<Uuid>>,
    holds: Holds,
    go: StoredValue<Goer, LocalStorage>,
}

impl Basket {
    /// Sets checkout up.
    pub fn new(opening: Opening) -> Self {
        let navigate = use_navigate();
        let go = move |path: &str| {
            navigate(path, NavigateOptions { replace: true, ..NavigateOptions::default() });
        };
        let ids = opening.reservations.iter().map(|it| it.id).collect();
        let ended = is_over(&opening.reservations).then_some(End::Expired);
        Self {
            reservations: RwSignal::new(opening.reservations),
            event: StoredValue::new(opening.event),
            config: StoredValue::new(opening.config),
            busy: RwSignal::new(Busy::Idle),
            message: RwSignal::new(None),
            ended: RwSignal::new(ended),
            ids: StoredValue::new(ids),
            holds: Holds::expect(),
            go: StoredValue::new_local(Box::new(go) as Goer),
        }
    }

    /// Goes on with what was under way before the page was loaded, and watches the clock.
    pub fn watch(self) {
        if self.ended.get_untracked().is_some() {
            return;
        }
        let ids = self.ids.get_value();
        if let Some(attempt) = attempt::pending(&ids) {
            self.run(attempt);
        } else if let Some(booking) = self.booking_elsewhere() {
            // Another tab, or another device of the same buyer, is paying or has paid.
            self.busy.set(Busy::Paying);
            leptos::task::spawn_local(async move { self.follow(booking, None).await });
        }
        Effect::new(move || {
            self.holds.seconds.track();
            if self.busy.get() == Busy::Idle && self.ended.get().is_none() && self.has_lapsed() {
                leptos::task::spawn_local(async move { self.look_again().await });
            }
        });
    }

    fn booking_elsewhere(self) -> Option<Uuid> {
        self.reservations.with_untracked(|all| {
            all.iter()
                .filter(|it| it.status != ReservationStatus::Active)
                .find_map(|it| it.booking_id)
        })
    }

    fn has_lapsed(self) -> bool {
        self.ids.with_value(|ids| {
            ids.iter().any(|id| self.holds.seconds_left(*id).is_none_or(|seconds| seconds <= 0))
        })
    }

    /// Asks how the reservations stand: extended elsewhere, or over.
    async fn look_again(self) {
        let mut current = Vec::new();
        for id in self.ids.get_value() {
            match api::reservation(id).await {
                Ok(reservation) => current.push(reservation),
                Err(failure) if failure.is_open() => return,
                Err(_) => {
                    let _ = self.ended.try_set(Some(End::Expired));
                    return;
                }
            }
        }
        self.take_over(current);
    }

    fn take_over(self, current: Vec<Reservation>) {
        if self.ended.try_get_untracked().is_none() {
            return;
        }
        // The clock may be a moment ahead of the server's: what has no second left is over.
        let over = is_over(&current) || current.iter().any(lapsed);
        for reservation in &current {
            if over {
                self.holds.drop(reservation.id);
            } else {
                self.holds.put(reservation.clone());
            }
        }
        self.reservations.set(current);
        if over {
            self.ended.set(Some(End::Expired));
        }
    }

    /// What to pay.
    pub fn total(self) -> Option<holdfast_contract::money::Money> {
        self.reservations.with(|all| total(all))
    }

    /// Whether more time can be had.
    pub fn is_extendable(self) -> bool {
        self.reservations.with(|all| all.iter().all(|it| it.extendable))
    }

    /// Asks for more time.
    pub fn extend(self) {
        self.message.set(None);
        leptos::task::spawn_local(async move {
            for id in self.ids.get_value() {
                match api::extend(id).await {
                    Ok(reservation) => {
                        self.holds.put(reservation.clone());
                        let _ = self.reservations.try_update(|all| {
                            for it in all.iter_mut().filter(|it| it.id == reservation.id) {
                                *it = reservation.clone();
                            }
                        });
                    }
                    Err(failure) => {
                        let _ = self.message.try_set(Some(Message::Refused(failure)));
                        self.look_again().await;
                        return;
                    }
                }
            }
        });
    }

    /// Gives everything back.
    pub fn cancel(self) {
        self.busy.set(Busy::Paying);
        leptos::task::spawn_local(async move {
            for id in self.ids.get_value() {
                match api::cancel(id).await {
                    Ok(()) => self.holds.drop(id),
                    Err(failure) if failure.is_open() => {
                        let _ = self.busy.try_set(Busy::Idle);
                        let _ = self.message.try_set(Some(Message::Refused(failure)));
                        return;
                    }
                    // Lapsed, or gone already: nothing is left to give back.
                    Err(_) => self.holds.drop(id),
                }
            }
            let _ = self.busy.try_set(Busy::Idle);
            let _ = self.ended.try_set(Some(End::Cancelled));
        });
    }

    /// Begins to pay, or goes on with an attempt that has no end yet.
    pub fn pay(self, method: Option<String>, email: Option<String>) {
        if self.busy.get_untracked() != Busy::Idle {
            return;
        }
        let ids = self.ids.get_value();
        let request = ConfirmRequest {
            reservation_ids: ids.clone(),
            payment: method.map(|method| PaymentChoice { method }),
            discount_code: None,
            email,
        };
        let Ok(body) = serde_json::to_string(&request) else { return };
        self.run(attempt::begin(&ids, body));
    }

    fn run(self, attempt: Attempt) {
        self.busy.set(Busy::Paying);
        self.message.set(None);
        self.holds.mark_in_payment(&self.ids.get_value());
        leptos::task::spawn_local(async move { self.send(attempt).await });
    }

    async fn send(self, mut attempt: Attempt) {
        if let Some(booking) = attempt.booking {
            self.follow(booking, None).await;
            return;
        }
        for n in 0..OPEN_TRIES {
            match api::confirm(&attempt.body, &attempt.key).await {
                Ok(booking) => {
                    attempt.booking = Some(booking.id);
                    attempt::keep(&self.ids.get_value(), &attempt);
                    let next = outcome::of_booking(&booking, None);
                    self.step(booking.id, next).await;
                    return;
                }
                Err(failure) => match outcome::of_failure(&failure) {
                    Refusal::Open => browser::sleep(1_000 << n).await,
                    Refusal::Declined => return self.fail(Message::Failed(Reason::Declined)).await,
                    Refusal::Over | Refusal::Changed | Refusal::Final => {
                        return self.fail(Message::Refused(failure)).await;
                    }
                },
            }
        }
        // Still open: the attempt is kept, the buyer decides when to ask again.
        let _ = self.busy.try_set(Busy::Idle);
        let _ = self.message.try_set(Some(Message::Unknown));
    }

    async fn follow(self, booking: Uuid, answered: Option<String>) {
        for n in 0..MAX_POLLS {
            match api::booking(booking).await {
                Ok(found) => match outcome::of_booking(&found, answered.as_deref()) {
                    Next::Wait => {}
                    next => return self.settle(next).await,
                },
                Err(failure) if failure.is_open() => {}
                Err(failure) => return self.fail(Message::Refused(failure)).await,
            }
            browser::sleep(outcome::poll_wait_ms(n)).await;
            if self.busy.try_get_untracked().is_none() {
                return;
            }
        }
        let _ = self.busy.try_set(Busy::Idle);
        let _ = self.message.try_set(Some(Message::Unknown));
    }

    async fn step(self, booking: Uuid, next: Next) {
        match next {
            Next::Wait => self.follow(booking, None).await,
            next => self.settle(next).await,
        }
    }

    async fn settle(self, next: Next) {
        match next {
            Next::Done(reference) => {
                let ids = self.ids.get_value();
                attempt::finish(&ids);
                for id in ids {
                    self.holds.drop(id);
                }
                let _ = self.go.try_with_value(|go| go(&format!("/bookings/{reference}")));
            }
            Next::SecondStep(secret) => {
                let _ = self.busy.try_set(Busy::SecondStep(secret));
            }
            Next::Failed(reason) => self.fail(Message::Failed(reason)).await,
            Next::Wait => {}
        }
    }

    /// A final no: the attempt is over, the next click is a new one.
    async fn fail(self, message: Message) {
        attempt::finish(&self.ids.get_value());
        let _ = self.message.try_set(Some(message));
        self.look_again().await;
        let _ = self.busy.try_set(Busy::Idle);
    }

    /// The buyer answered the second step.
    pub fn complete(self, secret: String, answer: SimulatedOutcome) {
        self.busy.set(Busy::Paying);
        let ids = self.ids.get_value();
        leptos::task::spawn_local(async move {
            if let Err(failure) = api::complete_simulated(&secret, answer).await
                && failure.is_open()
            {
                let _ = self.busy.try_set(Busy::SecondStep(secret));
                let _ = self.message.try_set(Some(Message::Refused(failure)));
                return;
            }
            let booking = attempt::pending(&ids).and_then(|attempt| attempt.booking);
            match booking.or_else(|| self.booking_elsewhere()) {
                Some(booking) => self.follow(booking, Some(secret)).await,
                None => self.fail(Message::Failed(Reason::Other)).await,
            }
        });
    }
}

fn lapsed(reservation: &Reservation) -> bool {
    reservation.status == ReservationStatus::Active && reservation.expires_in_seconds <= 0
}
