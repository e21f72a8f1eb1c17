//! E-mail addresses: one form for storing and comparing, so that an address that looks like another one, or is another
//! one in a different spelling, is no second person.

use std::fmt;

use icu_properties::{CodePointMapData, props::Script};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_security::{RestrictionLevel, RestrictionLevelDetection, skeleton};

use crate::text::{TextFault, letters, line, nfc, nfd};

/// The maximum length of an address in characters (RFC 5321, section 4.5.3.1.3, without the angle brackets).
pub const MAX_CHARS: usize = 254;
/// The maximum length of the part before the `@`, in bytes (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;

/// An e-mail address in the form in which addresses are stored and compared: in lower case and in NFC, the domain as
/// IDNA shows it to people (UTS 46). Two addresses of one mailbox are equal, except where a mail server gives upper case
/// or dots a meaning of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

/// Why a text is no e-mail address that can be used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailFault {
    /// The text is empty, too long, or contains control characters or hidden characters.
    #[error(transparent)]
    Text(#[from] TextFault),
    /// The text is not a local part, an `@` and a domain name with a dot.
    #[error("must be an e-mail address")]
    NotAnAddress,
    /// The address mixes scripts, or looks like an address in Latin letters and is another one (UTS 39).
    #[error("must not mix scripts or imitate other letters")]
    Imitates,
}

impl EmailAddress {
    /// Reads an address that somebody typed. Only a mail to the address proves that it exists.
    ///
    /// # Errors
    /// See [`EmailFault`].
    pub fn parse(input: &str) -> Result<Self, EmailFault> {
        let text = line(input, MAX_CHARS)?;
        let (local, domain) = text.rsplit_once('@').ok_or(EmailFault::NotAnAddress)?;
        if local.contains(letters::is_invisible) {
            return Err(TextFault::Hidden.into());
        }
        let local = nfc(&without_second_dots(&local.to_lowercase()));
        if !(1..=MAX_LOCAL_BYTES).contains(&local.len()) || !local.chars().all(is_of_local_part) {
            return Err(EmailFault::NotAnAddress);
        }
        let domain = self::domain(domain)?;
        if std::iter::once(local.as_str()).chain(domain.split('.')).any(imitates) {
            return Err(EmailFault::Imitates);
        }
        Ok(Self(format!("{local}@{domain}")))
    }

    /// The stored form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The other texts under which this address may have been stored before addresses had one form: the domain in
    /// ASCII, and letters taken apart (NFD).
    pub fn older_forms(&self) -> Vec<String> {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        let ascii = idna::domain_to_ascii(domain).unwrap_or_default();
        let mut forms = Vec::new();
        for local in [local.to_owned(), nfd(local)] {
            for domain in [domain.to_owned(), nfd(domain), ascii.clone()] {
                let form = format!("{local}@{domain}");
                if form != self.0 && !forms.contains(&form) {
                    forms.push(form);
                }
            }
        }
        forms
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The form in which the address was stored before addresses had one form: trimmed and in lower case. An account of
/// that time whose address has another form now is found by it.
pub fn as_once_stored(input: &str) -> String {
    input.trim().to_lowercase()
}

/// The address in the form that every mail server takes: the domain in ASCII (IDNA). An address that is no address stays
/// as it is, and the mail server refuses it.
pub fn for_mail_server(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => match idna::domain_to_ascii(domain) {
            Ok(ascii) => format!("{local}@{ascii}"),
            Err(_) => address.to_owned(),
        },
        None => address.to_owned(),
    }
}

/// Removes the dot above from letters that already have one: the Turkish İ becomes an i with a second dot in lower case,
/// which nobody can tell from an i.
fn without_second_dots(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter != '\u{307}' || !kept.ends_with(['i', 'ı', 'j', 'ȷ']) {
            kept.push(letter);
        }
    }
    kept
}

/// Whether the character may stand before the `@`: it belongs to words, is an ASCII sign, or is the curved apostrophe.
fn is_of_local_part(letter: char) -> bool {
    letter != '@' && (letter.is_ascii_graphic() || letter == '’' || letters::is_word(letter))
}

/// The domain name as people read it, with at least one dot. `xn--…` becomes the letters that it stands for.
fn domain(input: &str) -> Result<String, EmailFault> {
    // Real names have hyphens at the third and fourth place.
    let (deny, hyphens) = (AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    let ascii = Uts46::new().to_ascii(input.as_bytes(), deny, hyphens, DnsLength::Verify);
    let ascii = ascii.map_err(|_| EmailFault::NotAnAddress)?;
    let (shown, sound) = idna::domain_to_unicode(&ascii);
    sound.map_err(|_| EmailFault::NotAnAddress)?;
    let is_sound = ascii.contains('.') && ascii.split('.').all(|label| !label.is_empty());
    if is_sound { Ok(shown) } else { Err(EmailFault::NotAnAddress) }
}

/// Whether a reader would take the text for another one: it mixes scripts that no language mixes, or consists of
/// letters that all look Latin.
fn imitates(text: &str) -> bool {
    // Signs such as `+` belong to no script.
    let letters: String = text.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let mixes = letters.detect_restriction_level() > RestrictionLevel::HighlyRestrictive;
    let scripts = CodePointMapData::<Script>::new();
    let is_foreign = |letter: char| {
        !matches!(scripts.get(letter), Script::Latin | Script::Common | Script::Inherited)
    };
    mixes || (letters.contains(is_foreign) && skeleton(&letters).all(|letter| letter.is_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: Result<&str, EmailFault>) {
        let parsed = EmailAddress::parse(input);
        assert_eq!(
            parsed.as_ref().map(EmailAddress::as_str).map_err(|it| *it),
            expected,
            "{input}"
        );
    }

    #[test]
    fn one_mailbox_has_one_form() {
        for input in ["ada@example.org", " Ada@Example.ORG ", "ADA@example。org"] {
            check(input, Ok("ada@example.org"));
        }
        for input in [
            "a@bücher.example",
            "a@BÜCHER.example",
            "a@xn--bcher-kva.example",
            "a@bu\u{308}cher.example",
        ] {
            check(input, Ok("a@bücher.example"));
        }
        check("jose\u{301}@example.org", Ok("josé@example.org"));
        check("o'brien+tag@sub.example.org", Ok("o'brien+tag@sub.example.org"));
        check("用户@例子.广告", Ok("用户@例子.广告"));
        check("почта@пример.рф", Ok("почта@пример.рф"));
        for own in
            ["kæmpe@bærum.no", "cœur@example.fr", "yıldız@example.org", "o’brien@example.org"]
        {
            check(own, Ok(own));
        }
        check("İi@example.org", Ok("ii@example.org"));
        check("i\u{307}\u{307}x@example.org", Ok("ix@example.org"));
        check("ı\u{307}van@example.org", Ok("ıvan@example.org"));
        check("ada@my--shop.example", Ok("ada@my--shop.example"));
    }

    #[test]
    fn the_form_of_an_address_is_read_as_itself() {
        for input in
            ["İ\u{307}i@example.org", "jose\u{301}@bu\u{308}cher.example", "Q\u{307}@a.example"]
        {
            let form = EmailAddress::parse(input).expect("an address");
            assert_eq!(EmailAddress::parse(form.as_str()).as_ref(), Ok(&form));
        }
    }

    #[test]
    fn an_address_knows_its_older_forms() {
        let address = EmailAddress::parse("josé@bücher.example").expect("an address");
        let forms = address.older_forms();
        assert_eq!(forms.len(), 5, "{forms:?}");
        for form in ["josé@xn--bcher-kva.example", "jose\u{301}@bu\u{308}cher.example"] {
            assert!(forms.iter().any(|it| it == form), "{forms:?}");
        }
        let plain = EmailAddress::parse("ada@example.org").expect("an address");
        assert_eq!(plain.older_forms(), Vec::<String>::new());
    }

    #[test]
    fn an_address_that_looks_like_another_is_refused() {
        // Cyrillic letters among Latin ones, and Cyrillic letters that all look Latin.
        check("аda@example.org", Err(EmailFault::Imitates));
        check("асе@example.org", Err(EmailFault::Imitates));
        check("a@ехамрlе.org", Err(EmailFault::Imitates));
        check("a@раура.example", Err(EmailFault::Imitates));
        for hidden in [
            "a\u{200b}da@example.org",
            "a\u{ad}da@example.org",
            "\u{202e}ada@example.org",
            "a\u{200d}da@example.org",
            "ada\u{34f}@example.org",
            "ada\u{fe0f}@example.org",
        ] {
            check(hidden, Err(EmailFault::Text(TextFault::Hidden)));
        }
    }

    #[test]
    fn what_can_be_no_address_is_refused() {
        check("", Err(EmailFault::Text(TextFault::Empty)));
        check(
            &format!("{}@example.org", "a".repeat(250)),
            Err(EmailFault::Text(TextFault::TooLong(254))),
        );
        for input in [
            "ada",
            "ada@",
            "@example.org",
            "ada@localhost",
            "a b@example.org",
            "a@b@example.org",
            "ada@.org",
            "ada@example..org",
            "ada@-example.org",
            "ada@exam_ple.org",
            "ada@example.org.",
            "a․b@example.org",
            "ada\u{a0}b@example.org",
        ] {
            check(input, Err(EmailFault::NotAnAddress));
        }
        check(&format!("{}@example.org", "a".repeat(65)), Err(EmailFault::NotAnAddress));
    }
}
