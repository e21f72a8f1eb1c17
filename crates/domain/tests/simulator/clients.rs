//! Clients that pay. Each attempt has its own key, and a client repeats the attempt until it gets a final response.
//! Clients also open second tabs, try new cards and lose connections.

use std::rc::Rc;

use holdfast_domain::{
    checkout::{Checkout, Ending, Failure},
    reservation::ReservationState,
};

use crate::{
    Breach,
    faults::Fault,
    rules::Rule,
    store::{Beginning, BookingState},
    worker::{Work, WorkerPhase},
    world::{BUYERS, World},
};

/// How often buyers confirm at the same moment, of a thousand times.
const TOGETHER: u32 = 100;
/// The longest delay of a request's second copy, in milliseconds.
const TWIN_MS: i64 = 60 * 1000;

/// The final response to an attempt, with its booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FinalResponse {
    /// 201; the server stored the response.
    Confirmed(usize),
    /// 402; the server stored the response.
    Declined(usize),
    /// The booking failed for another reason. The server did not store the response and derives it again each time.
    Failed(usize),
}

/// The response that a client receives.
enum Reply {
    Final(FinalResponse),
    NotYet,
    /// A reservation cannot be paid for. Nothing has happened, and the key is free.
    Refused,
    /// No response arrived: the node died, or the database failed.
    Lost,
}

/// One attempt to pay. Its index is its idempotency key.
#[derive(Debug, Clone)]
pub(crate) struct PaymentAttempt {
    pub(crate) reservations: Rc<[usize]>,
    /// The buyer whom the client names: the guest, or the user once the guest has signed in.
    pub(crate) buyer: usize,
    pub(crate) is_free: bool,
    /// The last final response that the client received.
    pub(crate) told: Option<FinalResponse>,
    /// Whether the client gave up because the request was refused.
    pub(crate) is_refused: bool,
}

impl World {
    /// A buyer confirms one or several reservations. Some of them may have lapsed, or another tab may be paying for
    /// them. Now and then, other buyers do the same at the same moment.
    pub(crate) fn somebody_confirms(&mut self) -> Result<(), Breach> {
        let first = self.chance.rng.below(BUYERS);
        let mut requests = Vec::from_iter(self.new_attempt(first));
        if self.chance.rng.chance(TOGETHER) {
            for next in 1..BUYERS {
                requests.extend(self.new_attempt((first + next) % BUYERS));
            }
        }
        if requests.is_empty() { Ok(()) } else { self.send_together(requests) }
    }

    /// An attempt of the buyer to pay for what the buyer holds, with the buyer.
    fn new_attempt(&mut self, buyer: usize) -> Option<(usize, usize)> {
        let mine = |id: &usize| {
            let row = &self.store.reservations[*id];
            let open = matches!(row.state, ReservationState::Active | ReservationState::InPayment);
            row.buyer == buyer && open
        };
        let mut ids: Vec<usize> = (0..self.store.reservations.len()).filter(mine).collect();
        let most = 1 + self.chance.rng.below(2);
        while ids.len() > most {
            ids.remove(self.chance.rng.below(ids.len()));
        }
        if ids.is_empty() {
            return None;
        }
        let is_free = self.chance.rng.chance(150);
        let reservations = ids.into();
        self.attempts.push(PaymentAttempt {
            reservations,
            buyer,
            is_free,
            told: None,
            is_refused: false,
        });
        Some((self.attempts.len() - 1, buyer))
    }

    /// A client without a final response repeats its request with the same key.
    pub(crate) fn somebody_asks_again(&mut self) -> Result<(), Breach> {
        let open: Vec<usize> = (0..self.attempts.len())
            .filter(|&n| !self.attempts[n].is_refused)
            .rev()
            .take(8)
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        let attempt = open[self.chance.rng.below(open.len())];
        self.send(attempt, self.attempts[attempt].buyer)
    }

    /// A request that was sent long ago arrives.
    pub(crate) fn a_twin_arrives(&mut self) -> Result<(), Breach> {
        let now = self.now_ms;
        match self.twins.iter().position(|(at, ..)| *at <= now) {
            Some(at) => {
                let (_, attempt, buyer) = self.twins.swap_remove(at);
                self.send(attempt, buyer)
            }
            None => Ok(()),
        }
    }

    fn send(&mut self, attempt: usize, buyer: usize) -> Result<(), Breach> {
        self.send_together(vec![(attempt, buyer)])
    }

    /// Sends requests, each an attempt with its buyer, that arrive at one node at the same moment.
    fn send_together(&mut self, requests: Vec<(usize, usize)>) -> Result<(), Breach> {
        for &(attempt, buyer) in &requests {
            if self.chance.strikes(Fault::Twins) {
                let at = self.now_ms + self.chance.rng.between(0, TWIN_MS);
                self.twins.push((at, attempt, buyer));
            }
        }
        let node = self.chance.rng.below(self.nodes.len());
        if !self.is_up(node) {
            return Ok(());
        }
        let replies = self.handle(node, &requests);
        for ((attempt, buyer), reply) in requests.into_iter().zip(replies) {
            let is_late = buyer != self.attempts[attempt].buyer;
            if is_late {
                self.coverage.scene("a request of a guest arrives after the sign-in");
            }
            // Nobody waits any more for what was sent before the sign-in.
            if self.chance.strikes(Fault::HangUp) || is_late {
                continue;
            }
            self.hear(attempt, &reply)?;
        }
        Ok(())
    }

    fn hear(&mut self, attempt: usize, reply: &Reply) -> Result<(), Breach> {
        match reply {
            Reply::Final(told) => {
                let earlier = self.attempts[attempt].told.replace(*told);
                if earlier.is_some_and(|earlier| earlier != *told) {
                    let words = format!("attempt {attempt} heard {earlier:?}, then {told:?}");
                    return Err(Breach(words));
                }
            }
            Reply::NotYet => self.coverage.scene("a client hears that it is not known yet"),
            Reply::Refused if self.attempts[attempt].told.is_some() => {
                return Err(Breach(format!("attempt {attempt} had an answer, and is refused now")));
            }
            Reply::Refused => self.attempts[attempt].is_refused = true,
            Reply::Lost => {}
        }
        Ok(())
    }

    /// A node processes requests that arrive at the same moment. Their checkouts begin together.
    fn handle(&mut self, node: usize, requests: &[(usize, usize)]) -> Vec<Reply> {
        let mut replies: Vec<Reply> = Vec::with_capacity(requests.len());
        // The positions of the requests whose checkouts begin now.
        let mut new = Vec::new();
        for (place, &(number, buyer)) in requests.iter().enumerate() {
            let known = self.store.key_of(number).filter(|row| row.buyer == buyer);
            replies.push(match known.map(|row| row.booking) {
                Some(booking) => self.answer_of(booking),
                None => {
                    new.push(place);
                    Reply::Lost
                }
            });
        }
        if new.is_empty()
            || self.chance.strikes(Fault::Abort)
            || self.dies_at(node, "begin", "before_record")
        {
            return replies;
        }
        if new.len() > 1 {
            self.coverage.scene("checkouts begin together");
        }
        let late: Vec<bool> = new.iter().map(|_| self.chance.strikes(Fault::PlacesLapse)).collect();
        let members = new.iter().zip(late).map(|(&place, is_late)| {
            let (number, buyer) = requests[place];
            Beginning { number, attempt: &self.attempts[number], buyer, is_late }
        });
        let members: Vec<Beginning<'_>> = members.collect();
        let begun = self.store.begin(&members, self.now_ms, self.rules);
        for (place, booking) in new.iter().zip(&begun) {
            let number = requests[*place].0;
            self.say(|| format!("attempt {number} on {:?}: {booking:?}", self.attempts[number]));
            if booking.is_some() {
                self.note_begin(number);
                continue;
            }
            if new.len() > 1 {
                self.coverage.scene("one of those who begin together is refused");
            }
            self.note_second_tab(number);
        }
        let is_recorded = begun.iter().any(Option::is_some);
        if is_recorded && self.dies_at(node, "begin", "after_record") {
            return replies;
        }
        for (place, booking) in new.into_iter().zip(begun) {
            replies[place] = Reply::Refused;
            if let Some(booking) = booking {
                self.go_on(node, requests[place], booking);
                replies[place] = Reply::NotYet;
            }
        }
        replies
    }

    /// The node that received the request continues with it if it has an idle worker.
    fn go_on(&mut self, node: usize, (number, buyer): (usize, usize), booking: usize) {
        if !self.rules.keep(Rule::ClaimWithBegin) {
            self.store.claim(number, booking, buyer);
        }
        let spare = self
            .workers
            .iter()
            .position(|worker| worker.node == node && matches!(worker.phase, WorkerPhase::Idle));
        if let Some(w) = spare {
            let checkout: Checkout = self.store.checkout(booking);
            let work = Work { booking, buyer, fence: 1, version: 1, wakes: 0, checkout };
            self.workers[w].phase = WorkerPhase::Claimed(work);
        }
    }

    fn note_second_tab(&mut self, number: usize) {
        let mut rows = self.attempts[number].reservations.iter();
        if rows.any(|&id| self.store.reservations[id].state == ReservationState::InPayment) {
            self.coverage.scene("a second tab is refused");
        }
    }

    fn note_begin(&mut self, number: usize) {
        let reservations = self.attempts[number].reservations.clone();
        if reservations.len() > 1 {
            self.coverage.scene("two reservations in one booking");
        }
        let declined = self.store.bookings.iter().any(|booking| {
            booking.state == BookingState::Failed
                && booking.reservations.iter().any(|id| reservations.contains(id))
        });
        if declined {
            self.coverage.scene("a new card after a decline");
        }
    }

    /// The response about a booking: the stored response, or else the booking's current state.
    fn answer_of(&mut self, booking: usize) -> Reply {
        let kept = self.store.keys.iter().find(|row| row.booking == booking);
        if let Some(told) = kept.and_then(|row| row.answer) {
            self.coverage.scene("an answer is replayed");
            return Reply::Final(told);
        }
        match self.store.ending(booking) {
            Some(Ending::Failed(_)) => Reply::Final(FinalResponse::Failed(booking)),
            Some(Ending::Confirmed) | None => Reply::NotYet,
        }
    }

    /// The check after everything has ended: each key has one booking, and its stored response is the ending of that
    /// booking.
    pub(crate) fn check_answers(&mut self) -> Result<(), Breach> {
        for booking in 0..self.store.bookings.len() {
            let attempt = self.store.bookings[booking].attempt;
            if self.store.key_of(attempt).is_none_or(|row| row.booking != booking) {
                return Err(Breach(format!(
                    "attempt {attempt} made booking {booking} unknown to it"
                )));
            }
            let expected = match self.store.ending(booking) {
                Some(Ending::Confirmed) => FinalResponse::Confirmed(booking),
                Some(Ending::Failed(Failure::Declined { .. })) => FinalResponse::Declined(booking),
                Some(Ending::Failed(
                    Failure::SeatsLost
                    | Failure::SeatsLostRefunded
                    | Failure::TimedOut
                    | Failure::CaptureRefused
                    | Failure::Cancelled,
                )) => FinalResponse::Failed(booking),
                None => return Err(Breach(format!("booking {booking} never ended"))),
            };
            let reply = self.answer_of(booking);
            match reply {
                Reply::Final(told) if told == expected => self.hear(attempt, &reply)?,
                Reply::Final(told) => {
                    return Err(Breach(format!(
                        "booking {booking} is told {told:?}, not {expected:?}"
                    )));
                }
                Reply::NotYet | Reply::Refused | Reply::Lost => {
                    return Err(Breach(format!("booking {booking} has no answer")));
                }
            }
        }
        Ok(())
    }
}
