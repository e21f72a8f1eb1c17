//! The `Idempotency-Key`, after the IETF draft `draft-ietf-httpapi-idempotency-key-header`: one key an attempt,
//! within one caller and one route, bound to the body.
//!
//! The claim is written in the transaction that starts the effect, the answer in the one that ends it: so a key
//! never outlives a crash without its effect, and a refused start rolls its claim back. Stored are answers
//! of 2xx and 402; whatever else happened is told anew.

mod store;

use holdfast_contract::IDEMPOTENCY_KEY_HEADER;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    db::{Bug, Sql, StoreError, Tx, Writes},
    failpoint::{Moment, reach},
    hex::hex,
};

/// The longest key.
pub const MAX_KEY_CHARS: usize = 255;
/// The shortest key of a caller whom nothing else tells apart from others: it names the guest then, so it must not
/// be guessed.
pub const MIN_ANONYMOUS_KEY_CHARS: usize = 32;
/// How long a key is kept at least, in milliseconds.
pub const KEPT_MS: i64 = 48 * 60 * 60 * 1000;
/// Where the API is: paths in `Location` begin with it.
const BASE: &str = "/api/v1";
/// The name of making something once, in failpoints.
pub const MAKE: &str = "make";
/// How many rows one retention pass deletes at the most.
const MAX_FORGOTTEN: u64 = 10_000;

/// One attempt at a mutation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    principal: Uuid,
    route: &'static str,
    key: String,
    fingerprint: String,
}

/// An answer as stored: replayed byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// Where what was made is, as a path: the header `Location`.
    pub location: Option<String>,
}

/// What is known of an attempt that was made before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What it made, such as a booking.
    pub subject: Option<Uuid>,
    /// The answer; none while it is being worked on, or when the answer is not kept.
    pub answer: Option<Answer>,
}

/// Whether this request is the first of its attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is: go on.
    First,
    /// It is not.
    Known(Known),
}

/// Not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{IDEMPOTENCY_KEY_HEADER} must be 1 to 255 visible ASCII characters")]
pub struct BadKey;

/// Why nothing can be claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The key came with another body before.
    #[error("the key was used for another request")]
    Reused,
    /// The database failed.
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl Attempt {
    /// The attempt of a caller at a route with this key and body. The key may be quoted, as the draft has it.
    ///
    /// # Errors
    /// When the key is not 1 to 255 visible characters.
    pub fn new(
        principal: Uuid,
        route: &'static str,
        key: &str,
        body: &impl Serialize,
    ) -> Result<Self, BadKey> {
        let bare = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
        let sound = (1..=MAX_KEY_CHARS).contains(&bare.len())
            && bare.bytes().all(|byte| byte.is_ascii_graphic());
        if !sound {
            return Err(BadKey);
        }
        let fingerprint = hex(&Sha256::digest(bytes(body)));
        Ok(Self { principal, route, key: bare.to_owned(), fingerprint })
    }

    /// The attempt of a caller who may name it: nothing where no key came along.
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

    /// Claims the attempt for `subject`, in the transaction that starts the effect. A twin of this request
    /// waits here until that transaction has ended.
    ///
    /// # Errors
    /// See [`ClaimError`].
    pub async fn claim(&self, tx: &Tx, subject: Option<Uuid>) -> Result<Claim, ClaimError> {
        if store::insert(tx, self, subject).await? {
            return Ok(Claim::First);
        }
        match self.known(tx).await? {
            Some(known) => Ok(Claim::Known(known)),
            // It was forgotten between the two statements: it is older than any retry.
            None => Err(ClaimError::Reused),
        }
    }

    /// What is known of the attempt.
    ///
    /// # Errors
    /// See [`ClaimError`].
    pub async fn known(&self, sql: &impl Sql) -> Result<Option<Known>, ClaimError> {
        match store::find(sql, self).await? {
            None => Ok(None),
            Some((fingerprint, known)) if fingerprint == self.fingerprint => Ok(Some(known)),
            Some(_) => Err(ClaimError::Reused),
        }
    }

    /// Stores the answer of this very attempt, in the transaction that ends the effect.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn answer(&self, tx: &Tx, answer: &Answer) -> Result<(), StoreError> {
        store::answer(tx, self, answer).await
    }
}

/// Stores the answer of the attempt that made `subject`, in the transaction that ends the effect.
///
/// # Errors
/// When the database fails.
pub async fn answer_for(
    to: &impl Writes,
    subject: Uuid,
    answer: &Answer,
) -> Result<(), StoreError> {
    store::answer_for(to, subject, answer).await
}

/// Makes something once an attempt: claim, effect and answer are one transaction, so that none of them is
/// ever seen without the others, and what is refused leaves the key free. A twin of this request waits at the
/// claim until that transaction has ended.
///
/// # Errors
/// What `make` answers, or the claim's own.
pub async fn once<T, E>(
    tx: &Tx,
    attempt: Option<&Attempt>,
    subject: Uuid,
    make: impl Future<Output = Result<Made<T>, E>> + Send,
) -> Result<Keyed<T>, E>
where
    T: Serialize + Send,
    E: From<ClaimError> + From<StoreError>,
{
    let Some(attempt) = attempt else { return Ok(Keyed::Made(make.await?)) };
    if let Claim::Known(known) = attempt.claim(tx, Some(subject)).await? {
        let never = || Bug::new("something was made under a key and never answered");
        let answer = known.answer.ok_or_else(never).map_err(StoreError::from)?;
        return Ok(Keyed::Replayed(answer));
    }
    reach(MAKE, Moment::BeforeEffect);
    let answer = make.await?.answer();
    reach(MAKE, Moment::AfterEffect);
    attempt.answer(tx, &answer).await?;
    reach(MAKE, Moment::BeforeRecord);
    Ok(Keyed::Stored(answer))
}

/// Forgets old keys; answers how many.
///
/// # Errors
/// When the database fails.
pub async fn retention_pass(sql: &impl Sql) -> Result<u64, StoreError> {
    store::forget(sql, KEPT_MS, MAX_FORGOTTEN).await
}

impl Answer {
    /// An answer with a JSON body.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        Self::typed(status, "application/json", body)
    }

    /// An answer with a JSON body of a media type of its own.
    pub fn typed(status: u16, content_type: &str, body: &impl Serialize) -> Self {
        let body = String::from_utf8_lossy(&bytes(body)).into_owned();
        Self { status, content_type: content_type.to_owned(), body, location: None }
    }

    /// The same, saying where what was made is.
    #[must_use]
    pub fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }
}

/// A body in JSON. Failure is a bug: wire types always serialize.
fn bytes(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("wire types serialize")
}

/// Something that was made, and the path where it is.
#[derive(Debug)]
pub struct Made<T> {
    /// What.
    pub body: T,
    /// Where, below the API's base.
    pub path: String,
}

impl<T: Serialize> Made<T> {
    /// The answer of status 201 that says so.
    pub fn answer(&self) -> Answer {
        Answer::json(201, &self.body).at(format!("{BASE}{}", self.path))
    }
}

/// An answer of status 201 to a request that may carry a key.
#[derive(Debug)]
pub enum Keyed<T> {
    /// Made now; no key came along.
    Made(Made<T>),
    /// Made now and stored.
    Stored(Answer),
    /// Made before.
    Replayed(Answer),
}

impl<T> Keyed<T> {
    /// What was made now, where no key came along: else only its answer is known.
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
