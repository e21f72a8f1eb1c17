//! The printed place of a seat: zone, row and number. People find their seat by its printed place, so the place stays
//! as it was sold.

use std::fmt;

use super::SeatClaim;
use crate::ids::SeatId;

/// Separates the parts of a place in a label.
const BETWEEN: &str = " · ";

/// The printed place of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PrintedPlace<'p> {
    /// The name of the zone, which is the name of its section.
    pub zone: &'p str,
    /// The number of the row.
    pub row: &'p str,
    /// The number of the seat within the row.
    pub number: &'p str,
}

impl PrintedPlace<'_> {
    /// Whether a part contains the separator, so that another place may have the same label.
    pub(super) fn is_ambiguous(&self) -> bool {
        [self.zone, self.row, self.number].iter().any(|part| part.contains(BETWEEN.trim()))
    }
}

impl fmt::Display for PrintedPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{BETWEEN}{}{BETWEEN}{}", self.zone, self.row, self.number)
    }
}

/// A held or sold seat to which a change would give another place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedSeat {
    /// The id of the seat within its event.
    pub id: SeatId,
    /// Whether the seat is held or sold.
    pub claim: SeatClaim,
    /// The label of its present place.
    pub from: String,
    /// The label of the place that it would get.
    pub to: String,
}
