//! Browsers in which a user has signed in before. Wrong passwords that come from such a browser are counted apart, so whoever
//! guesses passwords elsewhere does not keep the owner out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
//!
//! The browser keeps a cookie, and nothing is stored here. The cookie is bound to one account and to its password: a new
//! password makes all browsers strange ones.

use holdfast_domain::ids::UserId;
use holdfast_entity::users;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::kernel::{
    hex::hex,
    keys::{KeyRing, MacPurpose},
};

/// The first part of each entry of the cookie.
const PREFIX: &str = "hd1";
/// The number of accounts that a browser remembers, because a family may share the browser.
const MAX_ACCOUNTS: usize = 4;
/// Stands between two entries. No entry contains this character.
const BETWEEN: char = '~';
/// How much of the digest stands in an entry, in bytes. The MAC protects the entry; the digest only tells accounts apart.
const DIGEST_BYTES: usize = 16;
/// How long the browser keeps the cookie after a sign-in: about a year, which is as long as browsers keep any cookie.
pub(super) const KEPT_MS: i64 = 365 * 24 * 60 * 60 * 1000;

/// An account and its present password.
#[derive(derive_more::Debug, Clone, Copy)]
pub(super) struct Secured<'a> {
    user: UserId,
    #[debug("hidden")]
    password_hash: Option<&'a str>,
}

impl<'a> Secured<'a> {
    pub(super) fn of(user: &'a users::Model) -> Self {
        Self { user: user.id, password_hash: user.password_hash.as_deref() }
    }

    pub(super) fn with(user: UserId, password_hash: &'a str) -> Self {
        Self { user, password_hash: Some(password_hash) }
    }

    /// Tells this account with this password from every other one. The hash of a password has a salt of its own.
    fn digest(self) -> String {
        let hash = self.password_hash.unwrap_or_default();
        let digest = Sha256::digest(format!("{}:{hash}", self.user));
        hex(&digest[..DIGEST_BYTES])
    }

    /// The device, if this entry is of this account.
    fn device_of(self, keys: &KeyRing, entry: &str) -> Option<Uuid> {
        let ours = keys.verified(MacPurpose::KnownDevice, entry)?;
        let (device, digest) = ours.strip_prefix(PREFIX)?.strip_prefix('.')?.split_once('.')?;
        (digest == self.digest()).then(|| Uuid::try_parse(device).ok())?
    }
}

/// The id of the device that has sent this cookie, if the user has signed in there with the present password.
pub(super) fn known(keys: &KeyRing, cookie: &str, account: Secured<'_>) -> Option<Uuid> {
    entries(cookie).find_map(|entry| account.device_of(keys, entry))
}

/// The cookie of a browser in which the user signs in. What the browser knew about other accounts stays. `new` is the id of
/// the device if the browser is a strange one.
pub(super) fn remembering(
    keys: &KeyRing,
    cookie: Option<&str>,
    account: Secured<'_>,
    new: Uuid,
) -> String {
    let cookie = cookie.unwrap_or_default();
    let device = known(keys, cookie, account).unwrap_or(new);
    let text = format!("{PREFIX}.{}.{}", device.simple(), account.digest());
    let mut kept = vec![keys.signed(MacPurpose::KnownDevice, &text)];
    let is_other = |entry: &&str| {
        keys.verified(MacPurpose::KnownDevice, entry).is_some()
            && account.device_of(keys, entry).is_none()
    };
    kept.extend(entries(cookie).filter(is_other).map(str::to_owned).take(MAX_ACCOUNTS - 1));
    kept.join(&BETWEEN.to_string())
}

/// The entries of a cookie. A browser can send anything, so only so many are read as we write.
fn entries(cookie: &str) -> impl Iterator<Item = &str> {
    cookie.split(BETWEEN).take(MAX_ACCOUNTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: Uuid = Uuid::from_u128(7);
    const OTHER: Uuid = Uuid::from_u128(8);

    fn account(user: u128, password_hash: &str) -> Secured<'_> {
        Secured::with(UserId(Uuid::from_u128(user)), password_hash)
    }

    #[test]
    fn a_browser_is_known_for_an_account_and_its_password() {
        let [old, both, new] = [&["a"][..], &["b", "a"], &["b"]].map(KeyRing::of_names);
        let ada = account(1, "salt");
        let cookie = remembering(&old, None, ada, DEVICE);
        assert_eq!(known(&both, &cookie, ada), Some(DEVICE));
        let renewed = remembering(&both, Some(&cookie), ada, OTHER);
        assert_eq!(known(&new, &renewed, ada), Some(DEVICE), "the device stays the same");
        for stranger in [account(2, "salt"), account(1, "other salt")] {
            assert_eq!(known(&both, &cookie, stranger), None, "{stranger:?}");
        }
        assert_eq!(known(&new, &cookie, ada), None, "the key is gone");
        for forged in ["", "~~", "hd1", &cookie.replace("hd1", "hd2"), &cookie[1..]] {
            assert_eq!(known(&both, forged, ada), None, "{forged}");
        }
    }

    #[test]
    fn a_browser_knows_the_last_accounts() {
        let keys = KeyRing::of_names(&["a"]);
        let sign_in = |cookie: Option<&str>, user| {
            remembering(&keys, cookie, account(user, "salt"), Uuid::from_u128(user))
        };
        let full = (2..=6).fold(sign_in(None, 1), |cookie, user| sign_in(Some(&cookie), user));
        let is_known = |user| known(&keys, &full, account(user, "salt")).is_some();
        assert_eq!((1..=6).filter(|user| is_known(*user)).collect::<Vec<_>>(), [3, 4, 5, 6]);
        assert_eq!(entries(&sign_in(Some(&full), 4)).count(), MAX_ACCOUNTS, "none stands twice");
        assert_eq!(entries(&sign_in(Some("rubbish~more"), 1)).count(), 1, "what is not ours goes");
    }
}
