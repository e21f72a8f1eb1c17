//! Every pass that the source makes is run by the program, and every function that does a pass belongs to one.

use std::collections::BTreeSet;

use super::{Source, sources};
use crate::support::harness::TestApp;

/// The names of the passes that a text makes: the first argument of `Pass::on` and `Pass::new`.
fn made(text: &str) -> impl Iterator<Item = String> + '_ {
    let calls = ["Pass::on(", "Pass::new("].into_iter().flat_map(|call| text.split(call).skip(1));
    calls.filter_map(|rest| {
        let (name, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
        Some(name.to_owned())
    })
}

/// The functions of a text that do a pass: `pass` itself, and names that end with `_pass`.
fn functions(text: &str) -> impl Iterator<Item = &str> {
    text.split("fn ").skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once(['(', '<'])?;
        (name == "pass" || name.ends_with("_pass")).then_some(name)
    })
}

fn code(source: &Source) -> String {
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
    app.stop().await;
}

#[test]
fn every_function_that_does_a_pass_belongs_to_one() {
    let sources: Vec<(String, String)> =
        sources("src").iter().map(|source| (source.path.clone(), code(source))).collect();
    let mut found = 0;
    for (path, text) in &sources {
        for function in functions(text) {
            found += 1;
            let in_method = format!(".{function}(");
            let in_module = format!("::{function}(");
            let calls = |text: &str| text.contains(&in_method) || text.contains(&in_module);
            let is_called = sources.iter().any(|(_, text)| {
                text.split("Pass::").skip(1).any(|making| {
                    // The closure of a pass is short, and ends before the next pass.
                    calls(&making.chars().take(400).collect::<String>())
                })
            });
            assert!(is_called, "no pass calls {function} of {path}");
        }
    }
    assert!(found > 10, "{found}");
}

#[test]
fn passes_and_their_functions_are_seen() {
    let text =
        "Pass::on(\n \"a\", every, Pass::new(\"b\", Pass::on(name, fn old_pass(x) fn passes()";
    assert_eq!(made(text).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(functions(text).collect::<Vec<_>>(), ["old_pass"]);
}
