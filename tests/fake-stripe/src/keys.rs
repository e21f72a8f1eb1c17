//! `Idempotency-Key` as documented (<https://docs.stripe.com/api/idempotent_requests>): the first answer is
//! kept, whether it is a success or a fault, and repeated; other parameters under the same key are an error;
//! so is a call while the first one is under way. What failed before it was carried out is not kept.

use std::collections::HashMap;

use crate::answer::Answer;

#[derive(Debug, Clone)]
enum Kept {
    InUse,
    Answer(Answer),
}

/// The keys that were seen.
#[derive(Debug, Default)]
pub struct Keys {
    known: HashMap<String, (String, Kept)>,
}

/// What a key says to a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is the first one.
    First,
    /// It is answered as before.
    Replay(Answer),
    /// It is refused.
    Refuse(Answer),
}

impl Keys {
    /// A call comes with this key; `request` is everything that must be the same.
    pub fn claim(&mut self, key: &str, request: &str) -> Verdict {
        match self.known.get(key) {
            None => {
                self.known.insert(key.to_owned(), (request.to_owned(), Kept::InUse));
                Verdict::First
            }
            Some((known, _)) if known != request => Verdict::Refuse(Answer::error(
                400,
                "idempotency_error",
                None,
                "Keys for idempotent requests can only be used with the same parameters they were \
                 first used with.",
            )),
            Some((_, Kept::InUse)) => Verdict::Refuse(Answer::error(
                409,
                "idempotency_error",
                Some("idempotency_key_in_use"),
                "There is currently another in-progress request using this Idempotent Key.",
            )),
            Some((_, Kept::Answer(answer))) => Verdict::Replay(answer.clone()),
        }
    }

    /// The call ended.
    pub fn settle(&mut self, key: &str, answer: &Answer) {
        if !answer.kept {
            self.known.remove(key);
        } else if let Some((_, kept)) = self.known.get_mut(key) {
            *kept = Kept::Answer(answer.clone());
        }
    }

    /// Whether a call with this key is under way.
    pub fn is_busy(&self, key: &str) -> bool {
        matches!(self.known.get(key), Some((_, Kept::InUse)))
    }

    /// A day has passed: every key is forgotten.
    pub fn forget(&mut self) {
        self.known.clear();
    }
}
