//! The types of payment methods that a checkout accepts, by Stripe's names.

use holdfast_domain::checkout::Taking;

/// A type of payment methods that the page can offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodType {
    /// Stripe's name of the type.
    pub name: &'static str,
    /// When the money is taken.
    pub taking: Taking,
    /// The ISO 4217 codes of the only currencies that the type accepts. An empty list means every currency.
    pub currencies: &'static [&'static str],
}

/// The types that a checkout accepts, and therefore can offer: cards, whose amount is reserved first, and types
/// that cannot be captured by hand but tell Stripe whether the buyer has paid, at once or as soon as the buyer
/// has acted (<https://docs.stripe.com/payments/payment-methods/payment-method-support>, "manual capture", and
/// the page of each method).
///
/// Every other type is refused: types that take days to say whether the buyer has paid (debits such as
/// `sepa_debit` and `us_bank_account`, vouchers such as `boleto`, transfers, `payto`, `sofort`); `blik` and
/// `wechat_pay`, whose confirmation needs more than the method; `giropay`, which is in none of the tables any
/// more; and types whose page names no time, such as `pay_by_bank` and `bizum`.
pub const METHOD_TYPES: [MethodType; 13] = [
    MethodType { name: "card", taking: Taking::Later, currencies: &[] },
    at_once(
        "alipay",
        &["AUD", "CAD", "CNY", "EUR", "GBP", "HKD", "JPY", "MYR", "NZD", "SGD", "USD"],
    ),
    at_once("bancontact", &["EUR"]),
    at_once("eps", &["EUR"]),
    at_once("fpx", &["MYR"]),
    at_once("grabpay", &["MYR", "SGD"]),
    at_once("ideal", &["EUR"]),
    at_once("mb_way", &["EUR"]),
    at_once("p24", &["EUR", "PLN"]),
    at_once("paynow", &["SGD"]),
    at_once("promptpay", &["THB"]),
    at_once("swish", &["SEK"]),
    at_once("twint", &["CHF"]),
];

const fn at_once(name: &'static str, currencies: &'static [&'static str]) -> MethodType {
    MethodType { name, taking: Taking::AtOnce, currencies }
}
