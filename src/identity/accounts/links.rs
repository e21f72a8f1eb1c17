//! The link of a mail. Nothing of it is stored: the key ring makes the link, like the code beside it, from the link's id, so a
//! mail that is sent twice has the same link and the same code.

use holdfast_domain::{
    ids::{LinkId, UserId},
    link::LinkPurpose,
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::kernel::{
    hex::hex,
    keys::{KeyRing, MacPurpose},
};

const PREFIX: &str = "hl1";

/// The text of a link's token.
pub(super) fn token(keys: &KeyRing, purpose: LinkPurpose, id: LinkId) -> String {
    let text = format!("{PREFIX}.{}.{}", purpose.as_str(), id.0.simple());
    keys.signed(MacPurpose::AccountLink, &text)
}

/// The link of a token for this purpose. `None` if we have not made the token.
pub(super) fn read(keys: &KeyRing, purpose: LinkPurpose, token: &str) -> Option<LinkId> {
    let ours = keys.verified(MacPurpose::AccountLink, token)?;
    let (of, id) = ours.strip_prefix(PREFIX)?.strip_prefix('.')?.split_once('.')?;
    (of == purpose.as_str()).then(|| Uuid::try_parse(id).ok().map(LinkId))?
}

/// The first part of the registration cookie's value.
const REGISTERED_PREFIX: &str = "ha1";

/// The value of the cookie of the browser that has registered an account with this password. A hash has a salt of its own,
/// so it tells one registration from all others.
pub(super) fn registered(keys: &KeyRing, password_hash: &str) -> String {
    keys.signed(MacPurpose::Registration, &registration(password_hash))
}

/// Whether this is the cookie of the browser that has registered the account with this password.
pub(super) fn is_registered(keys: &KeyRing, kept: &str, password_hash: &str) -> bool {
    keys.verified(MacPurpose::Registration, kept) == Some(registration(password_hash).as_str())
}

fn registration(password_hash: &str) -> String {
    format!("{REGISTERED_PREFIX}.{}", hex(&Sha256::digest(password_hash)))
}

/// The number of ids that stand for accounts that do not exist.
const NOBODIES: u16 = 1024;

/// An id that counts tries for an address without an account, so that a try costs the same for every address.
pub(super) fn nobody(keys: &KeyRing, address: &str) -> UserId {
    let mac = keys.macs(MacPurpose::AccountCode, address.as_bytes()).next().unwrap_or_default();
    UserId(Uuid::from_u128(u128::from(u16::from_be_bytes([mac[0], mac[1]]) % NOBODIES)))
}

/// An id that counts the mails to an address that is not proved, whatever account asks for them.
pub(super) fn counted(keys: &KeyRing, address: &str) -> UserId {
    let mac = keys.macs(MacPurpose::AccountCode, address.as_bytes()).next().unwrap_or_default();
    UserId(Uuid::from_bytes(mac.first_chunk().copied().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURPOSE: LinkPurpose = LinkPurpose::PasswordReset;

    #[test]
    fn a_link_is_made_from_its_id() {
        let [old, both, new] = [&["a"][..], &["b", "a"], &["b"]].map(KeyRing::of_names);
        let id = LinkId(Uuid::from_u128(7));
        assert_eq!(read(&old, PURPOSE, &token(&old, PURPOSE, id)), Some(id));
        assert_eq!(read(&both, PURPOSE, &token(&old, PURPOSE, id)), Some(id));
        assert_eq!(read(&new, PURPOSE, &token(&old, PURPOSE, id)), None);
        assert_eq!(read(&old, PURPOSE, "hl1.password_reset.7"), None);
    }
}
