//! Signed links to bookings. A link names its booking, its scope and its end; its MAC also covers the booking's address, so a
//! link ends when the address is erased. Nothing of a link is stored.

use holdfast_domain::{access::Relation, booking_link::LinkScope, ids::BookingId};
use uuid::Uuid;

use super::store::Owners;
use crate::kernel::keys::{KeyRing, MacPurpose};

const PREFIX: &str = "hb1";

/// The relation to the booking that a link gives to its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkVerdict {
    Valid(Relation),
    /// The link is ours and its time is over.
    Over,
    /// We have not made the link, or it is the link of another booking.
    Unknown,
}

/// The token of a link to a booking with this address, until `until_ms` in milliseconds since 1970.
pub fn link_token(
    keys: &KeyRing,
    scope: LinkScope,
    booking: BookingId,
    address: &str,
    until_ms: i64,
) -> String {
    let text = format!("{PREFIX}.{}.{}.{until_ms}", scope.as_str(), booking.0.simple());
    // The MAC also covers the address, which the token does not contain.
    let signed = keys.signed(MacPurpose::BookingLink, &format!("{text}\n{address}"));
    let mac = signed.rsplit_once('.').map_or("", |(_, mac)| mac);
    format!("{text}.{mac}")
}

/// Judges the token of a link for this booking. The comparison takes the same time for every MAC.
pub(super) fn judge(keys: &KeyRing, token: &str, of: &Owners) -> LinkVerdict {
    read(keys, token, of).unwrap_or(LinkVerdict::Unknown)
}

fn read(keys: &KeyRing, token: &str, of: &Owners) -> Option<LinkVerdict> {
    let (text, mac) = token.rsplit_once('.')?;
    let address = of.email.as_deref()?;
    keys.verified(MacPurpose::BookingLink, &format!("{text}\n{address}.{mac}"))?;
    let mut parts = text.split('.');
    let (Some(PREFIX), Some(scope), Some(booking), Some(until), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let (scope, until_ms) = (LinkScope::parse(scope)?, until.parse::<i64>().ok()?);
    if Uuid::try_parse(booking).ok()? != of.booking.0 {
        return None;
    }
    if of.now >= until_ms {
        return Some(LinkVerdict::Over);
    }
    Some(LinkVerdict::Valid(match scope {
        LinkScope::Read => Relation::Linked,
        LinkScope::Act => Relation::Proved,
    }))
}

#[cfg(test)]
mod tests {
    use holdfast_domain::ids::{BuyerKind, OrganizationId};

    use super::*;

    const ADDRESS: &str = "ada@example.org";

    fn booking(id: u128, email: Option<&str>, now: i64) -> Owners {
        Owners {
            booking: BookingId(Uuid::from_u128(id)),
            organization: OrganizationId(Uuid::from_u128(1)),
            buyer_id: Uuid::from_u128(2),
            buyer_kind: BuyerKind::Guest,
            email: email.map(str::to_owned),
            now,
        }
    }

    #[test]
    fn a_link_opens_its_booking_until_its_end() {
        let [old, both, new] = [&["a"][..], &["b", "a"], &["b"]].map(KeyRing::of_names);
        let token = |scope| link_token(&old, scope, BookingId(Uuid::from_u128(7)), ADDRESS, 100);
        let (read, act) = (token(LinkScope::Read), token(LinkScope::Act));
        let own = booking(7, Some(ADDRESS), 99);
        assert_eq!(judge(&old, &read, &own), LinkVerdict::Valid(Relation::Linked));
        assert_eq!(judge(&both, &act, &own), LinkVerdict::Valid(Relation::Proved));
        assert_eq!(judge(&new, &read, &own), LinkVerdict::Unknown, "the key has left the ring");
        assert_eq!(judge(&old, &read, &booking(7, Some(ADDRESS), 100)), LinkVerdict::Over);
        for other in [
            booking(8, Some(ADDRESS), 99),
            booking(7, Some("eve@example.org"), 99),
            booking(7, None, 99),
        ] {
            assert_eq!(judge(&old, &read, &other), LinkVerdict::Unknown);
        }
        for wrong in [
            read.replace("read", "act"),
            read.replace(".100.", ".900."),
            read[..read.len() - 1].to_owned(),
            read.to_uppercase(),
            String::new(),
            ".".to_owned(),
        ] {
            assert_eq!(judge(&old, &wrong, &own), LinkVerdict::Unknown, "{wrong}");
        }
    }
}
