//! Currencies: which there are, how many minor units one unit has, and which prices are possible.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency code: three upper-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// The error for a text that is not the code of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the code of a currency in use (ISO 4217), such as EUR")]
pub struct NotACurrency;

/// Why an amount cannot be the price of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPrice {
    /// The amount is negative or larger than this maximum, in minor units.
    #[error("must be between 0 and {0}")]
    Range(i64),
    /// The amount is not a multiple of this number of minor units.
    #[error("must be a multiple of {0}, because nobody can pay a smaller part of this currency")]
    Step(i64),
}

/// Currencies without minor units (ISO 4217).
const NO_DECIMALS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
/// Currencies whose unit has a hundred minor units (ISO 4217).
const TWO_DECIMALS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD \
    CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD \
    GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL \
    MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN \
    PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP \
    SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";
/// Currencies whose unit has a thousand minor units (ISO 4217).
const THREE_DECIMALS: &str = "BHD IQD JOD KWD LYD OMR TND";
/// Currencies whose unit was worth less than 0.01 EUR, or little more, in 2026. They have higher prices.
const SMALL_UNITS: &str = "ALL AMD AOA ARS BIF CDF CLP COP CRC DJF GNF GYD HUF IDR IQD IRR ISK JMD JPY KHR KMF KPW \
    KRW KZT LAK LBP LKR LRD MGA MMK MNT MWK NGN PKR PYG RSD RWF SDG SOS SSP SYP TZS UGX UZS \
    VES VND VUV XAF XOF XPF YER ZWG";

/// The maximum price in units of the currency.
const MAX_UNITS: i64 = 1_000_000;
/// The maximum price in units of a currency of [`SMALL_UNITS`].
const MAX_SMALL_UNITS: i64 = 100_000_000;
/// The minor units of a currency that [`Currency::parse`] does not know, so that old rows stay readable.
const ASSUMED_DECIMALS: u32 = 2;

impl Currency {
    /// Reads the code of a currency that people pay with.
    ///
    /// # Errors
    /// If ISO 4217 has no such currency today, or the code is a fund, a metal or a test code.
    pub fn parse(code: &str) -> Result<Self, NotACurrency> {
        let currency = Self::of_code(code)?;
        currency.listed_decimals().map(|_| currency).ok_or(NotACurrency)
    }

    /// Reads a code that was accepted earlier: a code from the database, or a code that the gateway repeats. The list
    /// of currencies changes, but sales in an old currency stay readable.
    ///
    /// # Errors
    /// If the text is not three upper-case ASCII letters.
    pub fn of_code(code: &str) -> Result<Self, NotACurrency> {
        match code.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(NotACurrency),
        }
    }

    /// Every currency that [`Currency::parse`] accepts.
    pub fn all() -> impl Iterator<Item = Self> {
        [NO_DECIMALS, TWO_DECIMALS, THREE_DECIMALS]
            .into_iter()
            .flat_map(str::split_whitespace)
            .filter_map(|code| Self::of_code(code).ok())
    }

    /// The three upper-case letters of the code, such as `EUR`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a code has ASCII letters alone")
    }

    /// The number of decimals of an amount: 2 for EUR, 0 for JPY, 3 for KWD. Browsers use other numbers for some
    /// currencies (0 for HUF), so the pages never let a browser choose the number.
    pub fn decimals(self) -> u32 {
        self.listed_decimals().unwrap_or(ASSUMED_DECIMALS)
    }

    fn listed_decimals(self) -> Option<u32> {
        [(NO_DECIMALS, 0), (TWO_DECIMALS, 2), (THREE_DECIMALS, 3)]
            .into_iter()
            .find_map(|(codes, decimals)| self.is_among(codes).then_some(decimals))
    }

    fn is_among(self, codes: &str) -> bool {
        codes.split_whitespace().any(|code| code.as_bytes() == self.0)
    }

    /// The maximum price of a place, in minor units.
    pub fn max_price_minor(self) -> i64 {
        let units = if self.is_among(SMALL_UNITS) { MAX_SMALL_UNITS } else { MAX_UNITS };
        units * 10_i64.pow(self.decimals())
    }

    /// The number of minor units of which every price is a multiple. Card payments have no third decimal, and none at
    /// all in MGA (<https://docs.stripe.com/currencies#three-decimal>).
    pub fn price_step_minor(self) -> i64 {
        match (self.decimals(), &self.0) {
            (3, _) => 10,
            (_, b"MGA") => 100,
            (_, _) => 1,
        }
    }

    /// Checks the price of a place.
    ///
    /// # Errors
    /// If the amount is not between 0 and [`Currency::max_price_minor`], or not a multiple of
    /// [`Currency::price_step_minor`].
    pub fn price(self, minor: i64) -> Result<i64, NotAPrice> {
        let (max, step) = (self.max_price_minor(), self.price_step_minor());
        if !(0..=max).contains(&minor) {
            Err(NotAPrice::Range(max))
        } else if minor % step == 0 {
            Ok(minor)
        } else {
            Err(NotAPrice::Step(step))
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = NotACurrency;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::of_code(&code)
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

#[cfg(test)]
mod tests {
    use iso_currency::{Currency as Listed, Flag, IntoEnumIterator as _};

    use super::*;
    use crate::money::MAX_AMOUNT_MINOR;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect("a currency")
    }

    #[test]
    fn every_currency_in_use_has_the_decimals_of_iso_4217() {
        let mut used = 0;
        for listed in Listed::iter() {
            // VES is paid with beside VED; the list calls it superseded.
            let in_use = listed.code() == "VES" || listed.flags().is_empty();
            let decimals = listed.exponent().map(u32::from).filter(|_| in_use);
            let known = Currency::parse(listed.code()).ok();
            assert_eq!(known.map(Currency::decimals), decimals, "{}", listed.code());
            assert!(!listed.has_flag(Flag::Fund) || known.is_none(), "{}", listed.code());
            used += usize::from(known.is_some());
        }
        assert_eq!(Currency::all().count(), used);
    }

    #[test]
    fn unknown_codes_are_refused_and_stay_readable_where_they_are_stored() {
        for wrong in ["", "eur", "EURO", "E1R", "€", "XXX", "ABC", "XTS", "XAU"] {
            assert_eq!(Currency::parse(wrong), Err(NotACurrency), "{wrong}");
        }
        let old = Currency::of_code("ABC").expect("three letters");
        assert_eq!((old.as_str(), old.decimals()), ("ABC", 2));
        assert_eq!(serde_json::from_str::<Currency>("\"ABC\"").ok(), Some(old));
        assert_eq!(Currency::of_code("eur"), Err(NotACurrency));
    }

    #[test]
    fn prices_are_what_people_pay_in_the_currency() {
        for (code, minor, wanted) in [
            ("EUR", 100_000_000, Ok(100_000_000)),
            ("EUR", 100_000_001, Err(NotAPrice::Range(100_000_000))),
            ("EUR", -1, Err(NotAPrice::Range(100_000_000))),
            ("IDR", 150_000_000, Ok(150_000_000)),
            ("JPY", 1_500_000, Ok(1_500_000)),
            ("KWD", 4_500, Ok(4_500)),
            ("KWD", 4_501, Err(NotAPrice::Step(10))),
            ("MGA", 4_550, Err(NotAPrice::Step(100))),
        ] {
            assert_eq!(currency(code).price(minor), wanted, "{minor} {code}");
        }
        for currency in Currency::all() {
            let max = currency.max_price_minor();
            assert_eq!(currency.price(max), Ok(max), "{currency}");
            assert!(max.checked_mul(10_000).is_some_and(|total| total <= MAX_AMOUNT_MINOR));
        }
        for code in SMALL_UNITS.split_whitespace() {
            assert_eq!(currency(code).as_str(), code);
        }
    }
}
