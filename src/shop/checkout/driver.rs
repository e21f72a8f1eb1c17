//! A checkout as a saga: the decisions of the domain, the calls to the gateway, the local steps.

use std::sync::Arc;

use holdfast_domain::{
    booking::{BookingState, PaymentState},
    checkout::{
        self, Authorization, Checkout, Decision, Doubt, Ending, Event, Failure, GatewayCall,
        LocalStep, Outcome, PaymentSearch, State,
    },
    ids::{BookingId, EventId, ReservationId},
    ledger,
    refund::rules::Share,
};
use holdfast_entity::booking_lines;
use uuid::Uuid;

use super::{
    answer,
    payment::{self, NewRowValues},
    store,
};
use crate::{
    kernel::{
        db::{StoreError, Together, Tx},
        failpoint::{StepFault, fault},
        idempotency,
        ports::{
            Entropy, PaymentGateway,
            payments::{NewPayment, answer_in_time, in_time},
        },
        saga::{
            Directive, Driver, Status,
            driver::{Group, Illegal, NamedStep, Performed, Progress, UnreadableState},
        },
    },
    live::{News, Relay, record},
    messages,
    money::{
        ledger::{self as books, Kind},
        refunds::{Reason, RefundOrder, Refunds},
    },
    shop::{
        bookings::{self, confirmed, letters},
        reservations::{
            in_payment::{self, ChangeDrafts},
            sold,
        },
        tickets,
    },
};

#[derive(Debug)]
pub struct CheckoutDriver {
    gateway: Arc<dyn PaymentGateway>,
    entropy: Arc<dyn Entropy>,
    relay: Relay,
    refunds: Refunds,
}

impl CheckoutDriver {
    /// `refunds` returns payments that came too late.
    pub fn new(
        gateway: Arc<dyn PaymentGateway>,
        entropy: Arc<dyn Entropy>,
        relay: Relay,
        refunds: Refunds,
    ) -> Self {
        Self { gateway, entropy, relay, refunds }
    }

    /// Sells the seats of each checkout, or none of its seats.
    async fn confirm_seats(
        &self,
        tx: &Tx,
        checkouts: &[&Checkout],
        aftermath: &mut ChangeDrafts,
    ) -> Result<Vec<Performed<Event>>, StoreError> {
        let is_refused = |_: &&Checkout| {
            fault(LocalStep::ConfirmSeats.name(), "", &[StepFault::Refuse]).is_some()
        };
        let (refused, sells): (Vec<&Checkout>, Vec<&Checkout>) =
            checkouts.iter().copied().partition(is_refused);
        let bookings: Vec<BookingId> = sells.iter().map(|checkout| checkout.booking).collect();
        let paid = store::paid_for(tx, &bookings).await?;
        let (sold, changes) = in_payment::confirm(tx, &paid).await?;
        merge(aftermath, changes);
        let performed = checkouts.iter().map(|checkout| {
            let is_sold = sold.contains(&checkout.booking)
                && !refused.iter().any(|it| it.booking == checkout.booking);
            if is_sold {
                Performed::Done(Event::SeatsConfirmed(Outcome::Done(())))
            } else {
                Performed::Untouched(Event::SeatsConfirmed(Outcome::Refused(())))
            }
        });
        Ok(performed.collect())
    }

    async fn issue(
        &self,
        tx: &Tx,
        later: &Together,
        checkouts: &[&Checkout],
        now_ms: i64,
    ) -> Result<Vec<Performed<Event>>, StoreError> {
        let ids: Vec<BookingId> = checkouts.iter().map(|checkout| checkout.booking).collect();
        // Under the locks, so that the tickets go to the buyer who has the bookings when this transaction ends.
        let mut stored = bookings::locked_with_lines(tx, &ids).await?;
        let mut reservations: Vec<ReservationId> =
            stored.iter().flat_map(|(_, lines)| lines).map(|line| line.reservation_id).collect();
        reservations.sort_unstable();
        reservations.dedup();
        in_payment::settle(later, &reservations).await?;
        let bought: Vec<_> =
            stored.iter().map(|(booking, lines)| (booking.buyer_id, lines.as_slice())).collect();
        let tickets = tickets::issue(later, &*self.entropy, &bought, now_ms).await?;
        store::end(later, &ids, BookingState::Confirmed, None, now_ms).await?;
        store::mark_payments(later, &ids, PaymentState::Captured, now_ms).await?;
        let entries: Vec<_> =
            stored.iter().map(|(_, lines)| ledger::capture(books::cost_of(lines))).collect();
        let postings: Vec<_> = stored
            .iter()
            .zip(&entries)
            .map(|((booking, _), entries)| (booking, entries.as_slice()))
            .collect();
        books::post_all(later, &*self.entropy, &postings, Kind::Capture, now_ms).await?;
        let mails = stored.iter().filter_map(|(booking, _)| letters::confirmed(booking));
        messages::post(later, &*self.entropy, mails, now_ms).await?;
        let all = stored.iter().flat_map(|(_, lines)| lines);
        let occasions = confirmed::Occasions::of(tx, all).await?;
        let answers = stored.iter_mut().zip(tickets).map(|((booking, lines), tickets)| {
            booking.status = BookingState::Confirmed;
            let shown = bookings::view::booking(booking, lines, tickets, &occasions);
            (booking.id.0, answer::confirmed(&shown))
        });
        idempotency::answer_all(later, &answers.collect::<Vec<_>>()).await?;
        let done = || Performed::Done(Event::TicketsIssued(Outcome::Done(())));
        Ok(checkouts.iter().map(|_| done()).collect())
    }

    /// The money was captured late: takes the same seats again, if they are free.
    async fn reclaim(
        &self,
        tx: &Tx,
        checkout: &Checkout,
        aftermath: &mut ChangeDrafts,
    ) -> Result<Performed<Event>, StoreError> {
        let reservations = store::reservations_of(tx, checkout.booking).await?;
        let Some(changes) = sold::reclaim(tx, &reservations).await? else {
            return Ok(Performed::Refused(Event::SeatsReclaimed(Outcome::Refused(()))));
        };
        merge(aftermath, changes);
        Ok(Performed::Done(Event::SeatsReclaimed(Outcome::Done(()))))
    }

    /// The money was captured, and another buyer has the seats: the money is refunded.
    async fn refund_lost(
        &self,
        tx: &Tx,
        checkout: &Checkout,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let (booking, lines) = bookings::booking_with_lines(tx, checkout.booking).await?;
        let cost = books::cost_of(&lines);
        let entries = ledger::capture(cost);
        books::post(tx, &*self.entropy, &booking, Kind::Capture, &entries, now_ms).await?;
        let share = |line: &booking_lines::Model| Share {
            line: line.id,
            minor: books::cost(line).paid_minor(),
        };
        let shares: Vec<Share> = lines.iter().map(share).collect();
        confirmed::cancelled(tx, checkout.booking, &shares, now_ms).await?;
        let payment = confirmed::captured(tx, checkout.booking).await?;
        let wanted = RefundOrder {
            booking: &booking,
            payment: &payment,
            shares: &shares,
            reason: Reason::SeatsLost,
            asked_by: None,
            now_ms,
        };
        // The pass over refunds drives the refund, because this worker still has the checkout.
        self.refunds.open(tx, wanted).await.map(|_| ())
    }

    async fn release(
        &self,
        tx: &Tx,
        checkout: &Checkout,
        why: &Failure,
        aftermath: &mut ChangeDrafts,
        now_ms: i64,
    ) -> Result<Performed<Event>, StoreError> {
        let booking = checkout.booking;
        // The lock order: a booking before its reservations.
        let locked = confirmed::lock(tx, booking).await?;
        let reservations = store::reservations_of(tx, booking).await?;
        let changes = in_payment::release(tx, &reservations, why).await?;
        merge(aftermath, changes);
        let (status, name, payment) = match why {
            Failure::Cancelled if sold::any_called_off(tx, &reservations).await? => {
                (BookingState::Failed, letters::EVENT_CANCELLED, PaymentState::Void)
            }
            Failure::Cancelled => (BookingState::Cancelled, why.name(), PaymentState::Void),
            Failure::Declined { .. } => (BookingState::Failed, why.name(), PaymentState::Declined),
            Failure::SeatsLost | Failure::TimedOut | Failure::CaptureRefused => {
                (BookingState::Failed, why.name(), PaymentState::Void)
            }
            Failure::SeatsLostRefunded => {
                (BookingState::Failed, why.name(), PaymentState::Captured)
            }
        };
        store::end(tx, &[booking], status, Some(name), now_ms).await?;
        store::mark_payments(tx, &[booking], payment, now_ms).await?;
        if *why == Failure::SeatsLostRefunded {
            self.refund_lost(tx, checkout, now_ms).await?;
        }
        if status == BookingState::Failed
            && let Some((booking, _)) = &locked
        {
            let mail = letters::failed(booking, why);
            messages::post(tx, &*self.entropy, mail, now_ms).await?;
        }
        if let Some(answer) = answer::kept_failure(why) {
            idempotency::answer_for(tx, booking.0, &answer).await?;
        }
        Ok(Performed::Done(Event::SeatsReleased(Outcome::Done(()))))
    }
}

fn merge(into: &mut ChangeDrafts, changes: ChangeDrafts) {
    for (event, change) in changes {
        let draft = into.entry(event).or_default();
        draft.seats.extend(change.seats);
        draft.sections.extend(change.sections);
    }
}

impl NamedStep for GatewayCall {
    fn name(&self) -> &'static str {
        self.name()
    }
}

impl NamedStep for LocalStep {
    fn name(&self) -> &'static str {
        self.name()
    }
}

impl Driver for CheckoutDriver {
    type State = Checkout;
    type Event = Event;
    type Call = GatewayCall;
    type Local = LocalStep;
    type Aftermath = ChangeDrafts;

    const KIND: &'static str = "checkout";
    const FORMAT: u16 = checkout::FORMAT;

    fn decode(&self, text: &str) -> Result<Checkout, UnreadableState> {
        Checkout::decode(text).map_err(|error| UnreadableState(Box::new(error)))
    }

    fn encode(&self, state: &Checkout) -> String {
        state.encode()
    }

    fn status(&self, state: &Checkout) -> Status {
        match &state.state {
            State::Preparing { .. }
            | State::Authorizing { .. }
            | State::ConfirmingSeats { .. }
            | State::Capturing { .. }
            | State::Reclaiming { .. }
            | State::Issuing { .. } => Status::Running,
            State::Awaiting { .. } => Status::Waiting,
            State::Finding { .. } | State::Voiding { .. } | State::Releasing { .. } => {
                Status::Undoing
            }
            State::Rest { ending: Ending::Confirmed } => Status::Done,
            State::Rest { ending: Ending::Failed(_) } => Status::Undone,
            State::Stuck { .. } => Status::NeedsAttention,
        }
    }

    fn next(&self, state: &Checkout, now_ms: i64) -> Directive<GatewayCall, LocalStep> {
        match checkout::next(state, now_ms) {
            Decision::Call(call) => Directive::Call(call),
            Decision::Local(step) => Directive::Local(step),
            Decision::Wait { until_ms, .. } => Directive::Wait(until_ms),
            Decision::Rest(_) => Directive::Rest,
            Decision::NeedsOperator(reason) => Directive::Attention(reason.name()),
        }
    }

    fn apply(&self, state: Checkout, event: Event, now_ms: i64) -> Result<Checkout, Illegal> {
        checkout::apply(state, event, now_ms).map_err(|illegal| Illegal(Box::new(illegal)))
    }

    fn progress(&self, state: &Checkout) -> Progress {
        let (step, attempts) = state.state.standing();
        Progress { step, attempts }
    }

    fn trouble(&self, event: &Event) -> Option<String> {
        event.trouble()
    }

    fn retried(&self, state: Checkout, now_ms: i64) -> Checkout {
        // A checkout that an executor gave up because of a bug did not stop by itself: it continues in its present
        // state.
        checkout::apply(state.clone(), Event::Retried, now_ms).unwrap_or(state)
    }

    fn woken(&self, state: Checkout, now_ms: i64) -> Checkout {
        checkout::apply(state.clone(), Event::Woken, now_ms).unwrap_or(state)
    }

    fn cancelled(&self, state: Checkout, now_ms: i64) -> Checkout {
        // After the pivot, the wish to cancel comes too late.
        checkout::apply(state.clone(), Event::CancelRequested, now_ms).unwrap_or(state)
    }

    async fn act(&self, call: GatewayCall, state: &Checkout) -> Event {
        let gateway = &self.gateway;
        match call {
            GatewayCall::Prepare { key, amount, method } => {
                let new = NewPayment { saga: state.saga, amount, method: &method };
                Event::Prepared(in_time(gateway.prepare(&key, new)).await)
            }
            GatewayCall::Authorize { key, payment } => {
                Event::Authorized(in_time(gateway.authorize(&key, &payment)).await)
            }
            GatewayCall::Capture { key, payment } => {
                Event::Captured(in_time(gateway.capture(&key, &payment)).await)
            }
            GatewayCall::Void { key, payment } => {
                Event::Voided(in_time(gateway.void(&key, &payment)).await)
            }
            GatewayCall::Ask { payment } => {
                Event::Seen(answer_in_time(gateway.fetch(&payment)).await.flatten())
            }
            GatewayCall::Find { saga } => {
                Event::Found(match answer_in_time(gateway.find(saga)).await {
                    Some(Ok(Some(payment))) => PaymentSearch::Payment(payment),
                    Some(Ok(None)) => PaymentSearch::Nothing,
                    Some(Err(_)) | None => PaymentSearch::NoReply,
                })
            }
        }
    }

    /// A transaction has the seats of one event, because a change of its plan locks all of them.
    fn shares(&self, state: &Checkout, event: &Event, about: Option<Uuid>) -> Option<Group> {
        match (&state.state, event) {
            (
                State::Preparing { .. },
                Event::Placed { authorized: Outcome::Done(Authorization::Granted), .. },
            ) => about.map(|of| Group { step: LocalStep::ConfirmSeats.name(), of }),
            (State::Capturing { .. }, Event::Captured(Outcome::Done(()))) => {
                Some(Group { step: LocalStep::IssueTickets.name(), of: Uuid::nil() })
            }
            (_, _) => None,
        }
    }

    async fn perform(
        &self,
        tx: &Tx,
        later: &Together,
        due: &[(LocalStep, &Checkout)],
        aftermath: &mut ChangeDrafts,
        now_ms: i64,
    ) -> Result<Vec<Performed<Event>>, StoreError> {
        let checkouts: Vec<&Checkout> = due.iter().map(|(_, checkout)| *checkout).collect();
        let mut performed = Vec::with_capacity(due.len());
        match due.first() {
            Some((LocalStep::ConfirmSeats, _)) => {
                performed = self.confirm_seats(tx, &checkouts, aftermath).await?;
            }
            Some((LocalStep::IssueTickets, _)) => {
                performed = self.issue(tx, later, &checkouts, now_ms).await?;
            }
            Some((LocalStep::ReclaimSeats, _)) => {
                for checkout in checkouts {
                    performed.push(self.reclaim(tx, checkout, aftermath).await?);
                }
            }
            Some((LocalStep::ReleaseSeats { .. }, _)) | None => {
                for (step, checkout) in due {
                    let LocalStep::ReleaseSeats { why } = step else { continue };
                    performed.push(self.release(tx, checkout, why, aftermath, now_ms).await?);
                }
            }
        }
        Ok(performed)
    }

    fn failed(&self, step: &LocalStep) -> Option<Event> {
        let unknown = Outcome::Unknown(Doubt::NoReply);
        Some(match step {
            LocalStep::ConfirmSeats => Event::SeatsConfirmed(unknown),
            LocalStep::IssueTickets => Event::TicketsIssued(unknown),
            LocalStep::ReclaimSeats => Event::SeatsReclaimed(unknown),
            LocalStep::ReleaseSeats { .. } => Event::SeatsReleased(unknown),
        })
    }

    fn follows(&self, state: &Checkout, event: &Event) -> Option<GatewayCall> {
        checkout::follows(state, event)
    }

    fn joined(&self, first: Event, second: Event) -> Event {
        checkout::joined(first, second)
    }

    async fn recorded(
        &self,
        later: &Together,
        events: &[(&Event, &Checkout)],
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let known = NewRowValues { entropy: &*self.entropy, provider: self.gateway.provider() };
        payment::record(later, known, events, now_ms).await
    }

    async fn conclude(&self, later: &Together, aftermath: ChangeDrafts) -> Result<(), StoreError> {
        for (event, change) in aftermath {
            record::record(later, event, &change).await?;
        }
        Ok(())
    }

    fn committed(&self, steps: &[&'static str], about: Option<Uuid>) {
        // Only these steps change seats; issuing tickets does not.
        if steps.iter().any(|step| LocalStep::SEAT_STEPS.contains(step)) {
            let event = about.map(EventId);
            self.relay.nudge(event.map_or(News::Anything, News::Places));
        }
    }
}
