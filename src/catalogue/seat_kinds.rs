//! What seats are like, as stored.

use holdfast_contract::catalogue::SeatKind;

/// Every kind of seat with its stored word.
const KINDS: [(SeatKind, &str); 6] = [
    (SeatKind::Standard, "standard"),
    (SeatKind::Vip, "vip"),
    (SeatKind::Premium, "premium"),
    (SeatKind::Wheelchair, "wheelchair"),
    (SeatKind::Companion, "companion"),
    (SeatKind::RestrictedView, "restricted_view"),
];

/// The kind of this stored word; the CHECK allows no other word.
pub fn parse(word: &str) -> SeatKind {
    KINDS.iter().find(|(_, stored)| *stored == word).map_or(SeatKind::Standard, |(kind, _)| *kind)
}

/// The stored word of a kind.
pub fn word(kind: SeatKind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("standard", |(_, word)| word)
}
