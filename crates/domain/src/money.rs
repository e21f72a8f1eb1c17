//! Money: integers in minor units, one currency at a time. An overflow is always an error.

mod currency;

use serde::{Deserialize, Serialize};

pub use self::currency::{Currency, NotACurrency, NotAPrice};

/// The largest amount of one booking, in minor units. It is so far from the limits of `i64` that
/// sums cannot overflow, and browsers count it exactly.
pub const MAX_AMOUNT_MINOR: i64 = 1_000_000_000_000_000;

/// An amount of money in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The amount in minor units. Negative only in ledgers.
    pub minor: i64,
    /// The currency of the amount.
    pub currency: Currency,
}

/// An amount in major units as a decimal number, such as `45.00` for 4,500 minor units of a currency with two `digits`.
/// `point` stands before the decimals. The amount is not negative.
pub fn major_units(minor: i64, digits: u32, point: char) -> String {
    let unit = 10_i64.pow(digits);
    let whole = minor / unit;
    if digits == 0 {
        return whole.to_string();
    }
    format!("{whole}{point}{:0width$}", minor % unit, width = digits as usize)
}

/// Why a sum or product of amounts cannot be formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The amounts have these two different currencies.
    #[error("amounts in {0} and {1} cannot be added")]
    MixedCurrency(Currency, Currency),
    /// The result is larger than [`MAX_AMOUNT_MINOR`].
    #[error("the amount is too large")]
    TooLarge,
}

impl Money {
    /// An amount of `minor` minor units of the currency.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Adds an amount of the same currency.
    ///
    /// # Errors
    /// If the currencies differ or the sum is larger than [`MAX_AMOUNT_MINOR`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrency(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::TooLarge)?;
        if minor.abs() > MAX_AMOUNT_MINOR {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self { minor, currency: self.currency })
    }

    /// Multiplies the amount by a quantity.
    ///
    /// # Errors
    /// If the product is larger than [`MAX_AMOUNT_MINOR`].
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(i64::from(quantity)).ok_or(MoneyError::TooLarge)?;
        if minor.abs() > MAX_AMOUNT_MINOR {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self { minor, currency: self.currency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_refuse_other_currencies_and_overflow() {
        let (eur, chf) =
            (Currency::parse("EUR").expect("code"), Currency::parse("CHF").expect("code"));
        let two = Money::new(200, eur);
        assert_eq!(two.plus(Money::new(50, eur)), Ok(Money::new(250, eur)));
        assert_eq!(two.plus(Money::new(1, chf)), Err(MoneyError::MixedCurrency(eur, chf)));
        assert_eq!(Money::new(i64::MAX, eur).plus(two), Err(MoneyError::TooLarge));
        assert_eq!(Money::new(MAX_AMOUNT_MINOR, eur).times(2), Err(MoneyError::TooLarge));
        assert_eq!(two.times(3), Ok(Money::new(600, eur)));
    }
}
