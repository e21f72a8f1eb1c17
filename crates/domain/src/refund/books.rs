//! What the gateway's list of a payment's refunds means.

use super::Step;
use crate::{checkout::RefundId, ids::SagaId};

/// What the gateway's books say of a payment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// How much was taken, in minor units.
    pub captured_minor: i64,
    /// What was given back of it, or was to be.
    pub refunds: Vec<Entry>,
}

/// A refund in the gateway's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The gateway's name for it.
    pub id: RefundId,
    /// The key under which it was made; none where somebody made it by hand.
    pub key: Option<String>,
    /// How much, in minor units.
    pub minor: i64,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a refund at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The money is back, or on its way.
    Made,
    /// It could not be delivered, or was called back.
    Failed {
        /// The gateway's code.
        code: String,
    },
}

impl Entry {
    /// The saga that made it, and under which of its keys; none where no refund of ours did.
    pub fn maker(&self) -> Option<(&str, u32)> {
        let (saga, rest) = self.key.as_deref()?.split_once(':')?;
        let (step, attempt) = rest.split_once(':')?;
        let attempt = attempt.parse().ok()?;
        (step == Step::Refund.name()).then_some((saga, attempt))
    }

    fn saga(&self) -> Option<&str> {
        self.maker().map(|(saga, _)| saga)
    }

    fn stands(&self) -> bool {
        match self.fate {
            Fate::Made => true,
            Fate::Failed { .. } => false,
        }
    }
}

impl Books {
    /// How much of the payment can still be given back, in minor units.
    pub fn left_minor(&self) -> i64 {
        self.captured_minor - self.standing().map(|entry| entry.minor).sum::<i64>()
    }

    /// The refund that this saga made and that stands.
    pub fn of(&self, saga: SagaId) -> Option<&RefundId> {
        let saga = saga.to_string();
        let mut own = self.standing().filter(|entry| entry.saga() == Some(&saga));
        own.next().map(|entry| &entry.id)
    }

    /// The last of this saga's keys that the gateway has in its books; 0 where it has none.
    pub fn last_key_of(&self, saga: SagaId) -> u32 {
        let saga = saga.to_string();
        let own = self.refunds.iter().filter_map(Entry::maker).filter(|(maker, _)| *maker == saga);
        own.map(|(_, attempt)| attempt).max().unwrap_or(0)
    }

    /// How much was given back by hand, in minor units, and the name of one that did.
    pub fn by_hand(&self) -> (i64, Option<&RefundId>) {
        let mut found = (0, None);
        for entry in self.standing().filter(|entry| entry.saga().is_none()) {
            found = (found.0 + entry.minor, Some(&entry.id));
        }
        found
    }

    fn standing(&self) -> impl Iterator<Item = &Entry> {
        self.refunds.iter().filter(|entry| entry.stands())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn entry(name: &str, key: Option<&str>, minor: i64, fate: Fate) -> Entry {
        Entry { id: RefundId(name.into()), key: key.map(str::to_owned), minor, fate }
    }

    #[test]
    fn what_failed_counts_for_nothing_and_what_no_saga_made_was_made_by_hand() {
        let saga = SagaId(Uuid::from_u128(1));
        let own = |attempt: u32| format!("{saga}:refund:{attempt}");
        let failed = Fate::Failed { code: "expired_or_canceled_card".into() };
        let books = Books {
            captured_minor: 10_000,
            refunds: vec![
                entry("re_failed", Some(&own(1)), 4_000, failed),
                entry("re_other", Some("2:refund:1"), 1_000, Fate::Made),
                entry("re_hand", None, 500, Fate::Made),
                entry("re_note", Some("asked for by phone"), 300, Fate::Made),
            ],
        };
        assert_eq!(books.left_minor(), 8_200);
        assert_eq!((books.of(saga), books.last_key_of(saga)), (None, 1));
        assert_eq!(books.by_hand(), (800, Some(&RefundId("re_note".into()))));
        let made = entry("re_2", Some(&own(2)), 4_000, Fate::Made);
        let books = Books { refunds: [books.refunds, vec![made]].concat(), ..books };
        assert_eq!(books.last_key_of(saga), 2);
        assert_eq!((books.of(saga), books.left_minor()), (Some(&RefundId("re_2".into())), 4_200));
    }
}
