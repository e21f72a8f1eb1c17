//! Texts that people type: trimmed, limited in length, without control characters. This module
//! never handles passwords.

mod folded;
pub mod letters;

pub use self::folded::{FOLDING, folded};

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// The text is empty after trimming.
    #[error("must not be empty")]
    Empty,
    /// The text has more than this number of characters.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// The text contains a control character. Line feeds are allowed only in [`paragraphs`].
    #[error("must not contain control characters")]
    Control,
    /// The text cannot be an e-mail address.
    #[error("must be an e-mail address")]
    NotAnEmail,
    /// The text does not have the form of a slug.
    #[error("must be 3 to 80 of a-z, 0-9 and single hyphens between them")]
    NotASlug,
}

/// The maximum length of an e-mail address in characters (RFC 5321, section 4.5.3.1.3, without the
/// angle brackets).
pub const MAX_EMAIL_CHARS: usize = 254;

/// Reads one line of text, such as a name or a title.
///
/// # Errors
/// If the text is empty, has more than `max` characters, or contains control characters.
pub fn line(input: &str, max: usize) -> Result<String, TextFault> {
    let text = input.trim();
    if text.is_empty() {
        return Err(TextFault::Empty);
    }
    if text.chars().any(char::is_control) {
        return Err(TextFault::Control);
    }
    bounded(text, max)
}

/// Reads several lines of text, such as a description. The text may be empty.
///
/// # Errors
/// If the text has more than `max` characters or contains control characters other than line feeds.
pub fn paragraphs(input: &str, max: usize) -> Result<String, TextFault> {
    let text = input.replace("\r\n", "\n");
    let text = text.trim();
    if text.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Err(TextFault::Control);
    }
    bounded(text, max)
}

/// Reads an e-mail address and returns the form in which addresses are stored and compared: trimmed
/// and in lower case.
///
/// The function refuses only texts that can never be an address. Only a mail to the address proves
/// that the address exists.
///
/// # Errors
/// If the text cannot be an address.
pub fn email(input: &str) -> Result<String, TextFault> {
    let text = line(input, MAX_EMAIL_CHARS)?.to_lowercase();
    let (local, domain) = text.rsplit_once('@').ok_or(TextFault::NotAnEmail)?;
    let domain_is_sound = domain.contains('.')
        && domain.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
        });
    let local_is_sound = !local.is_empty()
        && !local.contains(|letter: char| letter.is_whitespace() || letter == '@');
    if domain_is_sound && local_is_sound { Ok(text) } else { Err(TextFault::NotAnEmail) }
}

/// Reads a slug, the name of an event in URLs.
///
/// # Errors
/// If the text is not 3 to 80 characters of `a-z`, `0-9` and single hyphens between them, or could
/// be mistaken for a UUID.
pub fn slug(input: &str) -> Result<String, TextFault> {
    let sound = (3..=80).contains(&input.len())
        && input.split('-').all(|part| {
            !part.is_empty()
                && part.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        })
        && uuid::Uuid::try_parse(input).is_err();
    if sound { Ok(input.to_owned()) } else { Err(TextFault::NotASlug) }
}

fn bounded(text: &str, max: usize) -> Result<String, TextFault> {
    if text.chars().count() > max { Err(TextFault::TooLong(max)) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_trimmed_and_bounded() {
        assert_eq!(line("  Anna ", 10), Ok("Anna".into()));
        assert_eq!(line("   ", 10), Err(TextFault::Empty));
        assert_eq!(line("a\u{0}b", 10), Err(TextFault::Control));
        assert_eq!(line("éééé", 3), Err(TextFault::TooLong(3)));
        assert_eq!(paragraphs("a\r\nb", 10), Ok("a\nb".into()));
        assert_eq!(paragraphs("", 10), Ok(String::new()));
    }

    #[test]
    fn addresses_have_one_form() {
        assert_eq!(email(" Anna@Example.ORG "), Ok("anna@example.org".into()));
        for wrong in
            ["", "anna", "@example.org", "anna@", "anna@example", "a b@example.org", "a@-x.org"]
        {
            assert!(email(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn slugs_are_plain_and_never_ids() {
        assert!(slug("erfurt-handball").is_ok());
        for wrong in
            ["ab", "-abc", "abc-", "a--b", "Abc", "é-été", "0192b3c4-0000-7000-8000-000000000000"]
        {
            assert_eq!(slug(wrong), Err(TextFault::NotASlug), "{wrong}");
        }
    }
}
