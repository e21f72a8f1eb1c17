//! The kinds of seats: as stored, and as shown on the wire.

use holdfast_contract::catalogue::SeatKind as Shown;
use holdfast_domain::inventory::SeatKind;

/// The kind on the wire.
pub fn shown(kind: SeatKind) -> Shown {
    match kind {
        SeatKind::Standard => Shown::Standard,
        SeatKind::Vip => Shown::Vip,
        SeatKind::Premium => Shown::Premium,
        SeatKind::Wheelchair => Shown::Wheelchair,
        SeatKind::Companion => Shown::Companion,
        SeatKind::RestrictedView => Shown::RestrictedView,
    }
}

/// The kind as stored.
pub fn stored(kind: Shown) -> SeatKind {
    match kind {
        Shown::Standard => SeatKind::Standard,
        Shown::Vip => SeatKind::Vip,
        Shown::Premium => SeatKind::Premium,
        Shown::Wheelchair => SeatKind::Wheelchair,
        Shown::Companion => SeatKind::Companion,
        Shown::RestrictedView => SeatKind::RestrictedView,
    }
}
