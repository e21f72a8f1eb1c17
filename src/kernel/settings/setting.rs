//! The declaration of a setting, apart from the type of its value.

use std::{ops::RangeInclusive, time::Duration};

use super::{SettingRefusal, Value, Values};

/// The declaration of one setting; the parser, `.env.example` and the table of OPERATIONS.md read it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The environment variable; the TOML file has the same name in lower case.
    pub name: &'static str,
    /// The effect of a setting that is not set.
    pub unset: WhenUnset,
    /// The allowed numbers; every numeric setting has them.
    pub range: Option<Range>,
    /// Where the setting is looked for.
    pub source: SettingSource,
    /// The form of a value, for documents and refusals.
    pub form: &'static str,
    /// Whether logs, errors and documents must not show the value.
    pub secret: bool,
    /// One or two sentences for operators.
    pub help: &'static str,
    read: fn(&Setting, &Values) -> Result<(), SettingRefusal>,
}

/// The effect of a setting that is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenUnset {
    /// A number, in the unit of the range.
    Number(u32),
    /// A text; an empty text is an empty list.
    Text(&'static str),
    /// No value. The text says what that means.
    Optional(&'static str),
    /// In development, a value that the program finds or generates; the text describes it. Production needs the
    /// setting.
    FoundInDevelopment(&'static str),
}

/// The numbers that a setting allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The smallest number that is allowed.
    pub min: u32,
    /// The largest number that is allowed.
    pub max: u32,
    /// The unit of the numbers.
    pub unit: Unit,
}

/// The unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Objects that the help text names.
    Pieces,
    Milliseconds,
    Seconds,
    Minutes,
}

impl Unit {
    /// The plural noun that follows a number.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pieces => "",
            Self::Milliseconds => " milliseconds",
            Self::Seconds => " seconds",
            Self::Minutes => " minutes",
        }
    }

    /// The time of one unit; `None` when the unit is not a time.
    pub const fn time(self) -> Option<Duration> {
        match self {
            Self::Pieces => None,
            Self::Milliseconds => Some(Duration::from_millis(1)),
            Self::Seconds => Some(Duration::from_secs(1)),
            Self::Minutes => Some(Duration::from_mins(1)),
        }
    }
}

/// Where a setting is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingSource {
    /// In the environment, in the file that `NAME_FILE` names, in the TOML file.
    Anywhere,
    /// Only in the environment, not in files.
    Environment,
}

/// A number with this range and default.
pub const fn number(name: &'static str, range: RangeInclusive<u32>, default: u32) -> Setting {
    in_range(name, range, default, Unit::Pieces)
}

/// A time in milliseconds with this range and default.
pub const fn milliseconds(name: &'static str, range: RangeInclusive<u32>, default: u32) -> Setting {
    in_range(name, range, default, Unit::Milliseconds)
}

/// A time in seconds with this range and default.
pub const fn seconds(name: &'static str, range: RangeInclusive<u32>, default: u32) -> Setting {
    in_range(name, range, default, Unit::Seconds)
}

/// A time in minutes with this range and default.
pub const fn minutes(name: &'static str, range: RangeInclusive<u32>, default: u32) -> Setting {
    in_range(name, range, default, Unit::Minutes)
}

/// A value with this default.
pub const fn text(name: &'static str, default: &'static str) -> Setting {
    declared(name, WhenUnset::Text(default), None)
}

/// A value that may be missing. `otherwise` describes the effect of a missing value.
pub const fn optional(name: &'static str, otherwise: &'static str) -> Setting {
    declared(name, WhenUnset::Optional(otherwise), None)
}

/// A value that the program finds or generates in development, as `found` describes, and that production needs.
pub const fn in_development(name: &'static str, found: &'static str) -> Setting {
    declared(name, WhenUnset::FoundInDevelopment(found), None)
}

/// A value with this default. Only the environment is read for it.
pub const fn only_environment(name: &'static str, default: &'static str) -> Setting {
    Setting { source: SettingSource::Environment, ..text(name, default) }
}

const fn in_range(
    name: &'static str,
    range: RangeInclusive<u32>,
    default: u32,
    unit: Unit,
) -> Setting {
    let range = Range { min: *range.start(), max: *range.end(), unit };
    assert!(range.min <= default && default <= range.max, "the default is outside of the range");
    declared(name, WhenUnset::Number(default), Some(range))
}

const fn declared(name: &'static str, unset: WhenUnset, range: Option<Range>) -> Setting {
    Setting {
        name,
        unset,
        range,
        source: SettingSource::Anywhere,
        form: "",
        secret: false,
        help: "",
        read: read_as::<String>,
    }
}

fn read_as<T: Value>(setting: &Setting, values: &Values) -> Result<(), SettingRefusal> {
    values.read::<T>(setting).map(drop)
}

impl Setting {
    /// The declaration of a setting whose value is a `T`.
    ///
    /// # Panics
    /// At compile time, if a number has no range, or if a `T` cannot be missing and the setting can.
    #[must_use]
    pub const fn of<T: Value>(self, help: &'static str) -> Self {
        assert!(T::IS_NUMBER == self.range.is_some(), "a number, and only a number, has a range");
        assert!(
            T::IS_OPTIONAL == matches!(self.unset, WhenUnset::Optional(_)),
            "an Option, and only an Option, may be missing"
        );
        Self { form: T::FORM, secret: T::IS_SECRET, help, read: read_as::<T>, ..self }
    }

    /// The key in the TOML file.
    pub fn key(&self) -> String {
        self.name.to_lowercase()
    }

    /// Reads the value and drops it.
    ///
    /// # Errors
    /// When the value is refused.
    pub fn check(&self, values: &Values) -> Result<(), SettingRefusal> {
        (self.read)(self, values)
    }

    /// The demand on a value, as a text that follows the name of the setting.
    pub(super) fn demand(&self) -> String {
        match self.range {
            Some(Range { min, max, unit: Unit::Pieces }) => {
                format!("must be a whole number from {min} to {max}")
            }
            Some(Range { min, max, unit }) => {
                format!("must be a whole number of{} from {min} to {max}", unit.word())
            }
            None => format!("must be {}", self.form),
        }
    }
}
