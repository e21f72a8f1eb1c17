//! The `Idempotency-Key`, after the IETF draft `draft-ietf-httpapi-idempotency-key-header`: one key for each
//! attempt, valid within one caller and one route, bound to the body.
//!
//! The transaction that starts the effect writes the claim, and the transaction that ends the effect writes the
//! response. Therefore a key never survives a crash without its effect, and a refused start rolls its claim back, or takes it back where others have begun in the same transaction.
//! Responses with 2xx and 402 are stored. Any other outcome is determined anew for each request.

mod store;

use std::collections::BTreeSet;

use holdfast_contract::IDEMPOTENCY_KEY_HEADER;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    db::{Bug, Sql, StoreError, Tx, Writes},
    failpoint::{HaltMoment, reach},
    hex::hex,
};

/// The maximum length of a key.
pub const MAX_KEY_CHARS: usize = 255;
/// The minimum length of an anonymous caller's key. Such a key decides which guest the caller is, so it must not
/// be guessable.
const MIN_ANONYMOUS_KEY_CHARS: usize = 32;
/// The minimum number of different letters and digits in such a key. Of 32 random hexadecimal digits, fewer than 8
/// are different only about once in 10^8 keys.
const MIN_DISTINCT_CHARS: usize = 8;
/// The minimum time for which a key is kept, in milliseconds.
pub const KEPT_MS: i64 = 48 * 60 * 60 * 1000;
/// The base path of the API; paths in `Location` begin with it.
const BASE: &str = "/api/v1";
/// The name of the step [`once`] in failpoints.
pub const MAKE: &str = "make";

/// One attempt at a mutation, named by caller, route and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    principal: Uuid,
    route: &'static str,
    key: String,
    fingerprint: String,
}

/// A stored answer. It is replayed byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    pub status: u16,
    pub content_type: String,
    pub body: String,
    /// The path of the created object, for the header `Location`.
    pub location: Option<String>,
}

/// The traces of earlier requests of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptTrace {
    /// The object that the attempt created, such as a booking.
    pub subject: Option<Uuid>,
    /// The stored answer. `None` while the attempt is under way, or when its answer is not kept.
    pub answer: Option<StoredAnswer>,
}

/// Whether this request is the first of its attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyClaim {
    /// This request is the first of its attempt and may continue.
    First,
    /// An earlier request has started the attempt.
    Known(AttemptTrace),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{IDEMPOTENCY_KEY_HEADER} must be 1 to 255 visible ASCII characters")]
pub struct BadKey;

/// Why a key could not be claimed.
#[derive(Debug, thiserror::Error)]
pub enum KeyClaimError {
    /// An earlier request used the key with another body.
    #[error("the key was used for another request")]
    Reused,
    #[error("the database failed")]
    Db(#[from] StoreError),
}

/// The key without the quotes of the draft.
pub fn bare(key: &str) -> &str {
    key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key)
}

/// Whether nobody else can guess the key: it is long, and its characters look random. A counter, a repeated letter
/// and a repeated word do not look random.
pub fn is_unguessable(key: &str) -> bool {
    let key = bare(key);
    let distinct: BTreeSet<u8> = key.bytes().filter(u8::is_ascii_alphanumeric).collect();
    let halves = key.split_at_checked(key.len() / 2);
    key.len() >= MIN_ANONYMOUS_KEY_CHARS
        && distinct.len() >= MIN_DISTINCT_CHARS
        && halves.is_some_and(|(first, second)| first != second)
}

impl Attempt {
    /// The attempt of a caller on a route, with this key and body. The key may be quoted, as in the draft.
    ///
    /// # Errors
    /// When the key is not 1 to 255 visible ASCII characters.
    pub fn new(
        principal: Uuid,
        route: &'static str,
        key: &str,
        body: &impl Serialize,
    ) -> Result<Self, BadKey> {
        let bare = bare(key);
        let sound = (1..=MAX_KEY_CHARS).contains(&bare.len())
            && bare.bytes().all(|byte| byte.is_ascii_graphic());
        if !sound {
            return Err(BadKey);
        }
        let fingerprint = hex(&Sha256::digest(bytes(body)));
        Ok(Self { principal, route, key: bare.to_owned(), fingerprint })
    }

    /// The attempt of a caller who need not send a key; `None` without a key.
    ///
    /// # Errors
    /// See [`Attempt::new`].
    pub fn named(
        principal: Uuid,
        route: &'static str,
        key: Option<&str>,
        request: &impl Serialize,
    ) -> Result<Option<Self>, BadKey> {
        key.map(|key| Self::new(principal, route, key, request)).transpose()
    }

    /// The same attempt with the hash of its key: the key of an anonymous hold leads to the token of the guest.
    #[must_use]
    pub fn under_hash(self) -> Self {
        Self { key: hex(&Sha256::digest(&self.key)), ..self }
    }

    /// Claims the key for `subject`, in the transaction that starts the effect. A twin of this request waits here
    /// until that transaction has ended.
    ///
    /// # Errors
    /// See [`KeyClaimError`].
    pub async fn claim(&self, tx: &Tx, subject: Option<Uuid>) -> Result<KeyClaim, KeyClaimError> {
        if store::insert(tx, self, subject).await? {
            return Ok(KeyClaim::First);
        }
        match self.known(tx).await? {
            Some(known) => Ok(KeyClaim::Known(known)),
            // A retention pass deleted the row between the two statements, so the key is older than any retry.
            None => Err(KeyClaimError::Reused),
        }
    }

    /// Claims the keys of different callers, each for its subject, as [`Attempt::claim`] does.
    ///
    /// # Errors
    /// When the database fails. That a key was used for another request is the result of its attempt alone.
    pub async fn claim_all(
        tx: &Tx,
        attempts: &[(&Self, Uuid)],
    ) -> Result<Vec<Result<KeyClaim, KeyClaimError>>, StoreError> {
        if store::insert_all(tx, attempts).await? == attempts.len() as u64 {
            return Ok(attempts.iter().map(|_| Ok(KeyClaim::First)).collect());
        }
        let mut claims = Vec::with_capacity(attempts.len());
        for (attempt, subject) in attempts {
            claims.push(match attempt.known(tx).await {
                Ok(Some(known)) if known.subject == Some(*subject) => Ok(KeyClaim::First),
                Ok(Some(known)) => Ok(KeyClaim::Known(known)),
                Ok(None) | Err(KeyClaimError::Reused) => Err(KeyClaimError::Reused),
                Err(KeyClaimError::Db(error)) => return Err(error),
            });
        }
        Ok(claims)
    }

    /// Takes back the claims for these subjects, which this transaction has made and which lead to nothing.
    pub async fn take_back(to: &impl Writes, subjects: &[Uuid]) -> Result<(), StoreError> {
        store::delete_of(to, subjects).await
    }

    /// The traces of earlier requests of the attempt; `None` when there was no earlier request.
    ///
    /// # Errors
    /// See [`KeyClaimError`].
    pub async fn known(&self, sql: &impl Sql) -> Result<Option<AttemptTrace>, KeyClaimError> {
        match store::find(sql, self).await? {
            None => Ok(None),
            Some((fingerprint, known)) if fingerprint == self.fingerprint => Ok(Some(known)),
            Some(_) => Err(KeyClaimError::Reused),
        }
    }

    /// Stores the answer of this attempt, in the transaction that ends the effect.
    pub async fn answer(&self, tx: &Tx, answer: &StoredAnswer) -> Result<(), StoreError> {
        store::answer(tx, self, answer).await
    }
}

/// Stores the answer of the attempt that created `subject`, in the transaction that ends the effect.
pub async fn answer_for(
    to: &impl Writes,
    subject: Uuid,
    answer: &StoredAnswer,
) -> Result<(), StoreError> {
    answer_all(to, &[(subject, answer.clone())]).await
}

/// Stores the answers of the attempts that created these subjects.
pub async fn answer_all(
    to: &impl Writes,
    answers: &[(Uuid, StoredAnswer)],
) -> Result<(), StoreError> {
    store::answer_all(to, answers).await
}

/// The stored response of the attempt that created `subject`, for any sender. `None` while the attempt is under way.
pub async fn answer_to(sql: &impl Sql, subject: Uuid) -> Result<Option<StoredAnswer>, StoreError> {
    store::answer_to(sql, subject).await
}

/// Lets another caller repeat the attempts that made these subjects: a repeated request is replayed to both callers.
/// `with_nameless` adds the attempts that made nothing, such as a cancellation. A key that the other caller has used on
/// the same route stays as it is.
pub async fn share(
    tx: &Tx,
    from: Uuid,
    with: Uuid,
    subjects: &[Uuid],
    with_nameless: bool,
) -> Result<u64, StoreError> {
    store::copy(tx, from, with, subjects, with_nameless).await
}

/// Creates an object once for each attempt. Claim, effect and answer are one transaction, so that none of them is
/// ever seen without the others, and a refusal leaves the key free. A twin of this request waits at the claim
/// until that transaction has ended.
///
/// # Errors
/// The error of `make`, or of the claim.
pub async fn once<T, E>(
    tx: &Tx,
    attempt: Option<&Attempt>,
    subject: Uuid,
    make: impl Future<Output = Result<NewObject<T>, E>> + Send,
) -> Result<Keyed<T>, E>
where
    T: Serialize + Send,
    E: From<KeyClaimError> + From<StoreError>,
{
    let Some(attempt) = attempt else { return Ok(Keyed::Made(make.await?)) };
    if let KeyClaim::Known(known) = attempt.claim(tx, Some(subject)).await? {
        let never = || Bug::new("something was made under a key and never answered");
        let answer = known.answer.ok_or_else(never).map_err(StoreError::from)?;
        return Ok(Keyed::Replayed(answer));
    }
    reach(MAKE, HaltMoment::BeforeEffect);
    let answer = make.await?.answer();
    reach(MAKE, HaltMoment::AfterEffect);
    attempt.answer(tx, &answer).await?;
    reach(MAKE, HaltMoment::BeforeRecord);
    Ok(Keyed::Stored(answer))
}

/// Deletes the answers that a principal has got: they contain what the principal sent.
///
/// # Errors
/// When the database fails.
pub async fn forget_answers(tx: &Tx, principal: Uuid) -> Result<(), StoreError> {
    store::delete_answered(tx, principal).await
}

/// Deletes old keys; returns how many.
pub async fn retention_pass(sql: &impl Sql) -> Result<u64, StoreError> {
    store::forget(sql, KEPT_MS).await
}

impl StoredAnswer {
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        Self::typed(status, "application/json", body)
    }

    /// An answer with a JSON body and another media type.
    pub fn typed(status: u16, content_type: &str, body: &impl Serialize) -> Self {
        let body = String::from_utf8_lossy(&bytes(body)).into_owned();
        Self { status, content_type: content_type.to_owned(), body, location: None }
    }

    /// Adds the path of the created object.
    #[must_use]
    pub fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }
}

/// Serializes a body. A failure is a bug, because wire types always serialize.
fn bytes(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("wire types serialize")
}

/// An object that was created, and its path.
#[derive(Debug)]
pub struct NewObject<T> {
    pub body: T,
    /// The path of the object, below the base path of the API.
    pub path: String,
}

impl<T: Serialize> NewObject<T> {
    /// The answer with status 201, the object and its `Location`.
    pub fn answer(&self) -> StoredAnswer {
        StoredAnswer::json(201, &self.body).at(format!("{BASE}{}", self.path))
    }
}

/// The outcome of a request that creates an object and may carry a key. Every outcome is a response with status 201.
#[derive(Debug)]
pub enum Keyed<T> {
    /// The object was created now; the request has no key.
    Made(NewObject<T>),
    /// The object was created now, and the answer is stored under the key.
    Stored(StoredAnswer),
    /// An earlier request with the same key created the object.
    Replayed(StoredAnswer),
}

impl<T> Keyed<T> {
    /// The object, when it was created now without a key. With a key, only the stored answer is known.
    pub fn made(self) -> Option<T> {
        match self {
            Self::Made(made) => Some(made.body),
            Self::Stored(_) | Self::Replayed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(key: &str, body: &str) -> Option<Attempt> {
        Attempt::new(Uuid::from_u128(1), "test", key, &body).ok()
    }

    #[test]
    fn a_key_is_visible_text_of_bounded_length() {
        let long = "k".repeat(MAX_KEY_CHARS);
        assert!(attempt(&long, "").is_some());
        for wrong in ["", "\"\"", "a b", "é", &format!("{long}k")] {
            assert!(attempt(wrong, "").is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_quoted_key_is_the_same_key_and_another_body_is_not_the_same_attempt() {
        assert_eq!(attempt("\"abc\"", "x"), attempt("abc", "x"));
        assert_ne!(attempt("abc", "x"), attempt("abc", "y"));
    }
}
