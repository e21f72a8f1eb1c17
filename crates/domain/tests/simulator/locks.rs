//! The model lock service. It grants a seat's lock to one owner for a limited time, unless it lies, is down or forgets.
//! Nothing may depend on it.

use crate::{
    faults::{Chance, Fault},
    rules::{Rule, Rules},
};

/// How long a lock lasts, in milliseconds, even if its owner is still working.
const TTL_MS: i64 = 5 * 1000;

/// The result of an attempt to lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locked {
    Granted,
    Contended,
    Unavailable,
}

/// The lock of each seat: its owner and the moment at which it ends.
#[derive(Debug)]
pub(crate) struct Locks(Vec<Option<(usize, i64)>>);

impl Locks {
    pub(crate) fn new(seats: usize) -> Self {
        Self(vec![None; seats])
    }

    /// Locks all the seats or none.
    pub(crate) fn try_lock(
        &mut self,
        who: usize,
        seats: &[usize],
        now_ms: i64,
        rules: Rules,
        chance: &mut Chance,
    ) -> Locked {
        if chance.strikes(Fault::LockDown) {
            return Locked::Unavailable;
        }
        let taken = seats.iter().any(|&seat| self.0[seat].is_some_and(|(_, until)| until > now_ms));
        if taken && rules.keep(Rule::LocksExclude) && !chance.strikes(Fault::LockLies) {
            return Locked::Contended;
        }
        for &seat in seats {
            self.0[seat] = Some((who, now_ms + TTL_MS));
        }
        Locked::Granted
    }

    /// Releases the locks of these seats that this owner still has.
    pub(crate) fn release(&mut self, who: usize, seats: &[usize]) {
        for &seat in seats {
            if self.0[seat].is_some_and(|(owner, _)| owner == who) {
                self.0[seat] = None;
            }
        }
    }
}
