//! `Debug` prints no secret, so nobody who logs a value has to think about secrets.

use super::{SourceFile, sources};

const WORDS: [&str; 3] = ["password", "secret", "token"];

/// The fields of a file that contain a secret as plain text and that a derived `Debug` prints.
fn printed(source: &SourceFile) -> Vec<String> {
    let mut found = Vec::new();
    let (mut is_debug, mut is_hidden) = (false, false);
    for (at, line) in source.code() {
        let line = line.trim();
        if line.starts_with("#[derive(") {
            is_debug = line.contains("Debug");
        } else if line.contains("fn ") || line.starts_with("impl") {
            is_debug = false;
        }
        let field = line.trim_start_matches("pub ").trim_start_matches("pub(super) ");
        let is_secret = field.split_once(": ").is_some_and(|(name, kind)| {
            WORDS.iter().any(|word| name.contains(word))
                && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
                && ["String,", "Option<String>,"].contains(&kind)
        });
        if is_secret && is_debug && !is_hidden {
            found.push(format!("{}:{at}: {field}", source.path));
        }
        is_hidden = line.starts_with("#[debug(");
    }
    found
}

#[test]
fn debug_prints_no_secret() {
    let folders = ["src", "crates/contract/src", "crates/domain/src", "entity/src"];
    let sources: Vec<SourceFile> = folders.iter().flat_map(|folder| sources(folder)).collect();
    let found: Vec<String> = sources.iter().flat_map(printed).collect();
    assert!(found.is_empty(), "hide them with derive_more's #[debug(…)]: {found:#?}");
}

#[test]
fn a_printed_secret_is_seen() {
    let file = |field: &str| SourceFile {
        path: "x.rs".into(),
        text: format!("#[derive(Debug, Clone)]\npub struct A {{\n    {field}\n}}\n"),
    };
    assert_eq!(printed(&file("pub password: String,")).len(), 1);
    assert_eq!(printed(&file("client_secret: Option<String>,")).len(), 1);
    assert_eq!(printed(&file("#[debug(\"hidden\")]\n    client_secret: String,")).len(), 0);
    assert_eq!(printed(&file("tokens: Arc<Tokens>,")).len(), 0);
}
