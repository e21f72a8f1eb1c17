//! The properties of a character in Unicode: whether it is visible, and whether it changes the direction of the text
//! beside it.

use icu_properties::{CodePointMapData, props::GeneralCategory};

/// Whether the character is invisible by itself: a format character (zero-width space, soft hyphen, byte order mark,
/// a mark that changes the direction of a text), a variation selector, or a filler that looks like nothing.
pub fn is_invisible(letter: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(letter);
    category == GeneralCategory::Format
        || matches!(
            letter,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Whether the character must not occur in a text. The joiners U+200C and U+200D and the variation selectors are
/// invisible as well, but some scripts and pictures need them.
pub fn is_hidden(letter: char) -> bool {
    let needed = matches!(letter, '\u{200c}' | '\u{200d}' | '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}');
    is_invisible(letter) && !needed
}

/// Whether the character belongs to words: a letter, a digit, or a mark on a letter.
pub fn is_word(letter: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(letter);
    letter.is_alphanumeric()
        || matches!(
            category,
            GeneralCategory::NonspacingMark
                | GeneralCategory::SpacingMark
                | GeneralCategory::EnclosingMark
        )
}

/// Whether the character, alone, shows nothing on the page.
pub fn shows_nothing(letter: char) -> bool {
    letter.is_whitespace() || is_invisible(letter)
}
