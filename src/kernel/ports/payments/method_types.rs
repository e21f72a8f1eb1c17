//! The payment method types that a checkout can take, by Stripe's names.

use holdfast_domain::checkout::Taking;

/// A type of payment methods that the page can offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodType {
    /// Stripe's word for it.
    pub name: &'static str,
    /// When its money is taken.
    pub taking: Taking,
    /// ISO 4217 codes of the only currencies that it takes; none: every one.
    pub currencies: &'static [&'static str],
}

/// The types that a checkout can take, and so those that can be offered: cards, whose amount is reserved first, and
/// those that cannot be captured by hand and of which Stripe knows at once, or once the buyer has acted, whether
/// they have paid (<https://docs.stripe.com/payments/payment-methods/payment-method-support>, "manual capture", and
/// the page of each method).
///
/// Everything else is refused: what takes days to say whether it has paid (debits such as `sepa_debit` and
/// `us_bank_account`, vouchers such as `boleto`, transfers, `payto`, `sofort`); `blik` and `wechat_pay`, whose
/// confirmation wants more than the method; `giropay`, which stands in none of the tables any more; and those whose
/// page names no time, such as `pay_by_bank` and `bizum`.
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
