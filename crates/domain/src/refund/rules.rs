//! Who may cancel what until when, and how much comes back.
//!
//! A line that is cancelled gives back all that was paid for it and not given back yet, its fee included. A
//! buyer may cancel until the event begins, where the offer says that it can be given back or nothing was
//! paid; an organizer may cancel any line; a called-off event gives back every line. A used ticket stands
//! in the way of all but the last: somebody sits there.

use crate::ids::LineId;

/// Who wants a line to be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// Who bought it.
    Buyer,
    /// Whose event it is.
    Organizer,
    /// Nobody: the event is called off.
    CalledOff,
}

/// Whether an offer can be given back by its buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Terms {
    /// It can.
    Refundable,
    /// It cannot.
    Final,
}

/// Whether anybody was admitted by a line's tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Admission {
    /// Nobody.
    Unused,
    /// Somebody.
    Used,
}

/// Whether a line still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Its tickets admit.
    Live,
    /// It is cancelled.
    Cancelled,
}

/// Whether the event takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occasion {
    /// It begins then, in milliseconds since 1970.
    StartsAt(i64),
    /// It is called off.
    CalledOff,
}

/// A line of a confirmed booking, as far as giving it back goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The line.
    pub id: LineId,
    /// What was paid for it, in minor units: price less discount plus fee.
    pub paid_minor: i64,
    /// What of it was given back or is on its way, in minor units; never more than was paid.
    pub returned_minor: i64,
    /// Whether it still stands.
    pub standing: Standing,
    /// What its offer says.
    pub terms: Terms,
    /// Whether it was used.
    pub admission: Admission,
    /// Its event.
    pub occasion: Occasion,
}

impl Line {
    /// What can still come back, in minor units.
    pub fn left_minor(&self) -> i64 {
        (self.paid_minor - self.returned_minor).max(0)
    }

    /// What stands in the way of its cancellation.
    pub fn obstacle(&self, asker: Asker, now_ms: i64) -> Option<Obstacle> {
        let called_off = self.occasion == Occasion::CalledOff;
        match (asker, self.admission) {
            (Asker::CalledOff, _) => return None,
            (Asker::Buyer | Asker::Organizer, _) if called_off => return None,
            (Asker::Buyer | Asker::Organizer, Admission::Used) => return Some(Obstacle::Used),
            (Asker::Organizer, Admission::Unused) => return None,
            (Asker::Buyer, Admission::Unused) => {}
        }
        if let Occasion::StartsAt(at) = self.occasion
            && now_ms >= at
        {
            return Some(Obstacle::Started);
        }
        match self.terms {
            Terms::Final if self.paid_minor > 0 => Some(Obstacle::NotRefundable),
            Terms::Final | Terms::Refundable => None,
        }
    }
}

/// Why a line is not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// Its offer cannot be given back.
    NotRefundable,
    /// Its event has begun.
    Started,
    /// Somebody was admitted with it.
    Used,
}

impl Obstacle {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRefundable => "not-refundable",
            Self::Started => "event-started",
            Self::Used => "ticket-used",
        }
    }
}

/// How much of a refund is for which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The line.
    pub line: LineId,
    /// How much, in minor units; may be zero.
    pub minor: i64,
}

/// Cancels those of the lines that still stand, all or none, and says what comes back for each; cancelled ones
/// are passed over, so that asking twice does nothing twice.
///
/// # Errors
/// Each line that cannot be cancelled, with what stands in its way.
pub fn cancel(
    asker: Asker,
    lines: &[Line],
    now_ms: i64,
) -> Result<Vec<Share>, Vec<(LineId, Obstacle)>> {
    let live = || lines.iter().filter(|line| line.standing == Standing::Live);
    let obstacles: Vec<_> = live()
        .filter_map(|line| line.obstacle(asker, now_ms).map(|obstacle| (line.id, obstacle)))
        .collect();
    if !obstacles.is_empty() {
        return Err(obstacles);
    }
    Ok(live().map(|line| Share { line: line.id, minor: line.left_minor() }).collect())
}

/// More was asked for than can still come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{left_minor} can still be given back")]
pub struct TooMuch {
    /// What can still come back, in minor units.
    pub left_minor: i64,
}

/// Divides an amount that the organizer gives back without cancelling anything over the lines, by what can still
/// come back for each; remainders go to the largest fractions, the first line first.
///
/// # Errors
/// When it is zero or less, or more than what can still come back for these lines.
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
    // Fewer than there are lines with a fraction, and such a line has room for one more.
    for (_, at) in fractions.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        shares[at].minor += 1;
    }
    shares.retain(|share| share.minor > 0);
    Ok(shares)
}

#[cfg(test)]
mod tests;
