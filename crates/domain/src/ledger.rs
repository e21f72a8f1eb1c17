//! The ledger: double entry, every posting sums to zero in its currency.
//!
//! | account | what its balance says |
//! | --- | --- |
//! | captured | what was taken from buyers |
//! | refunded | what was given back to them, below zero |
//! | organization | what we owe the organization, below zero |
//! | fees | what we earned, below zero |
//! | discounts | what discounts took off the prices |
//!
//! So captured plus refunded is the money in hand, and it is owed to somebody.

/// An account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Taken from buyers.
    Captured,
    /// Given back to buyers.
    Refunded,
    /// Owed to the organization.
    Organization,
    /// Earned.
    Fees,
    /// Taken off the prices.
    Discounts,
}

impl Account {
    /// Every account.
    pub const ALL: [Self; 5] =
        [Self::Captured, Self::Refunded, Self::Organization, Self::Fees, Self::Discounts];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Refunded => "refunded",
            Self::Organization => "organization",
            Self::Fees => "fees",
            Self::Discounts => "discounts",
        }
    }
}

/// One side of a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: Account,
    /// Minor units; never zero.
    pub minor: i64,
}

/// What lines cost, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Before anything was taken off.
    pub price_minor: i64,
    /// What a discount took off.
    pub discount_minor: i64,
    /// What was added as a fee.
    pub fee_minor: i64,
}

impl Cost {
    /// What was paid.
    pub fn paid_minor(&self) -> i64 {
        self.price_minor - self.discount_minor + self.fee_minor
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            price_minor: self.price_minor + other.price_minor,
            discount_minor: self.discount_minor + other.discount_minor,
            fee_minor: self.fee_minor + other.fee_minor,
        }
    }
}

/// The posting of a capture: empty when nothing was due and nothing taken off.
pub fn capture(cost: Cost) -> Vec<Entry> {
    balanced([
        (Account::Captured, cost.paid_minor()),
        (Account::Discounts, cost.discount_minor),
        (Account::Organization, -cost.price_minor),
        (Account::Fees, -cost.fee_minor),
    ])
}

/// The posting of a refund of `amount_minor`. `cancelled` is what the lines cost that ended with it: their
/// discounts and fees are taken back; the rest, be it for a line or given out of kindness, is the
/// organization's.
pub fn refund(amount_minor: i64, cancelled: Cost) -> Vec<Entry> {
    let organization = amount_minor + cancelled.discount_minor - cancelled.fee_minor;
    balanced([
        (Account::Refunded, -amount_minor),
        (Account::Discounts, -cancelled.discount_minor),
        (Account::Organization, organization),
        (Account::Fees, cancelled.fee_minor),
    ])
}

/// The posting that takes another one back.
pub fn reversed(entries: Vec<Entry>) -> Vec<Entry> {
    entries.into_iter().map(|entry| Entry { minor: -entry.minor, ..entry }).collect()
}

fn balanced<const N: usize>(sides: [(Account, i64); N]) -> Vec<Entry> {
    let sum: i64 = sides.iter().map(|(_, minor)| minor).sum();
    assert_eq!(sum, 0, "a posting sums to zero");
    let entries = sides.into_iter().map(|(account, minor)| Entry { account, minor });
    entries.filter(|entry| entry.minor != 0).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn balance(entries: &[Entry], account: Account) -> i64 {
        entries.iter().filter(|entry| entry.account == account).map(|entry| entry.minor).sum()
    }

    #[test]
    fn accounts_are_stored_under_words_that_never_change() {
        let words = Account::ALL.map(Account::as_str);
        assert_eq!(words, ["captured", "refunded", "organization", "fees", "discounts"]);
    }

    #[test]
    fn costs_add_up_part_by_part() {
        let one = Cost { price_minor: 4500, discount_minor: 450, fee_minor: 90 };
        let other = Cost { price_minor: 2000, discount_minor: 200, fee_minor: 40 };
        let sum = Cost { price_minor: 6500, discount_minor: 650, fee_minor: 130 };
        assert_eq!((one.plus(other), sum.paid_minor()), (sum, 5980));
    }

    #[test]
    fn a_free_booking_posts_nothing() {
        assert_eq!(capture(Cost::default()), []);
    }

    proptest! {
        #[test]
        fn what_is_given_back_whole_leaves_nothing_on_any_account(
            price in 0_i64..1_000_000, percent in 0_i64..=100, fee in 0_i64..10_000,
            first in 0_i64..=100,
        ) {
            let cost = Cost { price_minor: price, discount_minor: price * percent / 100, fee_minor: fee };
            let kindness = cost.paid_minor() * first / 100;
            let mut entries = capture(cost);
            prop_assert_eq!(balance(&entries, Account::Captured), cost.paid_minor());
            entries.extend(refund(kindness, Cost::default()));
            entries.extend(refund(cost.paid_minor() - kindness, cost));
            prop_assert_eq!(entries.iter().map(|entry| entry.minor).sum::<i64>(), 0);
            for account in [Account::Organization, Account::Fees, Account::Discounts] {
                prop_assert_eq!(balance(&entries, account), 0);
            }
            prop_assert_eq!(balance(&entries, Account::Refunded), -cost.paid_minor());
            // A refund that is taken back and made again is one refund.
            let again = refund(cost.paid_minor() - kindness, cost);
            entries.extend(reversed(again.clone()));
            prop_assert_eq!(balance(&entries, Account::Refunded), -kindness);
            prop_assert_eq!(entries.iter().map(|entry| entry.minor).sum::<i64>(), 0);
            entries.extend(again);
            prop_assert_eq!(balance(&entries, Account::Refunded), -cost.paid_minor());
        }
    }
}
