//! `docs/FAULTS.md`: compares the measured table with the stored table. `HOLDFAST_WRITE_FAULTS=1` writes the document
//! anew.

use std::{fmt::Write, fs, path::Path};

use super::{
    CellResult,
    cells::{Cell, CellRun, Drive, FAULTS, ProgramFate, STEPS},
};

const BEGINS: &str = "<!-- written by the test -->\n";
const ENDS: &str = "<!-- end of what the test writes -->\n";

/// The table and its notes in Markdown, from the results of the cells.
pub fn table(cells: &[Cell], came: &[CellResult]) -> String {
    let mut notes: Vec<&str> = Vec::new();
    let mut text = format!("| | {} |\n|{}\n", FAULTS.join(" | "), " --- |".repeat(8));
    for step in STEPS {
        write!(text, "| `{step}` |").expect("a string takes everything");
        for cell in cells.iter().filter(|cell| cell.step == step) {
            let shown = match &cell.run {
                CellRun::Never(why) => {
                    let at = notes.iter().position(|note| note == why).unwrap_or_else(|| {
                        notes.push(why);
                        notes.len() - 1
                    });
                    format!("({})", at + 1)
                }
                CellRun::Drive(_) => came
                    .iter()
                    .find(|(step, fault, _)| (*step, *fault) == (cell.step, cell.fault))
                    .and_then(|(_, _, came)| came.clone().ok())
                    .unwrap_or_else(|| "**wrong**".to_owned()),
            };
            write!(text, " {shown} |").expect("a string takes everything");
        }
        text.push('\n');
    }
    text.push_str("\nCells that cannot exist:\n\n");
    for (at, note) in notes.iter().enumerate() {
        writeln!(text, "{}. {note}.", at + 1).expect("a string takes everything");
    }
    text.push_str(
        "\nHow each of the others is reached:\n\n| | | method | how |\n| --- | --- | --- | --- |\n",
    );
    for cell in cells {
        if let CellRun::Drive(drive) = &cell.run {
            writeln!(
                text,
                "| `{}` | {} | `{}` | {} |",
                cell.step,
                cell.fault,
                drive.method,
                how(drive)
            )
            .expect("a string takes everything");
        }
    }
    text
}

fn how(drive: &Drive) -> String {
    let mut parts = Vec::new();
    if !drive.faults.is_empty() {
        parts.push(format!("`{}`", drive.faults));
    }
    match drive.then {
        ProgramFate::Answers if parts.is_empty() => parts.push("as it is".to_owned()),
        ProgramFate::Answers => {}
        ProgramFate::KilledAt(point) => parts.push(format!("killed at `{point}`")),
        ProgramFate::OvertakenAt(point) => {
            parts.push(format!("halts at `{point}`, is overtaken, goes on"));
        }
    }
    if drive.cancelled {
        parts.push("the buyer asks to stop".to_owned());
    }
    if !drive.again.is_empty() {
        parts.push(format!("killed again at `{}`", drive.again));
    }
    if !drive.later.is_empty() {
        parts.push(format!("after the restart `{}`", drive.later));
    }
    parts.join(", ")
}

/// Fails if the document contains another table.
pub fn compare(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/FAULTS.md");
    let kept = fs::read_to_string(&path).expect("docs/FAULTS.md is kept");
    let (before, rest) = kept.split_once(BEGINS).expect("the place where the table begins");
    let (written, after) = rest.split_once(ENDS).expect("the place where the table ends");
    if std::env::var_os("HOLDFAST_WRITE_FAULTS").is_some() {
        let text = format!("{before}{BEGINS}\n{table}\n{ENDS}{after}");
        fs::write(&path, text).expect("docs/FAULTS.md is written");
        return;
    }
    assert!(
        written.trim() == table.trim(),
        "docs/FAULTS.md says something else: look, then run the test with HOLDFAST_WRITE_FAULTS=1"
    );
}
