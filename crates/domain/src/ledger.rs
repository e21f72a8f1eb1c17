//! The double-entry ledger: the entries of every posting sum to zero in their currency.
//!
//! | account | meaning of its balance |
//! | --- | --- |
//! | captured | amounts captured from buyers |
//! | refunded | amounts refunded to buyers, negative |
//! | organization | the amount owed to the organization, negative |
//! | fees | the fees earned, negative |
//! | discounts | the amounts by which discounts reduced prices |
//! | cash | the cash in the till: cash taken at the door minus cash paid back there |
//! | terminal | amounts taken by a card terminal at the door minus amounts paid back by it |
//! | tax | the tax owed, negative |
//! | comp | the price of places that were given away |
//! | disputed | amounts that the gateway withholds or has paid back for a buyer's bank |
//!
//! Therefore captured plus refunded is the money in hand, and the other accounts say to whom it is
//! owed. No posting uses the last five accounts yet.

/// An account of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Amounts that the gateway captured from buyers.
    Captured,
    /// Amounts that were refunded to buyers; negative.
    Refunded,
    /// Amounts owed to the organization.
    Organization,
    /// Fees that the operator of the installation earned.
    Fees,
    /// Amounts by which discounts reduced prices.
    Discounts,
    /// Cash in the till at the door.
    Cash,
    /// Amounts taken by a card terminal at the door.
    Terminal,
    /// Tax owed to the tax office.
    Tax,
    /// The price of places that were given away.
    Comp,
    /// Amounts that the gateway withholds because the buyer's bank disputes the payment.
    Disputed,
}

words! { Account {
    Captured = "captured",
    Refunded = "refunded",
    Organization = "organization",
    Fees = "fees",
    Discounts = "discounts",
    Cash = "cash",
    Terminal = "terminal",
    Tax = "tax",
    Comp = "comp",
    Disputed = "disputed",
} }

/// The kind of a posting. Only `Capture` and `Refund` are posted yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The gateway captured money from a buyer.
    Capture,
    /// The gateway refunded money to a buyer.
    Refund,
    /// A buyer paid at the door.
    DoorSale,
    /// A buyer got money back at the door.
    DoorRefund,
    /// The organization gave places away, without payment.
    Comp,
    /// Places that were given away came back.
    CompReturn,
    /// A fee that belongs to no sale or refund, such as the gateway's fee for a dispute.
    Fee,
    /// A correction of the tax owed.
    Tax,
    /// The price changed because a buyer moved to another place.
    Reseat,
    /// The gateway withholds money because the buyer's bank disputes the payment.
    Dispute,
    /// The dispute was won: the gateway paid the withheld money out.
    DisputeWon,
    /// The dispute was lost: the withheld money finally went back to the buyer.
    DisputeLost,
}

words! { Kind {
    Capture = "capture",
    Refund = "refund",
    DoorSale = "door_sale",
    DoorRefund = "door_refund",
    Comp = "comp",
    CompReturn = "comp_return",
    Fee = "fee",
    Tax = "tax",
    Reseat = "reseat",
    Dispute = "dispute",
    DisputeWon = "dispute_won",
    DisputeLost = "dispute_lost",
} }

/// One entry of a posting: an amount on one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The account of the entry.
    pub account: Account,
    /// The amount in minor units; never zero.
    pub minor: i64,
}

/// The cost of one or several lines, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// The price before the discount, in minor units.
    pub price_minor: i64,
    /// The discount on the price, in minor units.
    pub discount_minor: i64,
    /// The fee added to the price, in minor units.
    pub fee_minor: i64,
}

impl Cost {
    /// The amount paid, in minor units: price minus discount plus fee.
    pub fn paid_minor(&self) -> i64 {
        self.price_minor - self.discount_minor + self.fee_minor
    }

    /// The sum of two costs, part by part.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            price_minor: self.price_minor + other.price_minor,
            discount_minor: self.discount_minor + other.discount_minor,
            fee_minor: self.fee_minor + other.fee_minor,
        }
    }
}

/// The posting of a capture. Empty if nothing was due and nothing was discounted.
pub fn capture(cost: Cost) -> Vec<Entry> {
    balanced([
        (Account::Captured, cost.paid_minor()),
        (Account::Discounts, cost.discount_minor),
        (Account::Organization, -cost.price_minor),
        (Account::Fees, -cost.fee_minor),
    ])
}

/// The posting of a refund of `amount_minor`. `cancelled` is the cost of the lines that the refund
/// cancels: their discounts and fees are reversed. The organization bears the rest, whether it is
/// for a line or a goodwill refund.
pub fn refund(amount_minor: i64, cancelled: Cost) -> Vec<Entry> {
    let organization = amount_minor + cancelled.discount_minor - cancelled.fee_minor;
    balanced([
        (Account::Refunded, -amount_minor),
        (Account::Discounts, -cancelled.discount_minor),
        (Account::Organization, organization),
        (Account::Fees, cancelled.fee_minor),
    ])
}

/// The posting that reverses another posting.
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
        let first = ["captured", "refunded", "organization", "fees", "discounts"];
        assert_eq!(Account::ALL.map(Account::as_str)[..5], first);
        assert_eq!(Kind::ALL.map(Kind::as_str)[..2], ["capture", "refund"]);
    }

    /// The accounts that postings use so far.
    const USED: [Account; 5] = [
        Account::Captured,
        Account::Refunded,
        Account::Organization,
        Account::Fees,
        Account::Discounts,
    ];

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
            prop_assert!(entries.iter().all(|entry| USED.contains(&entry.account)));
            // A refund that is reversed and made again equals one refund.
            let again = refund(cost.paid_minor() - kindness, cost);
            entries.extend(reversed(again.clone()));
            prop_assert_eq!(balance(&entries, Account::Refunded), -kindness);
            prop_assert_eq!(entries.iter().map(|entry| entry.minor).sum::<i64>(), 0);
            entries.extend(again);
            prop_assert_eq!(balance(&entries, Account::Refunded), -cost.paid_minor());
        }
    }
}
