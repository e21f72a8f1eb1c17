//! How a booking ended, in words.

use holdfast_contract::{
    bookings::{Booking, BookingStatus},
    money::Money,
    words::BookingFailure,
};

use ui::{i18n::Locale, intl, td_string};

/// The amount of the booking that was refunded or is being refunded. `None` if it is zero.
pub fn given_back(booking: &Booking) -> Option<Money> {
    let amount: i64 = booking.lines.iter().map(|line| line.refunded.amount).sum();
    let currency = booking.total.currency.clone();
    (amount > 0).then_some(Money { amount, currency })
}

/// The sentence about a payment under way. It promises the seats only while the promise is known to hold.
pub fn waiting(locale: Locale, is_held: bool, is_away: bool) -> &'static str {
    match (is_away, is_held) {
        (true, _) => td_string!(locale, booking.pending_away),
        (false, true) => td_string!(locale, booking.pending_held),
        (false, false) => td_string!(locale, booking.pending_ending),
    }
}

/// A heading for the booking's status, and a sentence below it.
pub fn ending(locale: Locale, booking: &Booking) -> (String, String) {
    let failure = booking.failure.as_deref().and_then(BookingFailure::parse);
    let (heading, text) = match booking.status {
        BookingStatus::Confirmed => {
            (td_string!(locale, booking.confirmed), td_string!(locale, booking.confirmed_text))
        }
        // The sentence about a payment under way depends on the connection, see `waiting`.
        BookingStatus::Pending => (td_string!(locale, booking.pending), ""),
        BookingStatus::Failed => {
            let text = match failure {
                Some(BookingFailure::SeatsLostRefunded) => {
                    td_string!(locale, pay.seats_lost_refunded)
                }
                Some(BookingFailure::SeatsLost) => td_string!(locale, pay.seats_lost),
                Some(BookingFailure::PaymentTimeout) => td_string!(locale, pay.timeout),
                Some(BookingFailure::EventCancelled) => {
                    td_string!(locale, booking.event_cancelled_text)
                }
                Some(
                    BookingFailure::PaymentDeclined
                    | BookingFailure::CaptureRefused
                    | BookingFailure::Cancelled,
                )
                | None => td_string!(locale, booking.failed_text),
            };
            (td_string!(locale, booking.failed), text)
        }
        BookingStatus::Cancelled => {
            let text = if failure == Some(BookingFailure::EventCancelled) {
                td_string!(locale, booking.event_cancelled_text)
            } else {
                td_string!(locale, booking.cancelled_text)
            };
            (td_string!(locale, booking.cancelled), text)
        }
    };
    let mut text = String::from(text);
    if booking.status == BookingStatus::Cancelled
        && let Some(back) = given_back(booking)
    {
        let amount = intl::money(locale, &back);
        text.push(' ');
        text.push_str(&td_string!(locale, booking.on_its_way, amount = amount.as_str()));
    }
    (heading.into(), text)
}
