//! Clients of guests who sign in.

use crate::{
    faults::Fault,
    world::{BUYERS, World},
};

/// The buyers before this number are users with accounts, the others are guests.
const USERS: usize = 3;

impl World {
    /// The client of a guest signs in as a user, and repeats what it has sent as that user.
    pub(crate) fn a_guest_signs_in(&mut self) {
        let (now, rules) = (self.now_ms, self.rules);
        let guest = USERS + self.chance.rng.below(BUYERS - USERS);
        let user = self.chance.rng.below(USERS);
        if self.chance.strikes(Fault::Abort) {
            return;
        }
        let adopted = self.store.adopt(guest, user, now, rules);
        self.say(|| format!("guest {guest} signs in as {user}: {adopted:?}"));
        if adopted.pending > 0 {
            self.coverage.scene("a guest signs in while paying");
        }
        if adopted.kept > 0 {
            self.coverage.scene("what exceeds the limit stays the guest's");
        }
        for number in 0..self.attempts.len() {
            let has_moved = match self.store.key_of(number) {
                Some(key) => self.store.bookings[key.booking].buyer == user,
                None => {
                    let mut rows = self.attempts[number].reservations.iter();
                    rows.all(|&id| self.store.reservations[id].buyer == user)
                }
            };
            if self.attempts[number].buyer == guest && has_moved {
                self.attempts[number].buyer = user;
            }
        }
    }
}
