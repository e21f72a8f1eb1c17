//! Translates Stripe's objects into the terms of a checkout.

use holdfast_domain::{
    checkout::{Decline, Outcome, PaymentId, PaymentSeen, PaymentStatus, RefundId, Taking},
    ids::SagaId,
    money::{Currency, Money},
    refund::{BookedRefund, Fate, GatewayBooks},
};
use stripe_core::{PaymentIntent, PaymentIntentStatus, Refund};
use uuid::Uuid;

use crate::kernel::ports::payments::{
    GatewayPayment, RefundRefused, Unreachable, method_types::METHOD_TYPES,
};

/// Currencies without minor units whose amounts Stripe nevertheless counts in hundredths
/// (<https://docs.stripe.com/currencies#special-cases>).
const COUNTED_IN_HUNDREDTHS: [&str; 2] = ["ISK", "UGX"];
/// A currency whose hundredths nobody uses in payments, so Stripe counts whole units
/// (<https://docs.stripe.com/currencies#zero-decimal>).
const COUNTED_WHOLE: &str = "MGA";
/// Decline codes that the buyer must not see, because they would tell the holder of a stolen card too much
/// (<https://docs.stripe.com/declines/codes>).
const KEPT_BACK: [&str; 6] = [
    "generic_decline",
    "fraudulent",
    "lost_card",
    "merchant_blacklist",
    "pickup_card",
    "stolen_card",
];

/// The name of the metadata in which a refund carries the idempotency key that made it.
pub(super) const KEY: &str = "key";

/// The amount in Stripe's units. `None` when Stripe cannot take this amount.
pub(super) fn to_stripe(amount: Money) -> Option<i64> {
    let currency = amount.currency.as_str();
    if COUNTED_IN_HUNDREDTHS.contains(&currency) {
        return amount.minor.checked_mul(100);
    }
    let payable = amount.minor % amount.currency.price_step_minor() == 0;
    let units = if currency == COUNTED_WHOLE { 100 } else { 1 };
    payable.then_some(amount.minor / units)
}

fn from_stripe(amount: i64, currency: Currency) -> i64 {
    match currency.as_str() {
        COUNTED_WHOLE => amount.saturating_mul(100),
        code if COUNTED_IN_HUNDREDTHS.contains(&code) => amount / 100,
        _ => amount,
    }
}

/// The code by which the buyer's page chooses its text.
pub(super) fn decline_code(code: Option<&str>, decline_code: Option<&str>) -> String {
    let code = code.unwrap_or("card_declined");
    match decline_code {
        Some(said) if code == "card_declined" && !KEPT_BACK.contains(&said) => said.to_owned(),
        _ => code.to_owned(),
    }
}

/// Whether the payment's method takes the money at once. The payment must have been fetched with its method
/// expanded.
pub(super) fn pays_at_once(intent: &PaymentIntent) -> bool {
    let method = intent.payment_method.as_ref().and_then(|method| method.as_object());
    let mut at_once = METHOD_TYPES.iter().filter(|known| known.taking == Taking::AtOnce);
    method.is_some_and(|method| at_once.any(|known| known.name == method.type_.as_str()))
}

pub(super) fn last_decline(intent: &PaymentIntent) -> Decline {
    let code = intent.last_payment_error.as_ref().map_or_else(
        || "card_declined".to_owned(),
        |error| {
            let code = error.code.as_ref().map(|code| code.as_str());
            decline_code(code, error.decline_code.as_deref())
        },
    );
    Decline { code }
}

/// The state of a payment. `None` when Stripe uses a word that this program does not know.
#[expect(clippy::wildcard_enum_match_arm, reason = "Stripe adds words to its own enums")]
fn status(intent: &PaymentIntent) -> Option<PaymentStatus> {
    match &intent.status {
        PaymentIntentStatus::RequiresConfirmation => Some(PaymentStatus::Prepared),
        PaymentIntentStatus::RequiresPaymentMethod => Some(PaymentStatus::Declined),
        PaymentIntentStatus::RequiresAction => Some(PaymentStatus::ActionRequired),
        PaymentIntentStatus::Processing => Some(PaymentStatus::Processing),
        PaymentIntentStatus::RequiresCapture => Some(PaymentStatus::Authorized),
        PaymentIntentStatus::Succeeded => Some(PaymentStatus::Captured),
        PaymentIntentStatus::Canceled => Some(PaymentStatus::Voided),
        other => {
            tracing::error!(payment = %intent.id, status = other.as_str(), "an unknown status");
            None
        }
    }
}

/// Chooses among several payments of one saga: the payment that took or holds money, otherwise the payment that
/// was made first. The other payments were never confirmed.
pub(super) fn most_telling(newest_first: &[PaymentIntent]) -> Option<PaymentId> {
    let rank = |intent: &&PaymentIntent| match status(intent) {
        Some(PaymentStatus::Captured) => 3,
        Some(PaymentStatus::Authorized) => 2,
        Some(PaymentStatus::ActionRequired | PaymentStatus::Processing) => 1,
        Some(PaymentStatus::Prepared | PaymentStatus::Declined | PaymentStatus::Voided) | None => 0,
    };
    newest_first.iter().max_by_key(rank).map(|intent| PaymentId(intent.id.to_string()))
}

/// A payment as a checkout saga sees it.
pub(super) fn seen(intent: &PaymentIntent) -> Option<PaymentSeen> {
    let status = status(intent)?;
    let (acts, declined) =
        (status == PaymentStatus::ActionRequired, status == PaymentStatus::Declined);
    Some(PaymentSeen {
        status,
        client_secret: intent.client_secret.clone().filter(|_| acts),
        decline: declined.then(|| last_decline(intent)),
    })
}

fn currency(intent: &PaymentIntent) -> Result<Currency, Unreachable> {
    Currency::of_code(&intent.currency.to_string().to_uppercase()).map_err(|_| Unreachable)
}

/// A payment as the reconciliation compares it.
pub(super) fn payment(
    intent: &PaymentIntent,
    saga_key: &str,
) -> Result<GatewayPayment, Unreachable> {
    let currency = currency(intent)?;
    let refunded = intent
        .latest_charge
        .as_ref()
        .and_then(|charge| charge.as_object())
        .map_or(0, |charge| charge.amount_refunded);
    let saga = intent.metadata.get(saga_key).and_then(|saga| Uuid::parse_str(saga).ok());
    Ok(GatewayPayment {
        id: PaymentId(intent.id.to_string()),
        saga: saga.map(SagaId),
        amount: Money::new(from_stripe(intent.amount, currency), currency),
        captured_minor: from_stripe(intent.amount_received, currency),
        refunded_minor: from_stripe(refunded, currency),
        status: status(intent).ok_or(Unreachable)?,
        created_ms: intent.created * 1000,
    })
}

/// The key under which a refund was made. `None` when somebody made the refund in Stripe's dashboard.
pub(super) fn key(refund: &Refund) -> Option<&str> {
    refund.metadata.as_ref()?.get(KEY).map(String::as_str)
}

/// Whether a refund was made or failed. A pending refund counts as made: Stripe carries it on by itself and
/// reports a failure.
fn fate(refund: &Refund) -> Fate {
    match refund.status.as_deref() {
        Some(status @ ("failed" | "canceled")) => {
            let code = refund.failure_reason.clone();
            Fate::Failed { code: code.unwrap_or_else(|| format!("refund_{status}")) }
        }
        _ => Fate::Made,
    }
}

/// The outcome of a refund call, read from the refund in Stripe's response.
pub(super) fn refund(refund: &Refund) -> Outcome<RefundId, RefundRefused> {
    match fate(refund) {
        Fate::Failed { code } => Outcome::Refused(RefundRefused { code }),
        Fate::Made => Outcome::Done(RefundId(refund.id.to_string())),
    }
}

/// The captured amount of a payment, and its refunds.
pub(super) fn books(
    intent: &PaymentIntent,
    refunds: &[Refund],
) -> Result<GatewayBooks, Unreachable> {
    let currency = currency(intent)?;
    let entry = |refund: &Refund| BookedRefund {
        id: RefundId(refund.id.to_string()),
        key: key(refund).map(str::to_owned),
        minor: from_stripe(refund.amount, currency),
        fate: fate(refund),
    };
    let captured_minor = from_stripe(intent.amount_received, currency);
    Ok(GatewayBooks { captured_minor, refunds: refunds.iter().map(entry).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_counted_as_stripe_counts_them() {
        for (minor, currency, stripe) in [
            (4500, "EUR", Some(4500)),
            (4500, "JPY", Some(4500)),
            (45, "ISK", Some(4500)),
            (4500, "KWD", Some(4500)),
            (4501, "KWD", None),
            (4500, "HUF", Some(4500)),
            (4500, "MGA", Some(45)),
            (4501, "MGA", None),
            (i64::MAX, "UGX", None),
        ] {
            let currency = Currency::parse(currency).expect("a currency");
            assert_eq!(to_stripe(Money::new(minor, currency)), stripe, "{minor} {currency}");
            if let Some(stripe) = stripe {
                assert_eq!(from_stripe(stripe, currency), minor);
            }
        }
    }

    #[test]
    fn a_buyer_hears_the_banks_reason_unless_it_tells_a_thief() {
        for (code, said, told) in [
            (Some("card_declined"), Some("insufficient_funds"), "insufficient_funds"),
            (Some("card_declined"), Some("generic_decline"), "card_declined"),
            (Some("card_declined"), Some("stolen_card"), "card_declined"),
            (Some("expired_card"), Some("expired_card"), "expired_card"),
            (None, None, "card_declined"),
        ] {
            assert_eq!(decline_code(code, said), told);
        }
    }
}
