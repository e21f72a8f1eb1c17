//! The installation's keys. They encrypt sensitive columns (AES-256-GCM, NIST SP 800-38D) and authenticate tokens
//! (HMAC-SHA-256, RFC 2104).
//!
//! Each key has a name, and each encrypted value names its key, so a key can be replaced while the old one still opens
//! what it has sealed. The keys of the settings are never used directly: each use has a key that is derived for it, so a
//! token can never pass for a token of another use.

pub mod rotation;
mod sealed;
pub mod settings;
mod store;

use std::sync::Arc;

use holdfast_domain::{ids::LinkId, link::code_of};
use subtle::ConstantTimeEq as _;

pub use self::sealed::{Sealed, SealedColumn, UnsealError};
use crate::kernel::{
    hex::{hex, unhex},
    mac::mac,
    settings::{Setting, Value, Wrong, parts},
};

const KEY_BYTES: usize = 32;
const MAX_NAME: usize = 20;
/// The maximum number of keys: the present one, and those that are being replaced.
const MAX_KEYS: usize = 8;

/// What a MAC is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacPurpose {
    /// The refresh tokens of sessions.
    RefreshToken,
    /// The links in mails that prove an address.
    AccountLink,
    /// The codes in the same mails.
    AccountCode,
    /// The cookies that tell which browser has registered an account.
    Registration,
    /// The cookies of browsers in which a user has signed in.
    KnownDevice,
    /// The links in mails that invite to an organization.
    Invitation,
    /// The links to bookings.
    BookingLink,
    /// The codes that let the holder of such a link change the booking.
    BookingCode,
}

impl MacPurpose {
    const fn label(self) -> &'static str {
        match self {
            Self::RefreshToken => "mac:refresh-token",
            Self::AccountLink => "mac:account-link",
            Self::AccountCode => "mac:account-code",
            Self::Registration => "mac:registration",
            Self::KnownDevice => "mac:known-device",
            Self::Invitation => "mac:invitation",
            Self::BookingLink => "mac:booking-link",
            Self::BookingCode => "mac:booking-code",
        }
    }
}

/// The keys, the present one first; cheap to clone.
#[derive(Clone)]
pub struct KeyRing(Arc<Vec<NamedKey>>);

struct NamedKey {
    name: String,
    bytes: [u8; KEY_BYTES],
}

impl NamedKey {
    /// The key for one use.
    fn for_use(&self, label: &str) -> [u8; KEY_BYTES] {
        mac(&self.bytes, label.as_bytes())
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyRing of {}", self.0.len())
    }
}

impl KeyRing {
    fn present(&self) -> &NamedKey {
        &self.0[0]
    }

    /// The keys as hexadecimal digits, for the place that judges whether they can be guessed.
    pub fn expose(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|key| hex(&key.bytes))
    }

    fn named(&self, name: &str) -> Option<&NamedKey> {
        self.0.iter().find(|key| key.name == name)
    }

    /// The MACs of the message, the one under the present key first.
    pub fn macs(
        &self,
        purpose: MacPurpose,
        message: &[u8],
    ) -> impl Iterator<Item = [u8; KEY_BYTES]> {
        self.0.iter().map(move |key| mac(&key.for_use(purpose.label()), message))
    }

    /// The text with a MAC at its end, under the present key.
    pub fn signed(&self, purpose: MacPurpose, text: &str) -> String {
        let mac = mac(&self.present().for_use(purpose.label()), text.as_bytes());
        format!("{text}.{}", hex(&mac))
    }

    /// The text without its MAC. `None` if none of the keys has made the MAC. The comparison takes the same time for
    /// every MAC.
    pub fn verified<'t>(&self, purpose: MacPurpose, signed: &'t str) -> Option<&'t str> {
        let (text, mac) = signed.rsplit_once('.')?;
        let is_ours = |made: [u8; KEY_BYTES]| hex(&made).as_bytes().ct_eq(mac.as_bytes()).into();
        self.macs(purpose, text.as_bytes()).any(is_ours).then_some(text)
    }

    /// The code with six digits for this id, under the present key.
    pub fn code(&self, purpose: MacPurpose, id: LinkId) -> String {
        self.codes(purpose, id).next().unwrap_or_default()
    }

    /// Whether `typed` is the code for this id, under one of the keys. Spaces do not count. The comparison takes the same time
    /// for every code.
    pub fn is_code(&self, purpose: MacPurpose, id: LinkId, typed: &str) -> bool {
        let typed: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
        self.codes(purpose, id).any(|code| code.as_bytes().ct_eq(typed.as_bytes()).into())
    }

    fn codes(&self, purpose: MacPurpose, id: LinkId) -> impl Iterator<Item = String> {
        let macs: Vec<_> = self.macs(purpose, id.0.as_bytes()).collect();
        macs.into_iter().filter_map(|mac| mac.first_chunk().copied().map(code_of))
    }
}

impl Value for KeyRing {
    const FORM: &'static str = "a comma-separated list of keys, the present one first, each as a name, a colon and 64 hexadecimal digits";
    const IS_SECRET: bool = true;

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        let keys: Option<Vec<NamedKey>> = parts(text).map(named_key).collect();
        let keys = keys.filter(|keys| (1..=MAX_KEYS).contains(&keys.len())).ok_or(Wrong::Form)?;
        for (place, key) in keys.iter().enumerate() {
            if keys[..place].iter().any(|other| other.name == key.name) {
                return Err(Wrong::Because(format!("names the key {} twice", key.name)));
            }
        }
        Ok(Self(Arc::new(keys)))
    }
}

fn named_key(text: &str) -> Option<NamedKey> {
    let (name, digits) = text.split_once(':')?;
    let is_name = (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let bytes = unhex(digits).filter(|_| is_name)?;
    Some(NamedKey { name: name.to_owned(), bytes })
}

#[cfg(test)]
impl KeyRing {
    /// A ring of keys with these names. A name stands for the same key in every ring.
    pub fn of_names(names: &[&str]) -> Self {
        let key = |name: &&str| NamedKey {
            name: (*name).to_owned(),
            bytes: mac(b"a key of the tests", name.as_bytes()),
        };
        Self(Arc::new(names.iter().map(key).collect()))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::kernel::settings::in_development;

    const SETTING: Setting = in_development("KEY_RING", "");

    #[test]
    fn a_signed_text_is_known_while_its_key_is_in_the_ring() {
        let [old, both, new] = [&["a"][..], &["b", "a"], &["b"]].map(KeyRing::of_names);
        let purpose = MacPurpose::RefreshToken;
        let signed = old.signed(purpose, "a.text");
        assert_eq!(old.verified(purpose, &signed), Some("a.text"));
        assert_eq!(both.verified(purpose, &signed), Some("a.text"));
        assert_eq!(new.verified(purpose, &signed), None);
        assert_ne!(both.signed(purpose, "a.text"), signed, "the present key signs");
        assert_eq!(old.verified(MacPurpose::AccountLink, &signed), None, "another use");
        let wrong = [
            signed.replace("a.text", "b.text"),
            signed.to_uppercase(),
            signed[..signed.len() - 1].to_owned(),
            format!("{signed}0"),
            "a.text".to_owned(),
            "a.text.".to_owned(),
            String::new(),
        ];
        for wrong in wrong {
            assert_eq!(old.verified(purpose, &wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_is_made_from_its_id() {
        let [old, both, new] = [&["a"][..], &["b", "a"], &["b"]].map(KeyRing::of_names);
        let (purpose, id) = (MacPurpose::BookingCode, LinkId(Uuid::from_u128(7)));
        let code = old.code(purpose, id);
        assert_eq!(code.len(), 6);
        let spaced = format!(" {} {}", &code[..3], &code[3..]);
        assert!(old.is_code(purpose, id, &spaced) && both.is_code(purpose, id, &code));
        assert!(!new.is_code(purpose, id, &code), "the key has left the ring");
        assert!(!old.is_code(MacPurpose::AccountCode, id, &code), "another use");
        assert!(!old.is_code(purpose, LinkId(Uuid::from_u128(8)), &code));
        assert!(!old.is_code(purpose, id, "") && !old.is_code(purpose, id, &code[1..]));
    }

    #[test]
    fn only_named_keys_of_chance_are_a_ring() {
        let digits = "0f".repeat(31) + "1e";
        let read = |text: &str| KeyRing::read(text, &SETTING);
        assert!(read(&format!("2026-11:{digits}")).is_ok());
        for wrong in [
            String::new(),
            digits.clone(),
            format!(":{digits}"),
            format!("a b:{digits}"),
            format!("a:{}", &digits[2..]),
            format!("a:{}+1", &digits[2..]),
            format!("a:{digits}, a:{digits}"),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
        let shown = format!("{:?}", read(&format!("a:{digits}")));
        assert_eq!(shown, "Ok(KeyRing of 1)");
    }
}
