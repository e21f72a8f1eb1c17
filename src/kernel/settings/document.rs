//! The documents about settings for operators: `.env.example`, and the table in `docs/OPERATIONS.md`.

use std::fmt::Write;

use super::{Range, SectionDeclaration, Setting, SettingSource, WhenUnset};

/// How wide a line of `.env.example` may be.
const WIDTH: usize = 98;
/// The lines around the generated table.
const BEGIN: &str = "<!-- settings: `make settings` writes this table -->\n";
const END: &str = "<!-- end of settings -->\n";

/// The document has no pair of lines between which the table belongs.
#[derive(Debug, thiserror::Error)]
#[error("the lines {BEGIN:?} and {END:?} are missing")]
pub struct NoMarkers;

/// The text of `.env.example`: this introduction, all settings of these sections, and the names that are reserved.
pub fn env_example(
    introduction: &str,
    sections: &[SectionDeclaration],
    reserved: &[(&str, &str)],
) -> String {
    let mut text = String::new();
    for paragraph in introduction.lines() {
        comment(&mut text, paragraph);
    }
    for section in sections {
        heading(&mut text, section.title);
        for setting in section.settings {
            comment(&mut text, setting.help);
            comment(&mut text, &allowed(setting));
            writeln!(text, "#{}={}", setting.name, assigned(setting)).expect("a String");
        }
    }
    heading(&mut text, "Reserved for later versions, without effect");
    for (name, help) in reserved {
        comment(&mut text, help);
        writeln!(text, "#{name}=").expect("a String");
    }
    text
}

/// Replaces the table of settings in a Markdown document, between the lines that mark it.
///
/// # Errors
/// When the lines are missing.
pub fn with_table(document: &str, sections: &[SectionDeclaration]) -> Result<String, NoMarkers> {
    let (before, rest) = document.split_once(BEGIN).ok_or(NoMarkers)?;
    let (_, after) = rest.split_once(END).ok_or(NoMarkers)?;
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", table(sections)))
}

fn table(sections: &[SectionDeclaration]) -> String {
    let mut text = "| name | value | default | meaning |\n| --- | --- | --- | --- |\n".to_owned();
    for setting in sections.iter().flat_map(|section| section.settings) {
        let (name, value, default) = (setting.name, value(setting), default(setting));
        let meaning = tidied(setting.help);
        writeln!(text, "| `{name}` | {value} | {default} | {meaning} |").expect("a String");
    }
    text
}

fn value(setting: &Setting) -> String {
    let form = match setting.range {
        Some(range) => words(range),
        None => setting.form.to_owned(),
    };
    let mut value = form.replace('|', "\\|");
    if setting.secret {
        value.push_str("; secret");
    }
    value
}

fn words(Range { min, max, unit }: Range) -> String {
    format!("{min} to {max}{}", unit.word())
}

fn default(setting: &Setting) -> String {
    match setting.unset {
        WhenUnset::Number(number) => number.to_string(),
        WhenUnset::Text("") => "none".to_owned(),
        WhenUnset::Text(text) => format!("`{text}`"),
        WhenUnset::Optional(otherwise) => otherwise.to_owned(),
        WhenUnset::FoundInDevelopment(found) => format!("{found}; required in production"),
    }
}

/// The text after the equals sign.
fn assigned(setting: &Setting) -> String {
    match setting.unset {
        WhenUnset::Number(number) => number.to_string(),
        WhenUnset::Text(text) => text.to_owned(),
        WhenUnset::Optional(_) | WhenUnset::FoundInDevelopment(_) => String::new(),
    }
}

/// The allowed values, and the effect of a missing value if the line of the setting does not show it.
fn allowed(setting: &Setting) -> String {
    let mut text = format!("Value: {}.", value(setting));
    match setting.unset {
        WhenUnset::Optional("none") | WhenUnset::Number(_) | WhenUnset::Text(_) => {}
        WhenUnset::Optional(_) | WhenUnset::FoundInDevelopment(_) => {
            write!(text, " Default: {}.", default(setting)).expect("a String");
        }
    }
    if setting.source == SettingSource::Environment {
        text.push_str(" Environment only.");
    }
    text
}

/// A text on one line.
fn tidied(text: &str) -> String {
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

fn heading(text: &mut String, title: &str) {
    let title = title.trim().trim_end_matches('.');
    let line = format!("# --- {title} ");
    writeln!(text, "\n{line:-<WIDTH$}\n").expect("a String");
}

/// Adds a comment, wrapped to [`WIDTH`] columns.
fn comment(text: &mut String, comment: &str) {
    let mut line = "#".to_owned();
    for word in comment.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            writeln!(text, "{line}").expect("a String");
            "#".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    writeln!(text, "{line}").expect("a String");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::settings::{Secret, SettingsSection, Values, in_development, section, text};

    section! {
        /// Lamp
        pub struct Lamp {
            /// The colour of the `light`.
            pub colour: String = text("LAMP_COLOUR", "white"),
            /// Opens
            /// the lamp.
            pub key: Secret = in_development("LAMP_KEY", "a key of brass"),
        }
    }

    const SECTIONS: &[SectionDeclaration] = &[SectionDeclaration::of::<Lamp>()];

    #[test]
    fn a_default_in_the_example_is_the_default() {
        let values = Values::of([("LAMP_KEY", "brass")]);
        let Lamp { colour, key } = SettingsSection::read(&values).expect("a lamp");
        assert_eq!((colour.as_str(), key.expose()), ("white", "brass"));
        let text = env_example("", SECTIONS, &[]);
        assert!(text.contains(&format!("#LAMP_COLOUR={colour}\n")), "{text}");
    }

    #[test]
    fn the_example_has_a_comment_and_a_line_for_each_setting() {
        let text = env_example("All about lamps.", SECTIONS, &[("LAMP_OIL", "Burns.")]);
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        assert!(lines[1].starts_with("# --- Lamp ---") && lines[1].len() == WIDTH, "{text}");
        let expected = [
            "# All about lamps.",
            lines[1],
            "# The colour of the `light`.",
            "# Value: a text.",
            "#LAMP_COLOUR=white",
            "# Opens the lamp.",
            "# Value: a secret; secret. Default: a key of brass; required in production.",
            "#LAMP_KEY=",
            lines[8],
            "# Burns.",
            "#LAMP_OIL=",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn the_table_is_written_between_its_marks() {
        let document = format!("before\n{BEGIN}old\n{END}after\n");
        let current = with_table(&document, SECTIONS).expect("marks");
        assert!(current.starts_with("before\n") && current.ends_with("after\n"), "{current}");
        assert!(
            current.contains("| `LAMP_COLOUR` | a text | `white` | The colour of the `light`. |")
        );
        assert!(!current.contains("old"), "{current}");
        assert_eq!(with_table(&current, SECTIONS).expect("marks"), current);
        assert!(with_table("no marks", SECTIONS).is_err());
    }
}
