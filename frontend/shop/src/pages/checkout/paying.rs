//! One payment from the click to its end: send it, ask about it, show the result.
//!
//! One attempt has one idempotency key, which survives reloads until there is a final response; see `state::attempt`.

use std::future::Future;

use holdfast_contract::{
    bookings::{ConfirmRequest, PaymentChoice, SimulatedOutcome},
    legal::Acceptance,
    reservations::ReservationStatus,
};
use leptos::prelude::*;
use uuid::Uuid;

use super::{
    basket::{Basket, Busy, Message},
    outcome::{self, ConfirmRefusal, FailureReason, Next},
};
use ui::{
    api::{self, CallFailure},
    browser,
    state::attempt::{self, OpenAttempt},
};

/// How often a confirm request with an open outcome is repeated before the buyer must decide.
const OPEN_TRIES: u32 = 5;
/// How many times the page asks about a booking. Together, the waits are longer than the server's deadline for a
/// payment.
const MAX_POLLS: u32 = 400;

impl Basket {
    /// Starts a payment, or continues an attempt whose outcome is still open.
    pub fn pay(self, method: Option<String>, email: Option<String>, accepted: Option<Acceptance>) {
        if self.busy.get_untracked() != Busy::Idle {
            return;
        }
        let ids = self.ids.get_value();
        let request = ConfirmRequest {
            reservation_ids: ids.clone(),
            payment: method.map(|method| PaymentChoice { method }),
            discount_code: None,
            email,
            accepted,
        };
        let Ok(body) = serde_json::to_string(&request) else { return };
        self.run(attempt::begin(&ids, body));
    }

    /// Determines the payment method, then pays. An attempt with an open outcome is continued instead, because it
    /// already has its payment method.
    pub fn pay_with(
        self,
        method: impl Future<Output = Option<String>> + 'static,
        email: Option<String>,
        accepted: Option<Acceptance>,
    ) {
        if self.busy.get_untracked() != Busy::Idle {
            return;
        }
        if let Some(attempt) = attempt::pending(&self.ids.get_value()) {
            return self.run(attempt);
        }
        self.busy.set(Busy::Paying);
        self.message.set(None);
        leptos::task::spawn_local(async move {
            let method = method.await;
            let _ = self.busy.try_set(Busy::Idle);
            if method.is_some() && self.ended.try_get_untracked() == Some(None) {
                self.pay(method, email, accepted);
            }
        });
    }

    /// Continues an attempt: sends its request and follows its booking.
    pub(super) fn run(self, attempt: OpenAttempt) {
        self.busy.set(Busy::Paying);
        self.message.set(None);
        self.holds.mark(&self.ids.get_value(), ReservationStatus::InPayment);
        leptos::task::spawn_local(async move { self.send(attempt).await });
    }

    async fn send(self, mut attempt: OpenAttempt) {
        if let Some(booking) = attempt.booking {
            self.follow(booking, None).await;
            return;
        }
        for n in 0..OPEN_TRIES {
            match api::confirm(&attempt.body, &attempt.key).await {
                Ok(booking) => {
                    // A buyer who has left the page continues the stored attempt on return.
                    let Some(ids) = self.ids.try_get_value() else { return };
                    attempt.booking = Some(booking.id);
                    attempt::keep(&ids, &attempt);
                    let next = outcome::of_booking(&booking, None);
                    self.step(booking.id, next).await;
                    return;
                }
                Err(failure) => match outcome::of_failure(&failure) {
                    ConfirmRefusal::Open => browser::sleep(1_000 << n).await,
                    ConfirmRefusal::Declined => {
                        return self.fail(Message::Failed(FailureReason::Declined)).await;
                    }
                    ConfirmRefusal::Changed => return self.meet_another(failure).await,
                    ConfirmRefusal::Over | ConfirmRefusal::Final => {
                        return self.fail(Message::Refused(failure)).await;
                    }
                },
            }
        }
        self.leave_open();
    }

    /// The outcome is still open: the attempt is kept, and the buyer decides when to ask again. Nobody knows whether the
    /// server has begun the payment, so the time of the hold goes on.
    fn leave_open(self) {
        if self.busy.try_set(Busy::Idle).is_none() {
            self.message.set(Some(Message::Unknown));
            self.holds.mark(&self.ids.get_value(), ReservationStatus::Active);
        }
    }

    /// Asks about a booking until its payment has ended. `answered` is the secret of a second step that the buyer has
    /// already taken.
    pub(super) async fn follow(self, booking: Uuid, answered: Option<String>) {
        for n in 0..MAX_POLLS {
            match api::booking(booking, None).await {
                Ok(found) => match outcome::of_booking(&found, answered.as_deref()) {
                    Next::Wait => {}
                    next @ (Next::Done(_) | Next::SecondStep(_) | Next::Failed(_)) => {
                        return self.settle(next).await;
                    }
                },
                Err(failure) if failure.is_open() => {}
                Err(failure) => return self.fail(Message::Refused(failure)).await,
            }
            browser::sleep(outcome::poll_wait_ms(n)).await;
            if self.busy.try_get_untracked().is_none() {
                return;
            }
        }
        self.leave_open();
    }

    async fn step(self, booking: Uuid, next: Next) {
        match next {
            Next::Wait => self.follow(booking, None).await,
            next @ (Next::Done(_) | Next::SecondStep(_) | Next::Failed(_)) => {
                self.settle(next).await;
            }
        }
    }

    async fn settle(self, next: Next) {
        match next {
            Next::Done(reference) => {
                let Some(ids) = self.ids.try_get_value() else { return };
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

    /// The seats are no longer only held. Another tab may be paying or may have paid.
    async fn meet_another(self, failure: CallFailure) {
        self.look_again().await;
        let Some(ids) = self.ids.try_get_value() else { return };
        match self.booking_elsewhere() {
            Some(booking) => {
                attempt::finish(&ids);
                self.follow(booking, None).await;
            }
            None => self.fail(Message::Refused(failure)).await,
        }
    }

    /// The attempt has finally failed. The next click is a new attempt.
    async fn fail(self, message: Message) {
        let Some(ids) = self.ids.try_get_value() else { return };
        attempt::finish(&ids);
        let _ = self.message.try_set(Some(message));
        self.look_again().await;
        let _ = self.busy.try_set(Busy::Idle);
    }

    /// The buyer has responded to the simulated gateway's second step.
    pub fn complete(self, secret: String, answer: SimulatedOutcome) {
        self.busy.set(Busy::Paying);
        leptos::task::spawn_local(async move {
            if let Err(failure) = api::complete_simulated(&secret, answer).await
                && failure.is_open()
            {
                let _ = self.busy.try_set(Busy::SecondStep(secret));
                let _ = self.message.try_set(Some(Message::Refused(failure)));
                return;
            }
            self.after_second_step(secret).await;
        });
    }

    /// The buyer has left the second step with this secret, successfully or not. The server knows the result.
    pub async fn after_second_step(self, secret: String) {
        let Some(ids) = self.ids.try_get_value() else { return };
        match attempt::pending(&ids).and_then(|it| it.booking).or_else(|| self.booking_elsewhere())
        {
            Some(booking) => self.follow(booking, Some(secret)).await,
            None => self.fail(Message::Failed(FailureReason::Other)).await,
        }
    }
}
