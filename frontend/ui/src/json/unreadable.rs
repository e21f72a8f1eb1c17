//! The one error for values that do not fit. It has no message: nobody would read it, and the code that formats
//! messages, including floating-point numbers, would be a twentieth of the program.

use std::fmt;

use serde::de::{self, Unexpected};

/// A value has another shape than the type requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadableJson;

impl fmt::Display for UnreadableJson {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("another shape")
    }
}

impl std::error::Error for UnreadableJson {}

impl de::Error for UnreadableJson {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
    fn invalid_type(_: Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self
    }
    fn invalid_value(_: Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self
    }
    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self
    }
    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn missing_field(_: &'static str) -> Self {
        Self
    }
    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}
