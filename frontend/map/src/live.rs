//! The current state of every seat, as far as the server has told this page.
//!
//! Messages carry absolute states with versions: an older state is dropped, a repeated state changes nothing. A held
//! seat becomes free here when its time has passed, without a message.

use holdfast_contract::{
    catalogue::SeatStatus,
    live::{Change, SeatState, SeatStates},
};

use super::{model::Hall, prices::ClosedPairs};

/// The server's clock, calculated from the browser's monotonic clock.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ServerClock {
    /// Server seconds since 1970 minus monotonic seconds.
    ahead: f64,
}

impl ServerClock {
    /// Sets the clock from a response that just arrived.
    #[allow(clippy::cast_precision_loss, reason = "seconds since 1970")]
    pub fn set(&mut self, server_seconds: i64, monotonic_ms: f64) {
        self.ahead = server_seconds as f64 - monotonic_ms / 1000.0;
    }

    /// Sets the clock from a response that may come from a cache: such a clock is late, never early.
    pub fn set_forward(&mut self, server_seconds: i64, monotonic_ms: f64) {
        let mut read = Self::default();
        read.set(server_seconds, monotonic_ms);
        if read.ahead > self.ahead {
            *self = read;
        }
    }

    /// The server's time in seconds since 1970.
    #[allow(clippy::cast_possible_truncation, reason = "seconds since 1970")]
    pub fn seconds(self, monotonic_ms: f64) -> i64 {
        (monotonic_ms / 1000.0 + self.ahead).floor() as i64
    }
}

/// The state of every seat.
#[derive(Debug, Default)]
pub struct LiveSeats {
    /// The number of the last change that this state contains.
    pub seq: i64,
    pub clock: ServerClock,
    /// The state of each seat, by the seat's index.
    pub status: Vec<SeatStatus>,
    version: Vec<i32>,
    /// When each held seat becomes free, in seconds since 1970; `i64::MAX` if that is unknown.
    until: Vec<i64>,
    /// The number of free seats in each section.
    pub left: Vec<i64>,
    /// The seats that no offer sells now, free or not.
    pub closed: ClosedPairs,
    /// The earliest moment in `until`.
    next_lapse: i64,
    /// The changes beyond a gap of which the page has heard.
    beyond: Option<ChangesAhead>,
}

/// Consecutive changes that the page has heard of, with some before them missing.
#[derive(Debug)]
struct ChangesAhead {
    first: i64,
    last: i64,
    seats: Vec<SeatState>,
}

impl LiveSeats {
    /// The state in which every seat is free.
    pub fn new(hall: &Hall) -> Self {
        let mut live = Self {
            status: vec![SeatStatus::Available; hall.len()],
            version: vec![0; hall.len()],
            until: vec![i64::MAX; hall.len()],
            left: vec![],
            next_lapse: i64::MAX,
            ..Self::default()
        };
        live.count(hall);
        live
    }

    /// Whether the page knows more than this state contains: a node can show a state that is a moment old, and the stream
    /// may have been faster.
    pub fn is_ahead_of(&self, states: &SeatStates) -> bool {
        states.seq < self.seq
    }

    /// Makes the next state replace everything, whatever its number: the server's log begins anew.
    pub fn forget_number(&mut self) {
        self.seq = -1;
        self.beyond = None;
    }

    /// Takes over a message of the stream. Returns the seats whose state changed.
    pub fn hear(&mut self, hall: &Hall, change: &Change) -> Vec<usize> {
        if change.seq <= self.seq {
            return Vec::new();
        }
        if change.first <= self.seq + 1 {
            self.seq = change.seq;
        } else {
            match &mut self.beyond {
                Some(beyond) if (beyond.first..=beyond.last + 1).contains(&change.first) => {
                    beyond.last = beyond.last.max(change.seq);
                    beyond.seats.extend_from_slice(&change.seats);
                }
                beyond => {
                    let (first, last) = (change.first, change.seq);
                    *beyond = Some(ChangesAhead { first, last, seats: change.seats.clone() });
                }
            }
        }
        self.apply(hall, &change.seats)
    }

    /// The log has reached this number, which the page may not know.
    pub fn hear_of(&mut self, seq: i64) {
        if seq > self.seq && self.beyond.is_none() {
            self.beyond = Some(ChangesAhead { first: seq + 1, last: seq, seats: Vec::new() });
        }
    }

    /// Whether the page lacks changes, so that it has to read the state.
    pub fn has_gap(&self) -> bool {
        self.beyond.as_ref().is_some_and(|beyond| beyond.first > self.seq + 1)
    }

    /// Takes over what was beyond the gap, when the state has closed it.
    fn close_gap(&mut self, hall: &Hall) {
        if !self.has_gap()
            && let Some(beyond) = self.beyond.take()
        {
            self.seq = self.seq.max(beyond.last);
            self.apply(hall, &beyond.seats);
        }
    }

    /// Replaces the whole state, unless the page is ahead of it; then only newer seats count. Returns the seats whose
    /// state changed.
    pub fn replace(&mut self, hall: &Hall, states: &SeatStates, monotonic_ms: f64) -> Vec<usize> {
        if self.is_ahead_of(states) {
            return self.apply(hall, &states.seats);
        }
        let mut fresh = Self::new(hall);
        fresh.clock = self.clock;
        fresh.clock.set_forward(states.now, monotonic_ms);
        fresh.seq = states.seq;
        fresh.closed = std::mem::take(&mut self.closed);
        fresh.beyond = self.beyond.take();
        fresh.apply(hall, &states.seats);
        fresh.close_gap(hall);
        let changed =
            (0..hall.len()).filter(|seat| fresh.status[*seat] != self.status[*seat]).collect();
        *self = fresh;
        changed
    }

    /// Takes over the states of single seats. Returns the seats whose state changed.
    pub fn apply(&mut self, hall: &Hall, states: &[SeatState]) -> Vec<usize> {
        let mut changed = Vec::new();
        for SeatState(seat_id, status, version, until) in states {
            let Some(seat) = hall.index_of(*seat_id) else { continue };
            if *version < self.version[seat] {
                continue;
            }
            self.version[seat] = *version;
            self.until[seat] = match status {
                SeatStatus::Held => until.unwrap_or(i64::MAX),
                SeatStatus::Available | SeatStatus::Sold | SeatStatus::Blocked => i64::MAX,
            };
            self.next_lapse = self.next_lapse.min(self.until[seat]);
            if self.status[seat] != *status {
                self.status[seat] = *status;
                changed.push(seat);
            }
        }
        if !changed.is_empty() {
            self.count(hall);
        }
        changed
    }

    /// Frees the held seats whose time has passed. Returns the seats that are free now.
    pub fn lapse(&mut self, hall: &Hall, monotonic_ms: f64) -> Vec<usize> {
        let now = self.clock.seconds(monotonic_ms);
        if now < self.next_lapse {
            return Vec::new();
        }
        let lapsed: Vec<_> = (0..hall.len()).filter(|seat| self.until[*seat] <= now).collect();
        for seat in &lapsed {
            self.status[*seat] = SeatStatus::Available;
            self.until[*seat] = i64::MAX;
        }
        self.next_lapse = self.until.iter().copied().min().unwrap_or(i64::MAX);
        if !lapsed.is_empty() {
            self.count(hall);
        }
        lapsed
    }

    /// Whether no offer sells this seat now.
    pub fn is_closed(&self, hall: &Hall, seat: usize) -> bool {
        self.closed.has(hall.row_of(seat).section, hall.category[seat])
    }

    fn count(&mut self, hall: &Hall) {
        self.left = hall
            .sections
            .iter()
            .map(|section| {
                let free = self.status[section.seats.clone()]
                    .iter()
                    .filter(|status| **status == SeatStatus::Available)
                    .count();
                i64::try_from(free).unwrap_or(0)
            })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::{super::model::tests::small_hall, *};

    fn states(seq: i64, now: i64, seats: Vec<SeatState>) -> SeatStates {
        SeatStates { seq, plan_version: 1, now, seats }
    }

    #[test]
    fn older_messages_are_dropped_and_repeated_ones_change_nothing() {
        let hall = small_hall();
        let mut live = LiveSeats::new(&hall);
        let sold = [SeatState(3, SeatStatus::Sold, 5, None)];
        assert_eq!(live.apply(&hall, &sold), [2]);
        assert!(live.apply(&hall, &sold).is_empty());
        assert!(live.apply(&hall, &[SeatState(3, SeatStatus::Available, 4, None)]).is_empty());
        assert_eq!(live.status[2], SeatStatus::Sold);
        assert_eq!(live.left, [19, 20]);
        assert!(live.apply(&hall, &[SeatState(999, SeatStatus::Sold, 1, None)]).is_empty());
    }

    #[test]
    fn a_held_seat_turns_free_when_its_time_has_passed_on_the_servers_clock() {
        let hall = small_hall();
        let mut live = LiveSeats::new(&hall);
        // The page is 2 s old, and the server's clock says 1,000,000.
        let held = vec![
            SeatState(1, SeatStatus::Held, 1, Some(1_000_010)),
            SeatState(2, SeatStatus::Held, 1, None),
        ];
        live.replace(&hall, &states(7, 1_000_000, held), 2_000.0);
        assert_eq!(live.left[0], 18);
        assert!(live.lapse(&hall, 11_900.0).is_empty());
        assert_eq!(live.lapse(&hall, 12_000.0), [0]);
        assert_eq!(live.left[0], 19);
        // A seat in payment has no expiry of its own and stays held.
        assert!(live.lapse(&hall, 9e9).is_empty());
        assert_eq!(live.status[1], SeatStatus::Held);
    }

    #[test]
    fn an_older_state_takes_nothing_back() {
        let hall = small_hall();
        let mut live = LiveSeats::new(&hall);
        live.replace(&hall, &states(7, 0, vec![SeatState(1, SeatStatus::Held, 3, None)]), 0.0);
        live.seq = 9;
        live.apply(&hall, &[SeatState(2, SeatStatus::Sold, 5, None)]);
        let older = states(8, 0, vec![SeatState(1, SeatStatus::Held, 3, None)]);
        assert!(live.replace(&hall, &older, 0.0).is_empty());
        assert_eq!((live.seq, live.status[1]), (9, SeatStatus::Sold));
        // A state may contain seats that have no number yet.
        let older = states(8, 0, vec![SeatState(3, SeatStatus::Held, 2, None)]);
        assert_eq!(live.replace(&hall, &older, 0.0), [2]);
        assert_eq!((live.seq, live.status[1]), (9, SeatStatus::Sold));
    }

    fn change(first: i64, seq: i64, seats: Vec<SeatState>) -> Change {
        Change { first, seq, now: 0, seats, sections: vec![], event: false }
    }

    #[test]
    fn what_is_heard_beyond_a_gap_counts_when_a_state_closes_the_gap() {
        let hall = small_hall();
        let mut live = LiveSeats::new(&hall);
        live.replace(&hall, &states(7, 0, vec![]), 0.0);
        assert_eq!(
            live.hear(&hall, &change(8, 9, vec![SeatState(1, SeatStatus::Held, 2, None)])),
            [0]
        );
        assert!(!live.has_gap());
        // The changes 10 to 12 are missing; what is heard is shown nevertheless.
        assert_eq!(
            live.hear(&hall, &change(13, 14, vec![SeatState(2, SeatStatus::Sold, 3, None)])),
            [1]
        );
        live.hear(&hall, &change(15, 16, vec![SeatState(3, SeatStatus::Held, 2, None)]));
        assert!(live.has_gap());
        // An older state does not close the gap. The next state brings the seats that the older state lacks.
        live.replace(&hall, &states(11, 0, vec![]), 0.0);
        assert!(live.has_gap());
        live.replace(&hall, &states(12, 0, vec![SeatState(4, SeatStatus::Sold, 2, None)]), 0.0);
        assert!(!live.has_gap());
        assert_eq!(live.seq, 16);
        let taken: Vec<usize> =
            (0..4).filter(|seat| live.status[*seat] != SeatStatus::Available).collect();
        assert_eq!(taken, [1, 2, 3]);
        assert!(live.hear(&hall, &change(17, 17, vec![])).is_empty());
        assert_eq!(live.seq, 17);
    }

    #[test]
    fn a_page_that_is_told_how_far_the_log_is_reads_until_it_is_there() {
        let hall = small_hall();
        let mut live = LiveSeats::new(&hall);
        live.replace(&hall, &states(7, 0, vec![]), 0.0);
        live.hear_of(7);
        assert!(!live.has_gap());
        live.hear_of(9);
        assert!(live.has_gap());
        live.replace(&hall, &states(8, 0, vec![]), 0.0);
        assert!(live.has_gap());
        live.hear(&hall, &change(10, 11, vec![SeatState(1, SeatStatus::Held, 2, None)]));
        live.replace(&hall, &states(9, 0, vec![]), 0.0);
        assert_eq!((live.has_gap(), live.seq, live.status[0]), (false, 11, SeatStatus::Held));
    }

    #[test]
    fn a_state_out_of_a_cache_does_not_set_the_clock_back() {
        let hall = small_hall();
        let mut live = LiveSeats::new(&hall);
        live.replace(&hall, &states(7, 1_000, vec![]), 0.0);
        live.replace(&hall, &states(7, 1_000, vec![]), 600_000.0);
        assert_eq!(live.clock.seconds(600_000.0), 1_600);
        live.replace(&hall, &states(7, 1_700, vec![]), 600_000.0);
        assert_eq!(live.clock.seconds(600_000.0), 1_700);
    }

    #[test]
    fn after_a_reset_the_state_of_another_log_is_taken() {
        let hall = small_hall();
        let mut live = LiveSeats::new(&hall);
        live.replace(&hall, &states(500, 0, vec![SeatState(1, SeatStatus::Sold, 3, None)]), 0.0);
        live.forget_number();
        assert_eq!(live.replace(&hall, &states(20, 0, vec![]), 0.0), [0]);
        assert_eq!(live.seq, 20);
    }

    #[test]
    fn a_new_state_replaces_everything() {
        let hall = small_hall();
        let mut live = LiveSeats::new(&hall);
        live.apply(&hall, &[SeatState(1, SeatStatus::Sold, 9, None)]);
        let next = states(8, 0, vec![SeatState(40, SeatStatus::Blocked, 2, None)]);
        assert_eq!(live.replace(&hall, &next, 0.0), [0, 39]);
        assert_eq!((live.seq, live.left.clone()), (8, vec![20, 19]));
    }
}
