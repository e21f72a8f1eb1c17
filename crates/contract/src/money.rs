//! Amounts of money on the wire.

use serde::{Deserialize, Serialize};

/// An amount of money in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount in minor units of the currency (cents for EUR).
    pub amount: i64,
    /// The ISO 4217 code of the currency.
    pub currency: String,
}

/// The range of the prices that are on sale now. Both amounts have the same currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PriceRange {
    /// The lowest price at which a place is on sale.
    pub min: Money,
    /// The highest price at which a place is on sale.
    pub max: Money,
}
