//! The words that the database stores for the variants of an enum. Each word is written once, beside its variant.

/// Defines, for an enum: the list `ALL` of its variants, `as_str` from a variant to its stored word, and `parse` from a
/// word to the variant.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every variant, in the order of the enum.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word that the database stores for this variant.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The variant of a stored word, or `None` for an unknown word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|known| known.as_str() == word)
            }
        }
    };
}
