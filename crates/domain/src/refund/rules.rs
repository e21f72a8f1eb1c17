//! The rules of cancellation: who may cancel which lines of a booking, until when, and how much money is refunded.
//!
//! The refund of a cancelled line is the whole amount paid for the line, including its fee, minus
//! earlier refunds. A buyer may cancel a line until the event begins, if its offer is refundable or
//! nothing was paid. An organizer may cancel any line. The cancellation of an event cancels all its
//! lines. A used ticket prevents every cancellation except that of the event, because a person has
//! used the place.

use crate::ids::LineId;

/// The party that asks for the cancellation of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// The buyer of the booking.
    Buyer,
    /// The organizer of the event.
    Organizer,
    /// The server, because the event is cancelled.
    CalledOff,
}

/// Whether the buyer may cancel a line of this offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancelTerms {
    /// The buyer may cancel it.
    Refundable,
    /// The buyer may not cancel it.
    Final,
}

/// Whether the line's tickets have admitted anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Admission {
    /// The tickets have admitted nobody.
    Unused,
    /// The tickets have admitted somebody.
    Used,
}

/// Whether a line is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineStatus {
    /// The line is not cancelled. Its tickets admit.
    Live,
    /// The line is cancelled. Its tickets admit nobody.
    Cancelled,
}

/// Whether the event takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occasion {
    /// The event begins at this moment, in milliseconds since 1970.
    StartsAt(i64),
    /// The event is cancelled, whenever it would have begun.
    CalledOff,
}

/// The facts about a line of a confirmed booking that decide on its cancellation and refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The id of the line of the booking.
    pub id: LineId,
    /// The amount paid for the line, in minor units: price minus discount plus fee.
    pub paid_minor: i64,
    /// The part of the amount that was refunded or is being refunded, in minor units; never more
    /// than the amount paid.
    pub returned_minor: i64,
    /// Whether the line is cancelled.
    pub standing: LineStatus,
    /// Whether the line's offer is refundable.
    pub terms: CancelTerms,
    /// Whether the line's tickets were used.
    pub admission: Admission,
    /// When the event begins, or that it is cancelled.
    pub occasion: Occasion,
}

impl Line {
    /// The amount that can still be refunded, in minor units.
    pub fn left_minor(&self) -> i64 {
        (self.paid_minor - self.returned_minor).max(0)
    }

    /// Why this asker cannot cancel the line at `now_ms` (milliseconds since 1970). `None` if the
    /// asker can.
    pub fn obstacle(&self, asker: Asker, now_ms: i64) -> Option<CancelObstacle> {
        let called_off = self.occasion == Occasion::CalledOff;
        match (asker, self.admission) {
            (Asker::CalledOff, _) => return None,
            (Asker::Buyer | Asker::Organizer, _) if called_off => return None,
            (Asker::Buyer | Asker::Organizer, Admission::Used) => {
                return Some(CancelObstacle::Used);
            }
            (Asker::Organizer, Admission::Unused) => return None,
            (Asker::Buyer, Admission::Unused) => {}
        }
        if let Occasion::StartsAt(at) = self.occasion
            && now_ms >= at
        {
            return Some(CancelObstacle::Started);
        }
        match self.terms {
            CancelTerms::Final if self.paid_minor > 0 => Some(CancelObstacle::NotRefundable),
            CancelTerms::Final | CancelTerms::Refundable => None,
        }
    }
}

/// Why a line cannot be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancelObstacle {
    /// The line's offer is not refundable.
    NotRefundable,
    /// The event has begun, and only the organizer may still cancel.
    Started,
    /// A ticket of the line has admitted somebody.
    Used,
}

impl CancelObstacle {
    /// The word for the reason on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRefundable => "not-refundable",
            Self::Started => "event-started",
            Self::Used => "ticket-used",
        }
    }
}

/// The part of a refund that belongs to one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The id of the line that gets this part.
    pub line: LineId,
    /// The amount in minor units; may be zero.
    pub minor: i64,
}

/// Cancels all given lines or none, and returns the refund of each. Lines that are already
/// cancelled are skipped, so that a repeated request has no further effect.
///
/// # Errors
/// Each line that cannot be cancelled, with the reason.
pub fn cancel(
    asker: Asker,
    lines: &[Line],
    now_ms: i64,
) -> Result<Vec<Share>, Vec<(LineId, CancelObstacle)>> {
    let live = || lines.iter().filter(|line| line.standing == LineStatus::Live);
    let obstacles: Vec<_> = live()
        .filter_map(|line| line.obstacle(asker, now_ms).map(|obstacle| (line.id, obstacle)))
        .collect();
    if !obstacles.is_empty() {
        return Err(obstacles);
    }
    Ok(live().map(|line| Share { line: line.id, minor: line.left_minor() }).collect())
}

/// The error for an amount that is zero or less, or larger than what can still be refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{left_minor} can still be refunded")]
pub struct TooMuch {
    /// The amount that can still be refunded, in minor units.
    pub left_minor: i64,
}

/// Divides an amount that the organizer refunds without a cancellation over the lines, in
/// proportion to what can still be refunded for each. Remainders go to the lines with the largest
/// fractions, and among equal fractions to the first line.
///
/// # Errors
/// If the amount is zero or less, or larger than what can still be refunded for these lines.
pub fn share(lines: &[Line], amount_minor: i64) -> Result<Vec<Share>, TooMuch> {
    let left: i64 = lines.iter().map(Line::left_minor).sum();
    if amount_minor <= 0 || amount_minor > left {
        return Err(TooMuch { left_minor: left });
    }
    let exact = |line: &Line| i128::from(amount_minor) * i128::from(line.left_minor());
    let mut shares: Vec<Share> = Vec::with_capacity(lines.len());
    let mut fractions: Vec<(i128, usize)> = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let whole = exact(line) / i128::from(left);
        fractions.push((exact(line) % i128::from(left), at));
        shares.push(Share { line: line.id, minor: i64::try_from(whole).unwrap_or(i64::MAX) });
    }
    let missing = amount_minor - shares.iter().map(|share| share.minor).sum::<i64>();
    fractions.sort_by_key(|(fraction, at)| (std::cmp::Reverse(*fraction), *at));
    // There are fewer remainders than lines with a fraction, and each such line has room for one
    // more.
    for (_, at) in fractions.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        shares[at].minor += 1;
    }
    shares.retain(|share| share.minor > 0);
    Ok(shares)
}

#[cfg(test)]
mod tests;
