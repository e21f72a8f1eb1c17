//! `Idempotency-Key` as Stripe documents it (<https://docs.stripe.com/api/idempotent_requests>): the first response to
//! a key, success or error, is stored and repeated. It is an error to use the key with other parameters, or while its
//! first call is in progress. The response to a call that failed before it was carried out is not stored.

use std::collections::HashMap;

use crate::answer::StripeAnswer;

#[derive(Debug, Clone)]
enum KeyRecord {
    InUse,
    Answer(StripeAnswer),
}

/// The keys that were used.
#[derive(Debug, Default)]
pub struct Keys {
    known: HashMap<String, (String, KeyRecord)>,
}

/// The task of a call with a key.
#[derive(Debug, Clone, PartialEq)]
pub enum KeyVerdict {
    /// The call is the first with this key: it is carried out.
    First,
    /// The stored response is repeated.
    Replay(StripeAnswer),
    /// The call is refused with this response.
    Refuse(StripeAnswer),
}

impl Keys {
    /// A call arrives with this key. `request` contains everything that must be the same in a repetition.
    pub fn claim(&mut self, key: &str, request: &str) -> KeyVerdict {
        match self.known.get(key) {
            None => {
                self.known.insert(key.to_owned(), (request.to_owned(), KeyRecord::InUse));
                KeyVerdict::First
            }
            Some((known, _)) if known != request => KeyVerdict::Refuse(StripeAnswer::error(
                400,
                "idempotency_error",
                None,
                "Keys for idempotent requests can only be used with the same parameters they were \
                 first used with.",
            )),
            Some((_, KeyRecord::InUse)) => KeyVerdict::Refuse(StripeAnswer::error(
                409,
                "idempotency_error",
                Some("idempotency_key_in_use"),
                "There is currently another in-progress request using this Idempotent Key.",
            )),
            Some((_, KeyRecord::Answer(answer))) => KeyVerdict::Replay(answer.clone()),
        }
    }

    /// The call has ended: stores its response, or frees the key.
    pub fn settle(&mut self, key: &str, answer: &StripeAnswer) {
        if !answer.kept {
            self.known.remove(key);
        } else if let Some((_, kept)) = self.known.get_mut(key) {
            *kept = KeyRecord::Answer(answer.clone());
        }
    }

    /// Whether a call with this key is in progress.
    pub fn is_busy(&self, key: &str) -> bool {
        matches!(self.known.get(key), Some((_, KeyRecord::InUse)))
    }

    /// Forgets every key, as Stripe does after a day.
    pub fn forget(&mut self) {
        self.known.clear();
    }
}
