//! The types into which the text of a setting can be read.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use super::{Secret, Setting, Unit};

/// A type of values. A unit that needs a type of its own implements this.
pub trait Value: Sized {
    /// The form of a text of this type, as words that follow "must be". Unused for numbers, which have a range.
    const FORM: &'static str;
    /// Whether no log, error or document may show values of this type.
    const IS_SECRET: bool = false;
    /// Whether values are numbers, which need a range.
    const IS_NUMBER: bool = false;
    /// Whether a setting of this type may be missing.
    const IS_OPTIONAL: bool = false;

    /// Reads the text of a setting.
    ///
    /// # Errors
    /// When the text is no such value. [`Wrong::Because`] must not contain the text of a secret.
    fn read(text: &str, setting: &Setting) -> Result<Self, Wrong>;

    /// The value of a setting that is missing, if it may be.
    fn missing() -> Option<Self> {
        None
    }
}

/// Why a text is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The text does not have the form, or the number is outside of the range.
    Form,
    /// Another reason, to follow the name of the setting.
    Because(String),
}

impl From<&str> for Wrong {
    fn from(reason: &str) -> Self {
        Self::Because(reason.to_owned())
    }
}

impl<T: Value> Value for Option<T> {
    const FORM: &'static str = T::FORM;
    const IS_SECRET: bool = T::IS_SECRET;
    const IS_NUMBER: bool = T::IS_NUMBER;
    const IS_OPTIONAL: bool = true;

    fn read(text: &str, setting: &Setting) -> Result<Self, Wrong> {
        T::read(text, setting).map(Some)
    }

    fn missing() -> Option<Self> {
        Some(None)
    }
}

impl Value for u32 {
    const FORM: &'static str = "a whole number";
    const IS_NUMBER: bool = true;

    fn read(text: &str, setting: &Setting) -> Result<Self, Wrong> {
        let range = setting.range.ok_or(Wrong::Form)?;
        let number: Self = text.parse().map_err(|_| Wrong::Form)?;
        if (range.min..=range.max).contains(&number) { Ok(number) } else { Err(Wrong::Form) }
    }
}

impl Value for Duration {
    const FORM: &'static str = "a time";
    const IS_NUMBER: bool = true;

    fn read(text: &str, setting: &Setting) -> Result<Self, Wrong> {
        let number = u32::read(text, setting)?;
        let unit = setting.range.map_or(Unit::Pieces, |range| range.unit);
        Ok(unit.time().ok_or(Wrong::Form)? * number)
    }
}

impl Value for String {
    const FORM: &'static str = "a text";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        Ok(text.to_owned())
    }
}

impl Value for Secret {
    const FORM: &'static str = "a secret";
    const IS_SECRET: bool = true;

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        Ok(Self::new(text))
    }
}

impl Value for PathBuf {
    const FORM: &'static str = "a path";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        if text.is_empty() { Err(Wrong::Form) } else { Ok(text.into()) }
    }
}

impl Value for SocketAddr {
    const FORM: &'static str = "an address and a port, such as 127.0.0.1:8080";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        text.parse().map_err(|_| Wrong::Form)
    }
}

/// The value for a word.
///
/// # Errors
/// When the text is none of the words.
pub fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, Wrong> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or(Wrong::Form)
}

/// The parts of a comma-separated list.
pub fn parts(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty())
}
