//! The two tokens that callers send: a user's access token (JWT, RFC 7519, HS256), and a guest's token, which is the
//! guest's id with a MAC over it. Therefore the server stores no secret of a guest, and a replayed response can
//! repeat the token.

use std::sync::Arc;

use holdfast_domain::{
    access::Role,
    ids::{GuestId, SessionId, UserId},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{secret::SigningSecret, settings::TokenSettings};
use crate::kernel::{actor::User, hex::hex, mac::mac, ports::Clock};

/// How long an access token is valid. The session renews it.
pub const ACCESS_TOKEN_SECS: i64 = 10 * 60;
/// The longest validity of a token that is accepted: that of the versions before sessions.
const LONGEST_SECS: i64 = 60 * 60;
/// The `typ` of an access token's header (RFC 7519, 5.1).
const TYPE: &str = "JWT";
/// Enough to tell the keys of one installation apart.
const KEY_ID_BYTES: usize = 8;
/// How far the clock of another node may be ahead, in seconds.
const LEEWAY_SECS: i64 = 60;

const GUEST_PREFIX: &str = "hg1";
const ISSUER: &str = "holdfast";

/// Issues and verifies access tokens and guest tokens; cheap to share.
pub struct Tokens {
    key: AccessKey,
    previous: Option<AccessKey>,
    guest_key: [u8; 32],
    previous_guest_key: Option<[u8; 32]>,
    clock: Arc<dyn Clock>,
}

/// The key of access tokens.
struct AccessKey {
    /// Names the key in a token's header (RFC 7515, 4.1.4) and says nothing about it.
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl AccessKey {
    fn of(secret: &SigningSecret) -> Self {
        let secret = secret.expose().as_bytes();
        Self {
            id: hex(&mac(secret, b"key-id")[..KEY_ID_BYTES]),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: Uuid,
    /// The session that renews the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    role: Role,
    iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    exp: i64,
}

/// What an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessClaims {
    pub user: UserId,
    /// The session that renews the token. `None` for a token of a version without sessions.
    pub session: Option<SessionId>,
}

impl Tokens {
    /// Guests have a secret of their own, or else a key that is derived from the secret of access tokens, so that a
    /// MAC can never pass for the signature of an access token. A derived key changes with its secret; then guests of
    /// the previous secret are known for as long as the settings name it.
    pub fn new(settings: &TokenSettings, clock: Arc<dyn Clock>) -> Self {
        let guest_key = |secret: &SigningSecret| mac(secret.expose().as_bytes(), b"guest-token");
        let guests = settings.guest_secret.as_ref();
        let previous = settings.previous_secret.as_ref();
        Self {
            key: AccessKey::of(&settings.secret),
            previous: previous.map(AccessKey::of),
            guest_key: guest_key(guests.unwrap_or(&settings.secret)),
            previous_guest_key: previous.filter(|_| guests.is_none()).map(guest_key),
            clock,
        }
    }

    /// An access token for a user in a session, valid for [`ACCESS_TOKEN_SECS`].
    pub fn access(&self, user: User, session: SessionId) -> String {
        let iat = self.clock.now_ms() / 1000;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: user.id.0,
            sid: Some(session.0),
            role: user.role,
            iat,
            nbf: None,
            exp: iat + ACCESS_TOKEN_SECS,
        };
        let header = Header { kid: Some(self.key.id.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &self.key.encoding).expect("claims serialize")
    }

    /// The user and session of an access token. `None` when the token is invalid: it has expired, it is not valid yet, it is
    /// valid for longer than any token of this program, or it is another kind of token under the same key. The role
    /// in the token is the role at the last renewal. A caller that decides by the role asks [`super::auth::Users`].
    pub fn read_access(&self, token: &str) -> Option<AccessClaims> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        // The expiry is checked below, with our own clock.
        validation.validate_exp = false;
        let key = self.key_of(token)?;
        let token = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation).ok()?;
        let (claims, now) = (token.claims, self.clock.now_ms() / 1000);
        let is_access = token.header.typ.as_deref() == Some(TYPE);
        let is_begun = claims.iat.max(claims.nbf.unwrap_or(i64::MIN)) <= now + LEEWAY_SECS;
        let is_short = claims.exp.checked_sub(claims.iat).is_some_and(|secs| secs <= LONGEST_SECS);
        let said = AccessClaims { user: UserId(claims.sub), session: claims.sid.map(SessionId) };
        (is_access && is_begun && is_short && claims.exp > now).then_some(said)
    }

    /// The key that a token names. A token of a version that named no keys is under the present key.
    fn key_of(&self, token: &str) -> Option<&AccessKey> {
        let Some(id) = jsonwebtoken::decode_header(token).ok()?.kid else { return Some(&self.key) };
        [Some(&self.key), self.previous.as_ref()].into_iter().flatten().find(|key| key.id == id)
    }

    pub fn guest(&self, guest: GuestId) -> String {
        let tag = mac(&self.guest_key, guest.0.as_bytes());
        format!("{GUEST_PREFIX}.{}.{}", guest.0.simple(), hex(&tag))
    }

    /// The guest that an anonymous caller becomes under this Idempotency-Key: the same guest at every retry.
    pub fn guest_of_key(&self, key: &str) -> GuestId {
        let tag = mac(&self.guest_key, format!("idempotency-key:{key}").as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&tag[..16]);
        // A UUID of version 8 (RFC 9562) is never equal to an id that this program draws.
        GuestId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The guest of a guest token; `None` when the token is invalid. The MAC is compared in constant time.
    pub fn read_guest(&self, token: &str) -> Option<GuestId> {
        let mut parts = token.split('.');
        let (prefix, id, tag) = (parts.next()?, parts.next()?, parts.next()?);
        if prefix != GUEST_PREFIX || parts.next().is_some() {
            return None;
        }
        let guest = Uuid::try_parse(id).ok()?;
        let mut keys =
            [Some(&self.guest_key), self.previous_guest_key.as_ref()].into_iter().flatten();
        let is_ours = keys.any(|key| {
            let expected = hex(&mac(key, guest.as_bytes()));
            subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), tag.as_bytes()).into()
        });
        is_ours.then_some(GuestId(guest))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::kernel::ports::clock::SetClock;

    const SESSION: SessionId = SessionId(Uuid::from_u128(5));

    fn tokens(clock: Arc<SetClock>, secret: u8) -> Tokens {
        under(clock, secret, None, None)
    }

    fn under(clock: Arc<SetClock>, secret: u8, previous: Option<u8>, guests: Option<u8>) -> Tokens {
        let read = |secret: u8| SigningSecret::new(&format!("{secret:032}")).expect("long enough");
        let settings = TokenSettings {
            secret: read(secret),
            previous_secret: previous.map(read),
            guest_secret: guests.map(read),
        };
        Tokens::new(&settings, clock)
    }

    #[test]
    fn a_token_under_the_previous_key_is_good_until_it_expires() {
        let clock = Arc::new(SetClock::default());
        let user = User { id: UserId(Uuid::from_u128(7)), role: Role::Organizer };
        let token = tokens(clock.clone(), 1).access(user, SESSION);
        let rotated = under(clock.clone(), 2, Some(1), None);
        assert_eq!(rotated.read_access(&token).map(|said| said.user), Some(user.id));
        assert_eq!(
            tokens(clock.clone(), 1).read_access(&rotated.access(user, SESSION)),
            None,
            "the new key"
        );
        assert_eq!(under(clock.clone(), 3, Some(2), None).read_access(&token), None, "two later");
        clock.0.store(ACCESS_TOKEN_SECS * 1000, Ordering::Relaxed);
        assert_eq!(rotated.read_access(&token), None);
    }

    #[test]
    fn a_token_that_names_no_key_is_under_the_present_key() {
        let ours = tokens(Arc::new(SetClock::default()), 1);
        let user = User { id: UserId(Uuid::from_u128(7)), role: Role::Customer };
        let claims = jsonwebtoken::dangerous::insecure_decode::<Claims>(ours.access(user, SESSION))
            .expect("a token")
            .claims;
        let old = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &ours.key.encoding);
        assert_eq!(ours.read_access(&old.expect("a token")).map(|said| said.user), Some(user.id));
    }

    #[test]
    fn guests_survive_a_rotation() {
        let clock = Arc::new(SetClock::default());
        let guest = GuestId(Uuid::from_u128(9));
        let token = tokens(clock.clone(), 1).guest(guest);
        let knows = |secret, previous, guests| {
            under(clock.clone(), secret, previous, guests).read_guest(&token) == Some(guest)
        };
        assert!(knows(2, Some(1), None), "while the previous secret is named");
        assert!(!knows(2, None, None));
        // The guests' secret is what JWT_SECRET was: for good.
        assert!(knows(2, None, Some(1)) && knows(3, Some(2), Some(1)));
        assert!(
            !knows(1, Some(1), Some(4)),
            "guests with a secret of their own are under no other"
        );
    }

    #[test]
    fn an_access_token_names_its_user_until_its_time() {
        let clock = Arc::new(SetClock::default());
        let ours = tokens(clock.clone(), 1);
        let user = User { id: UserId(Uuid::from_u128(7)), role: Role::Organizer };
        let token = ours.access(user, SESSION);
        let said = AccessClaims { user: user.id, session: Some(SESSION) };
        assert_eq!(ours.read_access(&token), Some(said));
        assert_eq!(tokens(clock.clone(), 2).read_access(&token), None);
        clock.0.store(ACCESS_TOKEN_SECS * 1000, Ordering::Relaxed);
        assert_eq!(ours.read_access(&token), None);
    }

    #[test]
    fn a_token_under_our_key_is_refused_unless_it_is_an_access_token_of_ours() {
        let ours = tokens(Arc::new(SetClock(AtomicI64::new(1_000_000_000))), 1);
        let sign = |typ: &str, iat: i64, nbf: Option<i64>, exp: i64| {
            let sub = Uuid::from_u128(7);
            let (iss, role) = (ISSUER.to_owned(), Role::Admin);
            let claims = Claims { iss, sub, sid: None, role, iat, nbf, exp };
            let header = Header { typ: Some(typ.to_owned()), ..Header::new(Algorithm::HS256) };
            let token =
                jsonwebtoken::encode(&header, &claims, &ours.key.encoding).expect("a token");
            ours.read_access(&token).is_some()
        };
        let now = 1_000_000;
        assert!(sign(TYPE, now, None, now + ACCESS_TOKEN_SECS));
        assert!(sign(TYPE, now, None, now + LONGEST_SECS), "of a version before sessions");
        let ahead = now + LEEWAY_SECS;
        assert!(sign(TYPE, ahead, Some(ahead), now + ACCESS_TOKEN_SECS), "a clock ahead");
        assert!(!sign("refresh+jwt", now, None, now + 60), "another kind");
        assert!(!sign(TYPE, now + 3_600, None, now + 3_700), "issued in the future");
        assert!(!sign(TYPE, now, Some(now + 3_600), now + 3_600), "not valid yet");
        assert!(!sign(TYPE, now, None, now + LONGEST_SECS + 1), "valid for too long");
        assert!(!sign(TYPE, i64::MIN, None, i64::MAX), "valid for ever");
    }

    #[test]
    fn a_guest_token_cannot_be_made_without_the_secret() {
        let clock = Arc::new(SetClock::default());
        let ours = tokens(clock.clone(), 1);
        let guest = GuestId(Uuid::from_u128(9));
        let token = ours.guest(guest);
        assert_eq!(ours.read_guest(&token), Some(guest));
        assert_eq!(tokens(clock, 2).read_guest(&token), None);
        let other = token.replace(&guest.0.simple().to_string(), &Uuid::nil().simple().to_string());
        for wrong in [other.as_str(), "", "hg1..", &token[..token.len() - 1], "hg1.x.y.z"] {
            assert_eq!(ours.read_guest(wrong), None, "{wrong}");
        }
    }
}
