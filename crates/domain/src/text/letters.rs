//! What a character is, as Unicode says: whether anybody sees it, and whether it turns the text beside it round.

use icu_properties::{CodePointMapData, props::GeneralCategory};

/// Whether the character has no form of its own: a format character (zero-width space, soft hyphen, byte order mark,
/// the marks that turn the direction of a text), a variation selector, or a filler that looks like nothing.
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
