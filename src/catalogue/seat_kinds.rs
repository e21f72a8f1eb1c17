//! Translates kinds of seats between the domain and the wire.

use holdfast_contract::catalogue::SeatKind as Shown;
use holdfast_domain::inventory::SeatKind;

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
