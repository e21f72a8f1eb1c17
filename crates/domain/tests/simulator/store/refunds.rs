//! Cancellations of paid bookings, and the rows of the refunds.

use std::rc::Rc;

use holdfast_domain::{
    checkout::PaymentId,
    ids::{LineId, SagaId},
    inventory::SeatState,
    money::Money,
    refund::{
        Refund,
        rules::{self, Admission, Asker, CancelTerms, Line, LineStatus, Occasion},
    },
    reservation::ReservationState,
};
use uuid::Uuid;

use super::{BookingState, PRICE, PlacesState, Store, booking_id, euro, holds::release_places};

/// Whether the booking is cancelled together with the refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cancels {
    Yes,
    No,
}

/// The row of a refund, and the row of its saga.
#[derive(Debug, Clone)]
pub(crate) struct RefundRow {
    pub(crate) booking: usize,
    pub(crate) cancels: Cancels,
    pub(crate) amount: i64,
    pub(crate) text: Rc<str>,
    pub(crate) version: u64,
    pub(crate) fence: u64,
    pub(crate) lease_until_ms: i64,
    pub(crate) due_ms: Option<i64>,
    pub(crate) stuck: bool,
}

impl Store {
    /// Cancels all of a confirmed booking: its tickets, seats and places are free at once. Returns the amount to
    /// refund, or `None` if the booking cannot be cancelled.
    pub(crate) fn cancel_booking(
        &mut self,
        booking: usize,
        asker: Asker,
        now_ms: i64,
    ) -> Option<i64> {
        if self.bookings[booking].state != BookingState::Confirmed {
            return None;
        }
        let lines = self.lines(booking, asker);
        let shares = rules::cancel(asker, &lines, now_ms).ok()?;
        self.tickets.retain(|ticket| ticket.booking != booking);
        for &id in self.bookings[booking].reservations.clone().iter() {
            let row = &mut self.reservations[id];
            row.state = ReservationState::Cancelled;
            self.section.sold -= release_places(row, &[PlacesState::Sold]);
            for (number, fence) in self.reservations[id].seats.clone() {
                let seat = &mut self.seats[number];
                if seat.state == SeatState::Sold && seat.owner == Some(id) && seat.fence == fence {
                    seat.state = SeatState::Available;
                    seat.owner = None;
                }
            }
        }
        self.bookings[booking].state = BookingState::Cancelled;
        Some(shares.iter().map(|share| share.minor).sum())
    }

    /// The lines of a booking, as the rules of refunds see them: one line for each reservation.
    fn lines(&self, booking: usize, asker: Asker) -> Vec<Line> {
        let row = &self.bookings[booking];
        let first = row.reservations.first().copied();
        let line = |&id: &usize| Line {
            id: LineId(Uuid::from_u128(id as u128)),
            paid_minor: if row.amount > 0 { self.reservations[id].persons() * PRICE } else { 0 },
            returned_minor: if first == Some(id) { self.promised(booking) } else { 0 },
            standing: LineStatus::Live,
            terms: CancelTerms::Refundable,
            admission: Admission::Unused,
            occasion: match asker {
                Asker::CalledOff => Occasion::CalledOff,
                Asker::Buyer | Asker::Organizer => Occasion::StartsAt(i64::MAX),
            },
        };
        row.reservations.iter().map(line).collect()
    }

    /// The sum of the booking's refunds, complete or under way, in minor units.
    fn promised(&self, booking: usize) -> i64 {
        let refunds = self.refunds.iter().filter(|row| row.booking == booking);
        refunds.map(|row| row.amount).sum()
    }

    /// Refunds a part of the first line without cancelling anything. Returns false if the line has less left.
    pub(crate) fn give_part_back(&mut self, booking: usize, part: i64, now_ms: i64) -> bool {
        let row = &self.bookings[booking];
        let first = row.reservations.first().map(|&id| self.reservations[id].persons() * PRICE);
        let can = row.amount > 0 && first.is_some_and(|paid| self.promised(booking) + part <= paid);
        if can {
            self.start_refund(booking, part, now_ms, Cancels::No);
        }
        can
    }

    /// Starts a refund of this amount from the booking's payment.
    pub(crate) fn start_refund(
        &mut self,
        booking: usize,
        amount: i64,
        now_ms: i64,
        cancels: Cancels,
    ) {
        if amount == 0 {
            return;
        }
        let number = self.refunds.len();
        let saga = SagaId(Uuid::from_u128(0x4EF0 << 64 | number as u128));
        let payment = self.payment_of(booking);
        let refund =
            Refund::start(saga, booking_id(booking), payment, Money::new(amount, euro()), now_ms);
        self.refunds.push(RefundRow {
            booking,
            cancels,
            amount,
            text: refund.encode().into(),
            version: 1,
            fence: 1,
            lease_until_ms: 0,
            due_ms: Some(now_ms),
            stuck: false,
        });
    }

    fn payment_of(&self, booking: usize) -> PaymentId {
        let payment = self.bookings[booking].payment.clone();
        payment.expect("what was captured has a payment that was written down")
    }

    pub(crate) fn refund(&self, number: usize) -> Refund {
        Refund::decode(&self.refunds[number].text).expect("what was written can be read")
    }
}
