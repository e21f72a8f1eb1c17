//! Values that are stored encrypted.

use std::marker::PhantomData;

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use super::{KeyRing, NamedKey};
use crate::kernel::{db::Bug, ports::Entropy};

/// The form of the text: this word, the name of the key, and nonce with ciphertext in Base64.
const FORM: &str = "s1";
const NONCE_BYTES: usize = 12;

/// A column whose values are sealed. Its table has the primary key `id`, a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    pub table: &'static str,
    pub column: &'static str,
}

impl SealedColumn {
    /// The additional authenticated data of a value: a value that was copied to another row or column does not open.
    fn place(self, row: uuid::Uuid) -> String {
        format!("{}.{}:{row}", self.table, self.column)
    }
}

/// The encrypted form of a `T`, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed<T>(String, PhantomData<T>);

/// Why a sealed value does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    #[error("KEY_RING does not name the key {0}")]
    UnknownKey(String),
    #[error("the value is damaged, or belongs to another row")]
    Damaged,
}

impl<T> Sealed<T> {
    /// A value as it is stored.
    pub fn stored(text: String) -> Self {
        Self(text, PhantomData)
    }

    pub fn into_stored(self) -> String {
        self.0
    }
}

impl<T: Serialize + DeserializeOwned> Sealed<T> {
    /// Seals the value of a row under the present key.
    ///
    /// # Errors
    /// When the value has no JSON, which is a bug.
    pub fn seal(
        ring: &KeyRing,
        entropy: &dyn Entropy,
        (column, row): (SealedColumn, uuid::Uuid),
        value: &T,
    ) -> Result<Self, Bug> {
        let plain = serde_json::to_vec(value).map_err(|error| Bug::new(error.to_string()))?;
        Ok(Self::stored(sealed(ring, entropy, &column.place(row), &plain)?))
    }

    /// Opens the value of a row.
    ///
    /// # Errors
    /// When the ring does not name the key, or the value was changed or copied from another row.
    pub fn open(
        &self,
        ring: &KeyRing,
        (column, row): (SealedColumn, uuid::Uuid),
    ) -> Result<T, UnsealError> {
        let plain = opened(ring, &column.place(row), &self.0)?;
        serde_json::from_slice(&plain).map_err(|_| UnsealError::Damaged)
    }
}

/// Seals the value anew under the present key. `None` if it is sealed under that key already.
pub(super) fn renewed(
    ring: &KeyRing,
    entropy: &dyn Entropy,
    (column, row): (SealedColumn, uuid::Uuid),
    text: &str,
) -> Result<Option<String>, UnsealError> {
    if text.starts_with(&beginning(ring)) {
        return Ok(None);
    }
    let place = column.place(row);
    let plain = opened(ring, &place, text)?;
    sealed(ring, entropy, &place, &plain).map(Some).map_err(|_| UnsealError::Damaged)
}

/// The beginning of every value that is sealed under the present key.
pub(super) fn beginning(ring: &KeyRing) -> String {
    format!("{FORM}.{}.", ring.present().name)
}

fn cipher(key: &NamedKey) -> Aes256Gcm {
    Aes256Gcm::new(&key.for_use("seal").into())
}

fn sealed(ring: &KeyRing, entropy: &dyn Entropy, place: &str, plain: &[u8]) -> Result<String, Bug> {
    let mut nonce = [0; NONCE_BYTES];
    entropy.fill(&mut nonce);
    let payload = Payload { msg: plain, aad: place.as_bytes() };
    let secret = cipher(ring.present()).encrypt(&nonce.into(), payload);
    let secret = secret.map_err(|_| Bug::new("a value is too long to be sealed"))?;
    let coded = BASE64_URL_SAFE_NO_PAD.encode([nonce.as_slice(), &secret].concat());
    Ok(beginning(ring) + &coded)
}

fn opened(ring: &KeyRing, place: &str, text: &str) -> Result<Vec<u8>, UnsealError> {
    let mut parts = text.splitn(3, '.');
    let (Some(FORM), Some(name), Some(coded)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(UnsealError::Damaged);
    };
    let key = ring.named(name).ok_or_else(|| UnsealError::UnknownKey(name.to_owned()))?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(coded).map_err(|_| UnsealError::Damaged)?;
    let (nonce, secret) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(UnsealError::Damaged)?;
    let payload = Payload { msg: secret, aad: place.as_bytes() };
    cipher(key).decrypt(&(*nonce).into(), payload).map_err(|_| UnsealError::Damaged)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::adapters::system::SystemEntropy;

    const COLUMN: SealedColumn = SealedColumn { table: "sessions", column: "device" };

    fn seal(ring: &KeyRing, row: u128, value: &str) -> Sealed<String> {
        let place = (COLUMN, Uuid::from_u128(row));
        Sealed::seal(ring, &SystemEntropy, place, &value.to_owned()).expect("a short text")
    }

    #[test]
    fn a_value_opens_in_its_place_and_nowhere_else() {
        let ring = KeyRing::of_names(&["a"]);
        let value = seal(&ring, 1, "Firefox");
        let open = |column, row| value.open(&ring, (column, Uuid::from_u128(row)));
        assert_eq!(open(COLUMN, 1).as_deref(), Ok("Firefox"));
        assert_eq!(open(COLUMN, 2), Err(UnsealError::Damaged));
        assert_eq!(open(SealedColumn { column: "other", ..COLUMN }, 1), Err(UnsealError::Damaged));
        assert!(!value.clone().into_stored().contains("Firefox"));
        assert_ne!(value, seal(&ring, 1, "Firefox"), "each nonce is used once");
    }

    #[test]
    fn a_changed_value_does_not_open() {
        let ring = KeyRing::of_names(&["a"]);
        let place = (COLUMN, Uuid::from_u128(1));
        let text = seal(&ring, 1, "Firefox").into_stored();
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(changed).expect("letters");
            // The last letter has bits that mean nothing; the decoder refuses them unless they are zero.
            assert!(Sealed::<String>::stored(changed).open(&ring, place).is_err(), "{at}");
        }
        for wrong in ["", "s1", "s1.a", "s1.a.", "s2.a.AAAA"] {
            let opened = Sealed::<String>::stored(wrong.to_owned()).open(&ring, place);
            assert_eq!(opened, Err(UnsealError::Damaged), "{wrong}");
        }
    }

    #[test]
    fn a_value_is_renewed_under_the_present_key() {
        let (old, both, new) =
            (KeyRing::of_names(&["a"]), KeyRing::of_names(&["b", "a"]), KeyRing::of_names(&["b"]));
        let place = (COLUMN, Uuid::from_u128(1));
        let text = seal(&old, 1, "Firefox").into_stored();
        let renew = |ring: &KeyRing, text: &str| renewed(ring, &SystemEntropy, place, text);
        assert_eq!(renew(&old, &text), Ok(None));
        assert_eq!(renew(&new, &text), Err(UnsealError::UnknownKey("a".to_owned())));
        let text = renew(&both, &text).expect("it opens").expect("it changes");
        assert_eq!(Sealed::<String>::stored(text).open(&new, place).as_deref(), Ok("Firefox"));
    }
}
