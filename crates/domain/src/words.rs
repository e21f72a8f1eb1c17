//! The words that the database stores for an enum's variants: each stands once, beside its variant.

/// Gives an enum its list of variants, the word of each, and the way back from a word.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every variant, in the order of the enum.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The stored word.
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
