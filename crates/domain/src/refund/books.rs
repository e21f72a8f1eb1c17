//! The gateway's list of a payment's refunds, and what it means for a refund that this server requested.

use super::GatewayCall;
use crate::{checkout::RefundId, ids::SagaId};

/// The gateway's books of one payment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GatewayBooks {
    /// The captured amount, in minor units.
    pub captured_minor: i64,
    /// The refunds of the payment, including failed refunds.
    pub refunds: Vec<BookedRefund>,
}

/// A refund in the gateway's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookedRefund {
    /// The gateway's id of the refund.
    pub id: RefundId,
    /// The idempotency key that the refund was made with. `None` for a manual refund.
    pub key: Option<String>,
    /// The refunded amount, in minor units.
    pub minor: i64,
    /// The result of the refund at the gateway.
    pub fate: Fate,
}

/// The result of a refund at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The money is refunded, or on its way.
    Made,
    /// The money could not be delivered, or the refund was cancelled.
    Failed {
        /// The gateway's code for the failure.
        code: String,
    },
}

impl BookedRefund {
    /// The saga that made the refund, and the number of the key that it used. `None` if no refund
    /// saga of ours made it.
    pub fn maker(&self) -> Option<(&str, u32)> {
        let (saga, rest) = self.key.as_deref()?.split_once(':')?;
        let (step, attempt) = rest.split_once(':')?;
        let attempt = attempt.parse().ok()?;
        (step == GatewayCall::REFUND).then_some((saga, attempt))
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

impl GatewayBooks {
    /// The amount of the payment that can still be refunded, in minor units.
    pub fn left_minor(&self) -> i64 {
        self.captured_minor - self.standing().map(|entry| entry.minor).sum::<i64>()
    }

    /// The refund that this saga made and that has not failed.
    pub fn of(&self, saga: SagaId) -> Option<&RefundId> {
        let saga = saga.to_string();
        let mut own = self.standing().filter(|entry| entry.saga() == Some(&saga));
        own.next().map(|entry| &entry.id)
    }

    /// The highest number among this saga's keys in the gateway's books; 0 if the books contain
    /// none.
    pub fn last_key_of(&self, saga: SagaId) -> u32 {
        let saga = saga.to_string();
        let own =
            self.refunds.iter().filter_map(BookedRefund::maker).filter(|(maker, _)| *maker == saga);
        own.map(|(_, attempt)| attempt).max().unwrap_or(0)
    }

    /// The sum of the manual refunds in minor units, and the id of one of them.
    pub fn by_hand(&self) -> (i64, Option<&RefundId>) {
        let mut found = (0, None);
        for entry in self.standing().filter(|entry| entry.saga().is_none()) {
            found = (found.0 + entry.minor, Some(&entry.id));
        }
        found
    }

    fn standing(&self) -> impl Iterator<Item = &BookedRefund> {
        self.refunds.iter().filter(|entry| entry.stands())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn entry(name: &str, key: Option<&str>, minor: i64, fate: Fate) -> BookedRefund {
        BookedRefund { id: RefundId(name.into()), key: key.map(str::to_owned), minor, fate }
    }

    #[test]
    fn what_failed_counts_for_nothing_and_what_no_saga_made_was_made_by_hand() {
        let saga = SagaId(Uuid::from_u128(1));
        let own = |attempt: u32| format!("{saga}:refund:{attempt}");
        let failed = Fate::Failed { code: "expired_or_canceled_card".into() };
        let books = GatewayBooks {
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
        let books = GatewayBooks { refunds: [books.refunds, vec![made]].concat(), ..books };
        assert_eq!(books.last_key_of(saga), 2);
        assert_eq!((books.of(saga), books.left_minor()), (Some(&RefundId("re_2".into())), 4_200));
    }
}
