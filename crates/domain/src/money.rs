//! Money: integers in minor units, one currency at a time. An overflow is always an error.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency code: three upper-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// The error for a text that is not three upper-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three upper-case letters (ISO 4217)")]
pub struct NotACurrency;

impl Currency {
    /// Reads a currency code.
    ///
    /// # Errors
    /// If the text is not three upper-case ASCII letters.
    pub fn parse(code: &str) -> Result<Self, NotACurrency> {
        match code.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(NotACurrency),
        }
    }

    /// How many digits of an amount in minor units stand behind the decimal point (ISO 4217, list one, "minor unit").
    /// Browsers and CLDR count otherwise for some currencies, because they follow the coins in use.
    pub const fn exponent(self) -> u8 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }

    /// The three upper-case letters of the code, such as `EUR`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl TryFrom<String> for Currency {
    type Error = NotACurrency;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The largest amount of one booking, in minor units. It is so far from the limits of `i64` that
/// sums cannot overflow.
pub const MAX_AMOUNT_MINOR: i64 = 1_000_000_000_000;

/// An amount of money in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The amount in minor units. Negative only in ledgers.
    pub minor: i64,
    /// The currency of the amount.
    pub currency: Currency,
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
    fn only_three_upper_case_letters_are_a_currency() {
        assert_eq!(Currency::parse("EUR").map(|c| c.to_string()), Ok("EUR".to_owned()));
        for wrong in ["", "eur", "EURO", "E1R", "€"] {
            assert_eq!(Currency::parse(wrong), Err(NotACurrency), "{wrong}");
        }
    }

    #[test]
    fn the_minor_unit_is_that_of_iso_4217() {
        for (code, exponent) in
            [("EUR", 2), ("HUF", 2), ("IDR", 2), ("COP", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)]
        {
            assert_eq!(Currency::parse(code).map(Currency::exponent), Ok(exponent), "{code}");
        }
    }

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
