//! Amounts and reasons in the words of mails.

use holdfast_domain::money::{Currency, major_units};

use super::EVENT_CANCELLED;

/// An amount with the currency's digits and its ISO 4217 code, such as `45.00 EUR`.
pub(super) fn amount(minor: i64, currency: Currency, point: char) -> String {
    let text = major_units(minor, currency.decimals(), point);
    // A line break between amount and code would be hard to read.
    format!("{text}\u{a0}{}", currency.as_str())
}

/// Why a booking failed, in English and in French, by the word of the booking's `failure`.
pub(super) fn reason(failure: &str) -> (&'static str, &'static str) {
    match failure {
        "payment-declined" => (
            "The payment was declined. Nothing was charged.",
            "Le paiement a été refusé. Rien n’a été débité.",
        ),
        "payment-timeout" => (
            "The payment was not completed in time. Nothing was charged.",
            "Le paiement n’a pas été terminé à temps. Rien n’a été débité.",
        ),
        "seats-lost" => (
            "Some of your places were lost before the payment was complete. Nothing was charged.",
            "Certaines de vos places ont été perdues avant la fin du paiement. Rien n’a été débité.",
        ),
        "seats-lost-refunded" => (
            "Your payment arrived after your places were lost. The whole amount goes back to your payment method.",
            "Votre paiement est arrivé après la perte de vos places. Le montant entier retourne sur le moyen de paiement utilisé.",
        ),
        "capture-refused" => (
            "Your bank did not release the amount. Nothing was charged.",
            "Votre banque n’a pas libéré le montant. Rien n’a été débité.",
        ),
        EVENT_CANCELLED => (
            "The organizer cancelled the event while you were paying. Nothing was charged.",
            "L’organisateur a annulé l’événement pendant votre paiement. Rien n’a été débité.",
        ),
        _ => (
            "The booking could not be completed. Nothing was charged.",
            "La réservation n’a pas pu être terminée. Rien n’a été débité.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use holdfast_domain::checkout::{Decline, Failure};

    use super::*;

    #[test]
    fn every_failure_has_its_own_reason() {
        let declined = Failure::Declined { code: Decline::METHOD_UNSUPPORTED.to_owned() };
        let failures = [
            declined,
            Failure::SeatsLost,
            Failure::SeatsLostRefunded,
            Failure::TimedOut,
            Failure::CaptureRefused,
        ];
        let words = failures.iter().map(Failure::name).chain([EVENT_CANCELLED]);
        for word in words {
            assert_ne!(reason(word), reason("another"), "{word}");
        }
    }

    #[test]
    fn an_amount_has_the_digits_of_its_currency() {
        let of = |code: &str| Currency::of_code(code).expect("a currency");
        assert_eq!(amount(4500, of("EUR"), '.'), "45.00\u{a0}EUR");
        assert_eq!(amount(5, of("EUR"), ','), "0,05\u{a0}EUR");
        assert_eq!(amount(4500, of("JPY"), '.'), "4500\u{a0}JPY");
        assert_eq!(amount(4500, of("KWD"), '.'), "4.500\u{a0}KWD");
    }
}
