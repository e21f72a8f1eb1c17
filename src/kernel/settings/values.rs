//! The given texts of settings: from the environment, from files that `NAME_FILE` names, and from a TOML file.

use std::{collections::BTreeMap, env::VarError, fs, io};

use super::{
    Setting, SettingRefusal, SettingSource, SettingsError, Value, WhenUnset, Wrong,
    only_environment,
};

/// The setting that names the TOML file.
pub const CONFIG_FILE: Setting = only_environment("HOLDFAST_CONFIG", DEFAULT_FILE);

/// This file need not exist; a file that the setting names must.
const DEFAULT_FILE: &str = "holdfast.toml";

/// The given texts of settings, by name.
#[derive(Clone, Default)]
pub struct Values(BTreeMap<&'static str, String>);

impl std::fmt::Debug for Values {
    /// Shows only the names, because a text may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Values {
    /// These texts and nothing else.
    pub fn of<T: Into<String>>(given: impl IntoIterator<Item = (&'static str, T)>) -> Self {
        Self(given.into_iter().map(|(name, text)| (name, text.into())).collect())
    }

    /// Collects the given texts for `settings`. The environment takes precedence over the files that `NAME_FILE`
    /// names, and these take precedence over the TOML file. An empty variable counts as not set, because compose
    /// files write unset variables in this way.
    ///
    /// # Errors
    /// When a file cannot be read, or the TOML file contains a key that is no setting.
    pub fn load<'a>(
        settings: impl Iterator<Item = &'a Setting> + Clone,
        variable: impl Fn(&str) -> Result<String, VarError>,
    ) -> Result<Self, SettingsError> {
        let variable = |name: &str| set_variable(name, &variable);
        let mut values = Self::default();
        if let Some((file, toml)) = toml_file(variable(CONFIG_FILE.name)?)? {
            values.take_toml(&file, &toml, settings.clone())?;
        }
        for setting in settings {
            if setting.source == SettingSource::Anywhere {
                let name = format!("{}_FILE", setting.name);
                if let Some(path) = variable(&name)? {
                    let text = fs::read_to_string(&path).map_err(|source| SettingsError::File {
                        what: name,
                        path,
                        source,
                    })?;
                    values.0.insert(setting.name, text.trim().to_owned());
                }
            }
            if let Some(text) = variable(setting.name)? {
                values.0.insert(setting.name, text);
            }
        }
        Ok(values)
    }

    /// Adds the texts for `settings` from a TOML text.
    ///
    /// # Errors
    /// When the text is no TOML, or contains a key that is no setting.
    fn take_toml<'a>(
        &mut self,
        file: &str,
        toml: &str,
        settings: impl Iterator<Item = &'a Setting> + Clone,
    ) -> Result<(), SettingsError> {
        let table: toml::Table = toml.parse().map_err(|error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = toml.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
            let (file, message) = (file.to_owned(), error.message().to_owned());
            SettingsError::Malformed { file, line, message }
        })?;
        for (key, value) in table {
            let found = settings.clone().find(|setting| setting.key() == key);
            let Some(setting) = found else {
                return Err(SettingsError::Unknown { file: file.to_owned(), key });
            };
            let refuse = |message: String| Err(SettingRefusal::new(setting.name, message).into());
            if setting.source == SettingSource::Environment {
                return refuse(format!("is read from the environment alone, not from {file}"));
            }
            let text = match value {
                toml::Value::String(text) => text.trim().to_owned(),
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Float(_)
                | toml::Value::Boolean(_)
                | toml::Value::Datetime(_)
                | toml::Value::Array(_)
                | toml::Value::Table(_) => {
                    return refuse(format!("must be a text or a whole number in {file}"));
                }
            };
            self.0.insert(setting.name, text);
        }
        Ok(())
    }

    /// Whether this setting has a given text.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Sets a text for a setting, unless the setting has a text.
    pub fn complete(&mut self, name: &'static str, text: impl FnOnce() -> String) {
        self.0.entry(name).or_insert_with(text);
    }

    /// Reads the value of a setting.
    ///
    /// # Errors
    /// When the text is no such value, or the setting is needed and missing.
    pub fn read<T: Value>(&self, setting: &Setting) -> Result<T, SettingRefusal> {
        let number;
        let text = match (self.0.get(setting.name), setting.unset) {
            (Some(text), _) => text,
            (None, WhenUnset::Text(text)) => text,
            (None, WhenUnset::Number(default)) => {
                number = default.to_string();
                &number
            }
            (None, WhenUnset::Optional(_) | WhenUnset::FoundInDevelopment(_)) => {
                let missing = || SettingRefusal::new(setting.name, "has no default in production");
                return T::missing().ok_or_else(missing);
            }
        };
        T::read(text, setting).map_err(|wrong| match wrong {
            Wrong::Form => SettingRefusal::new(setting.name, setting.demand()),
            Wrong::Because(reason) => SettingRefusal::new(setting.name, reason),
        })
    }
}

fn set_variable(
    name: &str,
    variable: impl Fn(&str) -> Result<String, VarError>,
) -> Result<Option<String>, SettingsError> {
    match variable(name) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(SettingsError::NoText { name: name.to_owned() }),
    }
}

/// The TOML file and its text; the file must exist if a setting names it.
fn toml_file(named: Option<String>) -> Result<Option<(String, String)>, SettingsError> {
    let file = named.clone().unwrap_or_else(|| DEFAULT_FILE.to_owned());
    match fs::read_to_string(&file) {
        Ok(text) => Ok(Some((file, text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(source) => {
            Err(SettingsError::File { what: CONFIG_FILE.name.to_owned(), path: file, source })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::settings::{SettingsSection, seconds, section, text};
    use std::time::Duration;

    section! {
        /// Kettle
        pub struct Kettle {
            /// How long the water boils.
            pub boils: Duration = seconds("KETTLE_SECONDS", 1..=600, 90),
            /// What is in the kettle.
            pub content: String = text("KETTLE_CONTENT", "water"),
        }
    }

    fn kettle(
        toml: &str,
        variables: &[(&str, &str)],
    ) -> Result<(Kettle, tempfile::TempDir), SettingsError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path("kettle.toml"), toml).expect("a file");
        fs::write(path("content"), "milk\n").expect("a file");
        let values = Values::load(Kettle::SETTINGS.iter(), |name| {
            let given = variables.iter().find(|(known, _)| *known == name);
            match (given, name) {
                (Some((_, "FOLDER/content")), _) => Ok(path("content")),
                (Some((_, text)), _) => Ok((*text).to_owned()),
                (None, "HOLDFAST_CONFIG") => Ok(path("kettle.toml")),
                (None, _) => Err(VarError::NotPresent),
            }
        })?;
        Ok((Kettle::read(&values)?, folder))
    }

    #[test]
    fn the_environment_comes_before_files_and_these_before_toml() {
        let toml = "kettle_seconds = 5\nkettle_content = \"tea\"";
        let file = ("KETTLE_CONTENT_FILE", "FOLDER/content");
        for (toml, variables, wanted) in [
            ("", vec![], (90, "water")),
            (toml, vec![], (5, "tea")),
            (toml, vec![file], (5, "milk")),
            (toml, vec![file, ("KETTLE_CONTENT", " coffee ")], (5, "coffee")),
            (toml, vec![file, ("KETTLE_CONTENT", " "), ("KETTLE_SECONDS", "7")], (7, "milk")),
            ("kettle_seconds = \"8\"", vec![("KETTLE_CONTENT", "12345")], (8, "12345")),
        ] {
            let (read, _folder) = kettle(toml, &variables).expect("a kettle");
            assert_eq!((read.boils.as_secs(), read.content.as_str()), wanted, "{variables:?}");
        }
    }

    #[test]
    fn what_is_wrong_in_the_toml_file_is_named() {
        for (toml, told) in [
            ("kettle_seconds = 5\nlid = 1", "`lid` is not a setting"),
            ("kettle_seconds = 5\nkettle_content = tea", "kettle.toml, line 2: "),
            ("kettle_seconds = 1.5", "KETTLE_SECONDS: must be a text or a whole number in"),
            ("kettle_seconds = 0", "KETTLE_SECONDS: must be a whole number of seconds from 1 to"),
        ] {
            let error = kettle(toml, &[]).expect_err(toml).to_string();
            assert!(error.contains(told), "{error}");
        }
        let named = kettle("", &[("HOLDFAST_CONFIG", "/nowhere.toml")]).expect_err("no file");
        assert_eq!(named.to_string(), "HOLDFAST_CONFIG: /nowhere.toml cannot be used");
    }
}
