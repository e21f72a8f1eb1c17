//! A visitor can leave a page while it waits for the server. The signals of the page are then gone, and a read that
//! does not expect that panics.

use super::{SourceFile, check_none, sources};

/// The reads that panic when their signal or stored value is gone. Each has a form that begins with `try_`. So have our
/// own functions whose name ends with `_untracked`.
const READS: [&str; 5] = [".get(", ".get_value(", ".get_locale(", ".with(", ".with_value("];
const BEGINNINGS: [&str; 3] = ["async {", "async move {", "async fn "];
const PROGRAMS: [&str; 5] = [
    "frontend/ui/src",
    "frontend/map/src",
    "frontend/shop/src",
    "frontend/account/src",
    "frontend/desk/src",
];

/// Whether this text begins with a read of a signal that may panic.
fn is_read(text: &str) -> bool {
    let called = text.strip_prefix('.').and_then(|text| text.split_once('('));
    READS.iter().any(|read| text.starts_with(read))
        || called.is_some_and(|(name, _)| {
            name.ends_with("_untracked") && !name.starts_with("try_") && !name.contains([' ', '.'])
        })
}

/// The lines that read a signal after an `.await` of the same asynchronous block or function.
fn late_reads(source: &SourceFile) -> Vec<String> {
    let mut wrong = Vec::new();
    // The depth of the braces, and for each open asynchronous block its depth and whether it has waited.
    let (mut depth, mut open) = (0_usize, Vec::<(usize, bool)>::new());
    let mut is_declared = false;
    for (at, line) in source.code() {
        let mut rest = line;
        while let Some(next) = rest.chars().next() {
            if BEGINNINGS.iter().any(|begin| rest.starts_with(begin)) {
                is_declared = true;
            } else if rest.starts_with(".await") {
                open.last_mut().into_iter().for_each(|(_, has_waited)| *has_waited = true);
            } else if is_read(rest) && open.last().is_some_and(|(_, has_waited)| *has_waited) {
                wrong.push(format!("{}:{at}: {line}", source.path));
            }
            match next {
                '{' => {
                    depth += 1;
                    if is_declared {
                        open.push((depth, false));
                        is_declared = false;
                    }
                }
                '}' => {
                    open.pop_if(|(opened, _)| *opened == depth);
                    depth = depth.saturating_sub(1);
                }
                _ => {}
            }
            rest = &rest[next.len_utf8()..];
        }
    }
    wrong
}

#[test]
fn signals_are_read_with_care_after_a_wait() {
    let wrong = PROGRAMS.iter().flat_map(|folder| sources(folder)).flat_map(|it| late_reads(&it));
    check_none("the visitor may have left: use a read that begins with `try_`", wrong.collect());
}

#[test]
fn a_late_read_is_seen() {
    let late = |body: &str| {
        let text = format!("fn f() {{\nspawn_local(async move {{\n{body}\n}});\nx.get();\n}}");
        late_reads(&SourceFile { path: "x.rs".into(), text }).len()
    };
    assert_eq!(late("let a = x.get_untracked();\ncall(a).await;"), 0);
    assert_eq!(late("call().await;\nlet a = x.y.try_get_untracked();"), 0);
    assert_eq!(late("call().await;\nif a {\nx.with_untracked(|x| x.id);\n}"), 1);
    assert_eq!(late("call().await;\nspawn(async move {\nx.get_value();\nb().await;\n});"), 0);
    assert_eq!(late("let a = async {\ncall().await;\nbasket.total_untracked()\n};"), 1);
    assert_eq!(late("match call().await {\nOk(_) => x.get(),\n}"), 1);
}
