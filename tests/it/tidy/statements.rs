//! No statement contains input: values are parameters, and the text of a statement is made of constants and of the words
//! that are listed here. See `docs/ASVS.md`, V1.2.4.

use super::{SourceFile, check, check_none, rows::joined, sources};

/// Words by which a text is part of a statement.
const SQL: [&str; 12] = [
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE ",
    "WITH ",
    " WHERE ",
    " FROM ",
    " AND ",
    " LIMIT ",
    " ORDER BY ",
    " RETURNING ",
    " VALUES ",
];

/// What a statement may contain besides constants, by file. The files of `src/kernel/db` make statements of names of
/// columns and of placeholders; they get values only as parameters.
const KNOWN: [(&str, &[&str]); 5] = [
    // A fixed condition, or nothing.
    ("src/adapters/simulated_gateway/store.rs", &["older"]),
    // Fixed words for each condition and each order; a number.
    ("src/catalogue/store/listing.rs", &["beyond", "column", "direction", "wanted.limit + 1"]),
    // Names of columns that are sealed, which the slices list as constants.
    ("src/kernel/keys/store.rs", &["column", "table"]),
    // A fixed assignment, or nothing; a constant with a constant in it.
    ("src/kernel/saga/store.rs", &["stop", "CLAIM.replace"]),
    // Fixed conditions and assignments for each step of a payment.
    ("src/shop/reservations/store/payment.rs", &["conditions", "items", "lock", "set", "state"]),
];

/// The texts that `format!` makes and that are part of a statement, each with what it inserts.
fn made(text: &str) -> Vec<(String, Vec<String>)> {
    text.split("format!(").skip(1).filter_map(|rest| of_call(rest.trim_start())).collect()
}

fn of_call(rest: &str) -> Option<(String, Vec<String>)> {
    let rest = rest.strip_prefix('"')?;
    let mut end = None;
    let mut is_escaped = false;
    for (at, letter) in rest.char_indices() {
        if letter == '"' && !is_escaped {
            end = Some(at);
            break;
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    let (literal, arguments) = rest.split_at(end?);
    if !SQL.iter().any(|word| literal.contains(word)) {
        return None;
    }
    let mut arguments = arguments[1..].trim_start_matches(',').split([',', '(', ')']);
    let plain = literal.replace("{{", "").replace("}}", "");
    let inserted = plain.split('{').skip(1).map(|rest| {
        let name = rest.split(['}', ':']).next().unwrap_or_default();
        let name = if name.is_empty() { arguments.next().unwrap_or_default() } else { name };
        name.trim().to_owned()
    });
    Some((literal.to_owned(), inserted.collect()))
}

fn is_constant(name: &str) -> bool {
    let is_of_name = |letter: char| letter.is_ascii_uppercase() || "_0123456789".contains(letter);
    !name.is_empty() && name.chars().all(is_of_name)
}

/// The statements of a file that contain something else than constants and the words that are known for the file.
fn strange(source: &SourceFile) -> Vec<String> {
    if source.path.starts_with("src/kernel/db") {
        return Vec::new();
    }
    let known = KNOWN.iter().find(|(path, _)| *path == source.path).map_or(&[][..], |it| it.1);
    let mut found = Vec::new();
    for (literal, inserted) in made(&joined(source)) {
        for name in inserted {
            if !is_constant(&name) && !known.contains(&name.as_str()) {
                found.push(format!("{}: {{{name}}} in {literal}", source.path));
            }
        }
    }
    found
}

#[test]
fn no_statement_contains_input() {
    let wrong: Vec<String> = sources("src").iter().flat_map(strange).collect();
    check_none("send values as parameters; list words of the program here", wrong);
}

#[test]
fn a_statement_with_input_is_seen() {
    let of = |code: &str| {
        strange(&SourceFile { path: "src/a/store.rs".into(), text: format!("{code}\n") }).len()
    };
    assert_eq!(of(r#"let text = format!("SELECT a FROM t WHERE b = '{name}'");"#), 1);
    assert_eq!(of("let text = format!(\n\"SELECT a FROM t \\\nWHERE b = '{}'\", wanted.name);"), 1);
    assert_eq!(of(r#"sql.push_str(&format!(" AND a = {}", by.name));"#), 1);
    assert_eq!(of(r#"format!("{MOMENT} WHERE e.id = $1 AND a < {{now}} LIMIT {}", PAGE)"#), 0);
    assert_eq!(of(r#"format!("no payment has the key {key}")"#), 0);
}

#[test]
fn statements_are_built_of_entities_or_sent_through_the_store() {
    check("send it through `Sql`, which takes the values apart", &["src"], |path, line| {
        let is_raw = ["execute_unprepared(", "Statement::from_string(", "raw_sql("]
            .iter()
            .any(|call| line.contains(call));
        is_raw && !path.starts_with("src/kernel/db")
    });
}

/// `quick-xml`, which comes with poem-openapi, has advisories about hostile XML. `deny.toml` lists them because of this.
#[test]
fn nothing_reads_xml() {
    check("no route reads XML", &["src", "crates/contract/src"], |_, line| {
        line.contains("Xml<") || line.contains("payload::Xml") || line.contains("quick_xml")
    });
}
