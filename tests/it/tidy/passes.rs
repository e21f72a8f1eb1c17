//! Every pass that the source makes is run by the program and listed in `docs/ARCHITECTURE.md`, and a pass of the same
//! unit calls every function that does a pass.

use std::{collections::BTreeSet, fs, path::Path};

use super::{SourceFile, imports, sources};
use crate::support::harness::TestApp;

/// The names of the passes that a text makes: the first argument of `Pass::on` and `Pass::new`.
fn made(text: &str) -> impl Iterator<Item = String> + '_ {
    let calls = ["Pass::on(", "Pass::new("].into_iter().flat_map(|call| text.split(call).skip(1));
    calls.filter_map(|rest| {
        let (name, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
        Some(name.to_owned())
    })
}

/// The functions that do a pass although no pass of their unit calls them: file, function, and who calls it.
const CALLED_OTHERWISE: [(&str, &str, &str); 2] = [
    ("src/live/relay.rs", "pass", "the relay's loop, which every commit wakes"),
    ("src/kernel/saga/executor.rs", "pass", "the pass of each kind of saga"),
];

/// The functions of a text that do a pass: `pass` itself, and names that end with `_pass`. Each with how it is called:
/// a method after a point, another function after the name of its module.
fn functions<'a>(text: &'a str, module: &str) -> Vec<(&'a str, String)> {
    let functions = text.split("fn ").skip(1).filter_map(|rest| {
        let (name, arguments) = rest.split_once(['(', '<'])?;
        let is_pass = name == "pass" || name.ends_with("_pass");
        let call = if arguments.starts_with("&self") {
            format!(".{name}(")
        } else {
            format!("{module}::{name}(")
        };
        is_pass.then_some((name, call))
    });
    functions.collect()
}

/// The names in the first column of the table Passes.
fn listed() -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ARCHITECTURE.md");
    let page = fs::read_to_string(page).expect("the page");
    let (_, section) = page.split_once("\n## Passes\n").expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(name, _)| name.to_owned()).collect()
}

fn code(source: &SourceFile) -> String {
    source.code().map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn every_pass_of_the_source_is_run() {
    let app = TestApp::start().await;
    let run: BTreeSet<String> = app.app.passes().iter().map(|it| it.name.to_owned()).collect();
    let sources = sources("src");
    let made: BTreeSet<String> =
        sources.iter().flat_map(|source| made(&code(source)).collect::<Vec<_>>()).collect();
    assert!(made.len() > 10, "{made:?}");
    assert_eq!(run, made);
    assert_eq!(run, listed(), "the table Passes of docs/ARCHITECTURE.md");
    app.stop().await;
}

#[test]
fn a_pass_of_its_unit_calls_every_function_that_does_a_pass() {
    let files: Vec<(SourceFile, String)> = sources("src")
        .into_iter()
        .map(|source| {
            let text = code(&source);
            (source, text)
        })
        .collect();
    let unit = |source: &SourceFile| imports::unit(&imports::module(&source.path));
    let (mut found, mut exceptions) = (0, 0);
    for (source, text) in &files {
        let module = imports::module(&source.path).pop().expect("a name");
        for (function, call) in functions(text, &module) {
            found += 1;
            let is_exception =
                |(file, name, _): &(&str, &str, &str)| *file == source.path && *name == function;
            if CALLED_OTHERWISE.iter().any(is_exception) {
                exceptions += 1;
                continue;
            }
            let of_unit = files.iter().filter(|(other, _)| unit(other) == unit(source));
            let is_called = of_unit.flat_map(|(_, text)| text.split("Pass::").skip(1)).any(
                // The closure of a pass is short, and ends before the next pass.
                |making| making.chars().take(400).collect::<String>().contains(&call),
            );
            assert!(is_called, "no pass calls {function} of {}", source.path);
        }
    }
    assert!(found > 10, "{found}");
    assert_eq!(exceptions, CALLED_OTHERWISE.len(), "an exception does not exist any more");
}

#[test]
fn passes_and_their_functions_are_seen() {
    let text = "Pass::on(\n \"a\", every, Pass::new(\"b\", Pass::on(name, fn old_pass(x) fn passes() \
                fn pass(&self)";
    assert_eq!(made(text).collect::<Vec<_>>(), ["a", "b"]);
    let calls = [("old_pass", "audit::old_pass(".to_owned()), ("pass", ".pass(".to_owned())];
    assert_eq!(functions(text, "audit"), calls);
}
