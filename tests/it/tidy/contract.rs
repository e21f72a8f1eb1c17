//! An optional field of a request is left out of its JSON when it has no value. The fingerprint of an idempotency key is
//! a hash of that JSON: a new optional field that appears as `null` would change the fingerprint of every request, and a
//! retry across a deployment would be refused.

use super::{SourceFile, check_none, sources};

/// The optional fields that have no value in the JSON as `null` and are not declared as fields of responses.
fn written_as_null(source: &SourceFile) -> Vec<String> {
    let (mut wrong, mut attributes) = (Vec::new(), String::new());
    let mut is_attribute = false;
    for (at, line) in source.code() {
        is_attribute |= line.starts_with("#[");
        if is_attribute {
            attributes.push_str(line);
            is_attribute = !line.ends_with(']');
            continue;
        }
        let is_field = line.starts_with("pub ") && !line.contains("fn ");
        let is_optional = is_field && line.contains(": Option<");
        let is_of_a_response = attributes.contains("oai(nullable)");
        if is_optional && !is_of_a_response && !attributes.contains("skip_serializing_if") {
            wrong.push(format!("{}:{at}: {line}", source.path));
        }
        attributes.clear();
    }
    wrong
}

#[test]
fn optional_fields_of_requests_are_left_out() {
    let wrong = sources("crates/contract/src").iter().flat_map(written_as_null).collect();
    check_none("the field needs `skip_serializing_if`, or `oai(nullable)` in a response", wrong);
}

#[test]
fn an_optional_field_that_is_written_as_null_is_seen() {
    let of = |attributes: &str| {
        let text =
            format!("pub struct New {{\n{attributes}\n/// A name.\npub name: Option<u8>,\n}}");
        written_as_null(&SourceFile { path: "x.rs".into(), text }).len()
    };
    assert_eq!(of(""), 1);
    assert_eq!(of("#[serde(default)]"), 1);
    assert_eq!(of("#[serde(\ndefault,\nskip_serializing_if = \"Option::is_none\"\n)]"), 0);
    assert_eq!(of("#[cfg_attr(feature = \"openapi\", oai(nullable))]"), 0);
}
