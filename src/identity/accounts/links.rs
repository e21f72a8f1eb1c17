//! The link and the code of a mail. Nothing of them is stored: the key ring makes them from the id of the link, so a mail
//! that is sent twice has the same link and the same code.

use holdfast_domain::{
    ids::{LinkId, UserId},
    link::{LinkPurpose, code_of},
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

/// The code of the link.
pub(super) fn code(keys: &KeyRing, id: LinkId) -> String {
    codes(keys, id).next().unwrap_or_default()
}

/// Whether this is the code of the link, under one of the keys. The comparison takes the same time for every code.
pub(super) fn is_code(keys: &KeyRing, id: LinkId, typed: &str) -> bool {
    let typed: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    codes(keys, id)
        .any(|code| subtle::ConstantTimeEq::ct_eq(code.as_bytes(), typed.as_bytes()).into())
}

fn codes(keys: &KeyRing, id: LinkId) -> impl Iterator<Item = String> {
    let macs: Vec<[u8; 32]> = keys.macs(MacPurpose::AccountCode, id.0.as_bytes()).collect();
    macs.into_iter().filter_map(|mac| mac.first_chunk().copied().map(code_of))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURPOSE: LinkPurpose = LinkPurpose::PasswordReset;

    #[test]
    fn a_link_and_its_code_are_made_from_its_id() {
        let [old, both, new] = [&["a"][..], &["b", "a"], &["b"]].map(KeyRing::of_names);
        let id = LinkId(Uuid::from_u128(7));
        assert_eq!(read(&old, PURPOSE, &token(&old, PURPOSE, id)), Some(id));
        assert_eq!(read(&both, PURPOSE, &token(&old, PURPOSE, id)), Some(id));
        assert_eq!(read(&new, PURPOSE, &token(&old, PURPOSE, id)), None);
        assert_eq!(read(&old, PURPOSE, "hl1.password_reset.7"), None);
        let code = code(&old, id);
        assert_eq!(code.len(), 6);
        let spaced = format!(" {} {}", &code[..3], &code[3..]);
        assert!(is_code(&old, id, &spaced) && is_code(&both, id, &code));
        assert!(!is_code(&old, LinkId(Uuid::from_u128(8)), &code));
        assert!(!is_code(&old, id, "") && !is_code(&old, id, &code[1..]));
    }
}
