//! Texts as they are searched: without case, accents and ways of writing the same letters.

use deunicode::deunicode_char;
use icu_casemap::CaseMapperBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use super::letters;

/// The version of the rules of [`folded`]. It grows with every change of the rules or of their Unicode data, so that
/// stored texts are folded again.
pub const FOLDING: i32 = 1;

/// The text in the form in which texts are searched: compatibility characters, case and accents are gone, and white
/// space is single spaces. `Österreich`, `OSTERREICH` and `ösTerreich` have one form.
pub fn folded(text: &str) -> String {
    // A second round reaches a form that does not change any more: the case folding of some letters adds accents.
    once(&once(text)).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn once(text: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let mut plain = String::with_capacity(decomposed.len());
    for letter in decomposed.chars() {
        match letter {
            _ if is_accent(letter) || letters::is_invisible(letter) => {}
            // Latin letters that Unicode does not decompose: ø, ł, æ. The case folding handles the ß.
            'À'..='ɏ' | 'Ḁ'..='ỿ' => {
                plain.push_str(deunicode_char(letter).unwrap_or_default())
            }
            _ => plain.push(letter),
        }
    }
    let caseless = CaseMapperBorrowed::new().fold_string(&plain);
    ComposingNormalizerBorrowed::new_nfkc().normalize(&caseless).into_owned()
}

/// Whether the character is an accent that combines with a letter of any script, such as `´` in é and й. The signs of
/// Indic and other scripts are letters of their own and stay.
fn is_accent(letter: char) -> bool {
    matches!(
        letter,
        '\u{300}'..='\u{36f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_word_has_one_form_however_it_is_written() {
        for (texts, form) in [
            (&["Österreich", "ÖSTERREICH", "O\u{308}sterreich", "osterreich"][..], "osterreich"),
            (&["Straße", "STRASSE", "STRAẞE"], "strasse"),
            (&["Łódź", "lodz"], "lodz"),
            (&["Ærø", "aero"], "aero"),
            (&["ΣΊΣΥΦΟΣ", "σίσυφος"], "σισυφοσ"),
            (&["Ёлка", "елка"], "елка"),
            (&["ﬁnal", "ＦＩＮＡＬ", "fi\u{ad}nal", "fi\u{200b}nal"], "final"),
            (&["東京", " 東京\u{3000}"], "東京"),
            (&["İstanbul", "istanbul"], "istanbul"),
            (&["हिन्दी"], "हिन्दी"),
        ] {
            for text in texts {
                assert_eq!(folded(text), form, "{text}");
            }
        }
        assert_eq!(folded("a \t b\n c"), "a b c");
    }

    proptest! {
        #[test]
        fn a_folded_text_stays_as_it_is(text in "\\PC{0,40}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
