//! The imports between units of the server (`kernel`, `shop/checkout`, …), read from the source text.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use super::{SourceFile, sources};

/// The folders whose children are separate units.
const GROUPS: [&str; 4] = ["desk", "identity", "money", "shop"];

/// The imports between units, each with a place that makes it.
pub type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// A path that names an item of another unit.
pub struct Import {
    pub file: String,
    pub from: String,
    pub to: String,
    /// The whole path from the crate's root on, such as `shop::bookings::find`.
    pub path: String,
}

/// Every import from one of the server's units into another.
pub fn imports() -> Vec<Import> {
    let mut imports = Vec::new();
    for source in sources("src") {
        let module = module(&source.path);
        let Some(from) = unit(&module) else { continue };
        for path in paths(&source, &module) {
            if let Some(to) = unit(&path).filter(|to| *to != from) {
                let (file, from) = (source.path.clone(), from.clone());
                imports.push(Import { file, from, to, path: path.join("::") });
            }
        }
    }
    imports
}

/// Imports that hide the imported unit: a glob, or a whole group of slices.
pub fn vague() -> Vec<String> {
    let mut vague = Vec::new();
    for source in sources("src").iter().filter(|source| !source.path.ends_with("/tests.rs")) {
        for path in paths(source, &module(&source.path)) {
            if is_vague(&path) {
                vague.push(format!("{}: {}", source.path, path.join("::")));
            }
        }
    }
    vague
}

fn is_vague(path: &[String]) -> bool {
    let is_group = matches!(path, [group] if GROUPS.contains(&group.as_str()));
    is_group || path.last().is_some_and(|last| last == "*")
}

/// The graph of the server's units.
pub fn graph() -> Graph {
    let mut graph = Graph::new();
    for import in imports() {
        graph.entry(import.to.clone()).or_default();
        graph.entry(import.from).or_default().entry(import.to).or_insert(import.file);
    }
    graph
}

/// The units in an order in which each unit follows all units that it imports, or the cycle that makes this
/// impossible, in words.
pub fn order(graph: &Graph) -> Result<Vec<String>, String> {
    let (mut order, mut done) = (Vec::new(), BTreeSet::new());
    for unit in graph.keys() {
        visit(graph, unit, &mut Vec::new(), &mut done, &mut order)?;
    }
    Ok(order)
}

fn visit(
    graph: &Graph,
    unit: &str,
    way: &mut Vec<String>,
    done: &mut BTreeSet<String>,
    order: &mut Vec<String>,
) -> Result<(), String> {
    if done.contains(unit) {
        return Ok(());
    }
    way.push(unit.to_owned());
    for (to, place) in graph.get(unit).into_iter().flatten() {
        if let Some(start) = way.iter().position(|before| before == to) {
            let mut cycle = String::new();
            for pair in way[start..].windows(2) {
                let place = &graph[&pair[0]][&pair[1]];
                writeln!(cycle, "{} imports {} in {place}", pair[0], pair[1]).expect("a String");
            }
            writeln!(cycle, "{unit} imports {to} in {place}").expect("a String");
            return Err(cycle);
        }
        visit(graph, to, way, done, order)?;
    }
    way.pop();
    done.insert(unit.to_owned());
    order.push(unit.to_owned());
    Ok(())
}

/// `src/shop/checkout/api.rs` is `["shop", "checkout", "api"]`.
pub fn module(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    path.split('/').map(str::to_owned).collect()
}

/// The unit that a module belongs to. `None` for the crate's root and the names of groups.
pub fn unit(module: &[String]) -> Option<String> {
    let first = module.first()?;
    match first.as_str() {
        "lib" | "main" | "pages" => None,
        group if GROUPS.contains(&group) => Some(format!("{group}/{}", module.get(1)?)),
        _ => Some(first.clone()),
    }
}

/// Every path of this crate that the file names, from the crate's root on.
fn paths(source: &SourceFile, module: &[String]) -> Vec<Vec<String>> {
    let code: Vec<&str> = source.code().map(|(_, line)| line).collect();
    let code = code.join(" ");
    let mut found = Vec::new();
    for statement in code.split(';') {
        let start = ["use crate::", "use super::"].iter().find_map(|word| statement.find(word));
        if let Some(start) = start {
            flatten(&statement[start + "use ".len()..], &[], &mut found);
        }
    }
    for word in ["crate::", "super::"] {
        for (at, _) in code.match_indices(word) {
            let path = code[at..].split(|letter: char| {
                !(letter.is_alphanumeric() || letter == '_' || letter == ':')
            });
            let path = path.into_iter().next().unwrap_or_default();
            // The part before a brace was flattened above.
            if path.ends_with("::") {
                continue;
            }
            found.push(path.split("::").map(str::to_owned).collect());
        }
    }
    found.iter().filter_map(|path| resolve(path, module)).collect()
}

/// The paths of a tree such as `crate::{a::b, c::{d, e}}`.
fn flatten(tree: &str, before: &[String], found: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    if tree.is_empty() {
        return; // after the last comma
    }
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().split("::");
        found.push(before.iter().cloned().chain(path.map(str::to_owned)).collect());
        return;
    };
    let names = head.split("::").filter(|name| !name.is_empty()).map(str::to_owned);
    let before: Vec<String> = before.iter().cloned().chain(names).collect();
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in rest.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                flatten(&rest[start..at], &before, found);
                return;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                flatten(&rest[start..at], &before, found);
                start = at + 1;
            }
            _ => {}
        }
    }
}

fn resolve(path: &[String], module: &[String]) -> Option<Vec<String>> {
    let mut at: Vec<String> = match path.first()?.as_str() {
        "crate" => Vec::new(),
        "super" => module.to_vec(),
        _ => return None,
    };
    for name in path {
        match name.as_str() {
            "crate" | "" => {}
            "super" => {
                at.pop();
            }
            name => at.push(name.to_owned()),
        }
    }
    Some(at)
}

#[test]
fn paths_are_read_out_of_nested_trees() {
    let mut found = Vec::new();
    flatten("crate::{kernel::db::{self, Tx}, live}", &[], &mut found);
    let found: Vec<String> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["crate::kernel::db::self", "crate::kernel::db::Tx", "crate::live"]);
}

#[test]
fn globs_and_whole_groups_are_vague() {
    let is_vague = |path: &str| is_vague(&path.split("::").map(str::to_owned).collect::<Vec<_>>());
    assert!(is_vague("shop") && is_vague("kernel::db::*"));
    assert!(!is_vague("shop::checkout") && !is_vague("kernel"));
}

#[test]
fn a_cycle_is_found_and_named() {
    let arrow = |to: &str| BTreeMap::from([(to.to_owned(), format!("src/{to}_user.rs"))]);
    let graph = Graph::from([
        ("a".to_owned(), arrow("b")),
        ("b".to_owned(), arrow("c")),
        ("c".to_owned(), arrow("b")),
    ]);
    let cycle = order(&graph).expect_err("a cycle");
    assert_eq!(cycle, "b imports c in src/c_user.rs\nc imports b in src/b_user.rs\n");
}
