//! Moves of an event whose places are booked: which time and place a buyer believes in, until a mail tells of the move.
//!
//! A move is a change of beginning, end, time zone or place. Moves in quick succession are told by one mail, so a buyer may
//! have missed several of them, and may have booked between two of them.

use serde::{Deserialize, Serialize};

/// When and where an event takes place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeAndPlace {
    /// The beginning, in milliseconds since 1970.
    pub starts_at: i64,
    /// The end, in milliseconds since 1970.
    pub ends_at: i64,
    /// The IANA time zone in which the times are shown.
    pub time_zone: String,
    /// The place, as the organizer wrote it.
    pub place: String,
}

/// A move of an event that not all buyers know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The version of the event that began with the move. A later move has a higher version.
    pub version: i32,
    /// When the move was made, in milliseconds since 1970.
    pub moved_at: i64,
    /// Time and place before the move.
    pub before: TimeAndPlace,
}

/// The last mail from which a buyer knows when and where the event takes place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastTold {
    /// The confirmation of a booking that was settled at this time, in milliseconds since 1970.
    Confirmation(i64),
    /// A mail about the move to this version of the event, and with it about all moves before.
    Move(i32),
    /// A mail about a move that was not sent. The buyer still believes in this time and place.
    Unsent(TimeAndPlace),
}

/// A confirmation that was settled up to this long after a move may have been written before the move was committed.
/// Its buyer is told of the move nevertheless.
const CONFIRMING_MS: i64 = 10_000;

/// The time and place in which the buyer believes, if they are not known to be the present ones. `moves` are in the order
/// of their versions.
pub fn believed<'a>(moves: &'a [Move], told: &'a LastTold) -> Option<&'a TimeAndPlace> {
    let is_missed = |it: &Move| match told {
        LastTold::Confirmation(settled_at) => it.moved_at + CONFIRMING_MS > *settled_at,
        LastTold::Move(version) => it.version > *version,
        LastTold::Unsent(_) => false,
    };
    match told {
        LastTold::Unsent(before) => Some(before),
        LastTold::Confirmation(_) | LastTold::Move(_) => {
            moves.iter().find(|it| is_missed(it)).map(|it| &it.before)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(starts_at: i64) -> TimeAndPlace {
        let (time_zone, place) = ("UTC".to_owned(), "Hall".to_owned());
        TimeAndPlace { starts_at, ends_at: starts_at + 1, time_zone, place }
    }

    #[test]
    fn a_buyer_believes_what_the_last_mail_said() {
        let minute = 60_000;
        let moves = [(5, minute), (7, 2 * minute), (9, 3 * minute)]
            .map(|(version, moved_at)| Move { version, moved_at, before: at(i64::from(version)) });
        let check = |told: LastTold, expected: Option<i64>| {
            let found = believed(&moves, &told).map(|it| it.starts_at);
            assert_eq!(found, expected, "{told:?}");
        };
        check(LastTold::Confirmation(0), Some(5));
        check(LastTold::Confirmation(minute + CONFIRMING_MS - 1), Some(5));
        check(LastTold::Confirmation(minute + CONFIRMING_MS), Some(7));
        check(LastTold::Confirmation(9 * minute), None);
        check(LastTold::Move(4), Some(5));
        check(LastTold::Move(5), Some(7));
        check(LastTold::Move(9), None);
        check(LastTold::Unsent(at(1)), Some(1));
    }
}
