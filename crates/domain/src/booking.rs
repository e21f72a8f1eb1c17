//! The stored states of a booking, of its payment and of its tickets, and its reference.

/// The state of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BookingState {
    /// The payment is under way.
    Pending,
    /// The booking is paid and its tickets are issued.
    Confirmed,
    /// The payment did not succeed, or it was returned because the seats were lost.
    Failed,
    /// Every line of the booking was cancelled.
    Cancelled,
}

words! { BookingState {
    Pending = "pending",
    Confirmed = "confirmed",
    Failed = "failed",
    Cancelled = "cancelled",
} }

/// The state of a booking's payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentState {
    /// The gateway was asked to prepare the payment.
    Started,
    /// The gateway reserved the amount.
    Authorized,
    /// The gateway took the amount.
    Captured,
    /// The payment was undone before any money was taken.
    Void,
    /// The gateway declined the payment.
    Declined,
}

words! { PaymentState {
    Started = "started",
    Authorized = "authorized",
    Captured = "captured",
    Void = "void",
    Declined = "declined",
} }

/// The state of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketState {
    /// The ticket admits its holder.
    Valid,
    /// The ticket has admitted its holder.
    Used,
    /// The ticket's line was cancelled.
    Cancelled,
    /// The ticket's line was refunded.
    Refunded,
    /// The ticket was transferred to another person.
    Transferred,
}

words! { TicketState {
    Valid = "valid",
    Used = "used",
    Cancelled = "cancelled",
    Refunded = "refunded",
    Transferred = "transferred",
} }

/// The beginning of every reference.
const PREFIX: &str = "HF";
/// How many letters and digits follow, after a hyphen.
const LETTERS: usize = 8;
/// The number of letters and digits of a whole reference.
const REFERENCE_CHARS: usize = PREFIX.len() + LETTERS;
/// The letters and digits of references: 32 signs that are not mistaken for each other
/// (<https://www.crockford.com/base32.html>).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The reference of a booking, such as `HF-7K2M9QXA`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(String);

impl Reference {
    /// A reference of 40 bits of chance, made of eight random bytes.
    pub fn of_chance(bytes: [u8; LETTERS]) -> Self {
        let letters = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        Self(format!("{PREFIX}-{}", letters.collect::<String>()))
    }

    /// Reads a reference as people write it, also without `HF-`; see [`PartOfReference::parse`]. `None` if no booking can have
    /// the reference.
    pub fn parse(typed: &str) -> Option<Self> {
        let part = PartOfReference::parse(typed).ok()?;
        let letters = match part.letters() {
            all if all.len() == REFERENCE_CHARS => all.strip_prefix(PREFIX)?,
            letters => letters,
        };
        (letters.len() == LETTERS).then(|| Self(format!("{PREFIX}-{letters}")))
    }

    /// The reference in the form in which bookings have it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A part of a booking's reference, as somebody typed it, in the letters of references and without a hyphen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartOfReference(String);

/// The text cannot be a part of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadReference {
    /// The text has no letter and no digit.
    #[error("must have a letter or a digit")]
    Empty,
    /// The text is longer than a whole reference.
    #[error("must have at most {REFERENCE_CHARS} letters and digits")]
    TooLong,
    /// The text has a sign that no reference has.
    #[error("must consist of letters and digits")]
    OtherSigns,
}

impl PartOfReference {
    /// Reads a part of a reference. Case, spaces and hyphens do not count. References have no letter that looks like a
    /// digit, so that the letters O, I and L stand for the digits.
    ///
    /// # Errors
    /// When the text has no letter or digit, too many, or other signs.
    pub fn parse(typed: &str) -> Result<Self, BadReference> {
        let is_counted = |sign: &char| !sign.is_whitespace() && *sign != '-';
        let mut letters = String::new();
        for sign in typed.chars().filter(is_counted) {
            if letters.len() == REFERENCE_CHARS {
                return Err(BadReference::TooLong);
            }
            letters.push(match sign.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                letter if letter.is_ascii_alphanumeric() => letter,
                _ => return Err(BadReference::OtherSigns),
            });
        }
        if letters.is_empty() { Err(BadReference::Empty) } else { Ok(Self(letters)) }
    }

    /// The letters and digits, in upper case.
    pub fn letters(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_people_write_it() {
        let read = |typed| Reference::parse(typed).map(|reference| reference.0);
        for typed in ["HF-7K2M9Q10", " hf 7k2m9q10", "7k2m9qio", "HF7K2M9QLO"] {
            assert_eq!(read(typed).as_deref(), Some("HF-7K2M9Q10"), "{typed}");
        }
        for wrong in
            ["", "HF-", "HF-7K2M9Q1", "7K2M9Q1", "XX-7K2M9Q10", "HF-7K2M9Q1\0", "HF-7K2M9Q100"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_reference_of_chance_is_read_again() {
        for bytes in [[0; LETTERS], [255; LETTERS], [10, 21, 32, 43, 54, 65, 76, 87]] {
            let reference = Reference::of_chance(bytes);
            assert_eq!(Reference::parse(reference.as_str()), Some(reference));
        }
        assert_eq!(Reference::of_chance([0, 1, 2, 3, 4, 10, 31, 32]).as_str(), "HF-01234AZ0");
    }

    #[test]
    fn a_part_of_a_reference_is_read_as_people_write_it() {
        let read = |typed| PartOfReference::parse(typed).map(|part| part.0);
        for (typed, letters) in [
            ("HF-7K2M9QXA", "HF7K2M9QXA"),
            (" hf 7k2m ", "HF7K2M"),
            ("7k2m9qxa", "7K2M9QXA"),
            ("oil", "011"),
            ("-9", "9"),
        ] {
            assert_eq!(read(typed).as_deref(), Ok(letters), "{typed}");
        }
        for (typed, fault) in [
            ("", BadReference::Empty),
            (" - ", BadReference::Empty),
            ("HF-7K2M9QXAB", BadReference::TooLong),
            ("7%", BadReference::OtherSigns),
            ("é", BadReference::OtherSigns),
        ] {
            assert_eq!(read(typed), Err(fault), "{typed}");
        }
    }
}
