//! The payment methods of Stripe's test mode (<https://docs.stripe.com/testing>) with their documented names. Methods
//! of a kind without documented names are named after their kind.

/// The behaviour of the bank when a payment with this method is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// The bank reserves the amount, or pays it at once.
    Succeeds,
    /// The bank declines: the error's code, and the decline code if there is one.
    Declines(&'static str, Option<&'static str>),
    /// The buyer must take a second step, which decides.
    AsksBuyer,
    /// The buyer must take a second step, after which the bank declines.
    AsksBuyerThenDeclines(&'static str, Option<&'static str>),
}

/// A payment method of test mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestMethod {
    /// Stripe's word for the kind, such as `card`.
    pub kind: &'static str,
    pub behaviour: Behaviour,
}

impl TestMethod {
    /// Whether the money can be reserved first and captured later.
    pub fn captures_by_hand(self) -> bool {
        self.kind == "card"
    }
}

/// The card method with this name.
pub fn find(name: &str) -> Option<TestMethod> {
    use Behaviour::{AsksBuyer, AsksBuyerThenDeclines, Declines, Succeeds};
    let card = |behaviour| Some(TestMethod { kind: "card", behaviour });
    let declined = |decline_code| Declines("card_declined", Some(decline_code));
    let bare = name.strip_prefix("pm_card_")?;
    match bare {
        "visa" | "visa_debit" | "mastercard" | "amex" | "discover" | "diners" | "jcb" => {
            card(Succeeds)
        }
        "chargeDeclined" | "visa_chargeDeclined" => card(declined("generic_decline")),
        "chargeDeclinedInsufficientFunds" | "visa_chargeDeclinedInsufficientFunds" => {
            card(declined("insufficient_funds"))
        }
        "chargeDeclinedLostCard" | "visa_chargeDeclinedLostCard" => card(declined("lost_card")),
        "chargeDeclinedStolenCard" | "visa_chargeDeclinedStolenCard" => {
            card(declined("stolen_card"))
        }
        "chargeDeclinedExpiredCard" => card(Declines("expired_card", Some("expired_card"))),
        "chargeDeclinedIncorrectCvc" => card(Declines("incorrect_cvc", Some("incorrect_cvc"))),
        "chargeDeclinedProcessingError" => {
            card(Declines("processing_error", Some("processing_error")))
        }
        "authenticationRequired" | "threeDSecure2Required" => card(AsksBuyer),
        "authenticationRequiredChargeDeclinedInsufficientFunds" => {
            card(AsksBuyerThenDeclines("card_declined", Some("insufficient_funds")))
        }
        _ => None,
    }
}

/// The method with this name, of a kind that takes the money at once or not at all and therefore cannot be captured
/// separately.
pub fn find_any(name: &str) -> Option<TestMethod> {
    use Behaviour::{AsksBuyer, AsksBuyerThenDeclines, Declines, Succeeds};
    let declined = "payment_method_provider_decline";
    let (kind, behaviour) = match name {
        "pm_usBankAccount_success" => ("us_bank_account", Succeeds),
        "pm_sepaDebit_success" => ("sepa_debit", Succeeds),
        "pm_boleto" => ("boleto", AsksBuyer),
        "pm_blik" => ("blik", AsksBuyer),
        "pm_twint" => ("twint", Succeeds),
        "pm_twint_declined" => ("twint", Declines(declined, None)),
        "pm_ideal" => ("ideal", AsksBuyer),
        "pm_ideal_declined" => ("ideal", AsksBuyerThenDeclines(declined, None)),
        _ => return find(name),
    };
    Some(TestMethod { kind, behaviour })
}
