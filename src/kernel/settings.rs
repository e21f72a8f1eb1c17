//! Settings: a section declares each of its settings once. Reading, refusals, `.env.example` and the table in
//! `docs/OPERATIONS.md` come from the declaration.
//!
//! A section is a struct that [`section!`] makes, in the unit that uses it. The type of a field says how the text of
//! the setting is read and whether the setting is a secret ([`Value`]); the expression after the type says its name,
//! default and range ([`Setting`]); the doc comment is the help that operators read.
//!
//! This module never lists all sections, and never contains rules that concern two sections.

mod address;
mod document;
mod secret;
mod setting;
mod value;
mod values;

pub use self::{
    address::WebAddress,
    document::{NoMarkers, env_example, with_table},
    secret::Secret,
    setting::{
        Range, Setting, SettingSource, Unit, WhenUnset, in_development, milliseconds, minutes,
        number, only_environment, optional, seconds, text,
    },
    value::{Value, Wrong, one_of, parts},
    values::{CONFIG_FILE, Values},
};

/// A group of settings that one unit uses.
pub trait SettingsSection: Sized {
    /// The heading of the section in `.env.example`.
    const TITLE: &'static str;
    /// The declarations, in the order of the fields.
    const SETTINGS: &'static [Setting];

    /// Reads every setting of the section.
    ///
    /// # Errors
    /// The first refused value.
    fn read(values: &Values) -> Result<Self, SettingRefusal>;
}

/// A section without its values, as documents and the check of all settings need it.
#[derive(Debug, Clone, Copy)]
pub struct SectionDeclaration {
    /// The heading of the section: [`SettingsSection::TITLE`].
    pub title: &'static str,
    /// The declarations of the section: [`SettingsSection::SETTINGS`].
    pub settings: &'static [Setting],
}

impl SectionDeclaration {
    /// The declarations of this section.
    pub const fn of<S: SettingsSection>() -> Self {
        Self { title: S::TITLE, settings: S::SETTINGS }
    }
}

/// Makes a section: a struct whose fields are its settings.
///
/// ```text
/// section! {
///     /// Periodic passes.
///     pub struct PassSettings {
///         /// How often the server clears lapsed holds away.
///         pub expiry: Duration = seconds("EXPIRY_PASS_SECONDS", 1..=60, 15),
///     }
/// }
/// ```
macro_rules! section {
    (
        #[doc = $title:literal]
        pub struct $section:ident {
            $($(#[doc = $help:literal])+ pub $field:ident: $type:ty = $setting:expr,)+
        }
    ) => {
        #[doc = $title]
        #[derive(Debug, Clone)]
        pub struct $section {
            $($(#[doc = $help])+ pub $field: $type,)+
        }

        impl $crate::kernel::settings::SettingsSection for $section {
            const TITLE: &'static str = $title;
            const SETTINGS: &'static [$crate::kernel::settings::Setting] =
                &[$($setting.of::<$type>(concat!($($help),+))),+];

            fn read(
                values: &$crate::kernel::settings::Values,
            ) -> Result<Self, $crate::kernel::settings::SettingRefusal> {
                Ok(Self {
                    $($field: values.read(&const { $setting.of::<$type>(concat!($($help),+)) })?),+
                })
            }
        }
    };
}

pub(crate) use section;

/// A value that is not allowed. The text never contains the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct SettingRefusal {
    /// The name of the setting.
    pub name: &'static str,
    /// The condition that the value must meet.
    pub message: String,
}

impl SettingRefusal {
    /// A refusal of this setting.
    pub fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, message: message.into() }
    }
}

/// Why the program does not start.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Some values are not allowed; every refusal is listed.
    #[error("{}", lines(.0))]
    Refused(Vec<SettingRefusal>),
    /// The TOML file contains a key that is no setting.
    #[error("{file}: `{key}` is not a setting; `holdfast settings` lists all settings")]
    Unknown {
        /// The path of the TOML file.
        file: String,
        key: String,
    },
    /// The TOML file cannot be parsed. The parser's own error would show the line, which may contain a secret.
    #[error("{file}, line {line}: {message}")]
    Malformed {
        file: String,
        /// The number of the line, from 1.
        line: usize,
        /// The text that the parser expected, in the parser's words.
        message: String,
    },
    /// An environment variable is not UTF-8.
    #[error("{name}: must be UTF-8")]
    NoText {
        /// The name of the variable.
        name: String,
    },
    /// A file cannot be read or written.
    #[error("{what}: {path} cannot be used")]
    File {
        /// The setting that names the file, or the purpose of the file.
        what: String,
        path: String,
        #[source]
        source: std::io::Error,
    },
}

impl From<SettingRefusal> for SettingsError {
    fn from(refusal: SettingRefusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

fn lines(refusals: &[SettingRefusal]) -> String {
    let lines: Vec<String> = refusals.iter().map(SettingRefusal::to_string).collect();
    lines.join("\n")
}
