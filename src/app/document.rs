//! The OpenAPI document in the form that generators of clients read. It changes the form of poem-openapi's document,
//! never what an operation takes or answers; the contract's types say that.
//!
//! poem-openapi writes a described field that refers to a schema as `allOf` of the reference and of a second schema
//! with only the description. The description also stands beside the `allOf`. Generators take the second schema for a
//! type and drop the field's schema, and with it every operation that uses it.

use serde_json::Value;

/// Rewrites poem-openapi's document.
///
/// # Panics
/// When the text is not JSON, which poem-openapi never writes.
pub(super) fn rewritten(document: &str) -> String {
    let mut document: Value = serde_json::from_str(document).expect("poem-openapi writes JSON");
    drop_repeating_members(&mut document);
    format!("{document:#}")
}

/// Drops each member of an `allOf` that only repeats what stands beside the `allOf`.
fn drop_repeating_members(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let repeats = |member: &Value| {
                let mut parts = member.as_object().into_iter().flatten();
                parts.all(|(name, part)| object.get(name) == Some(part))
            };
            let members = object.get("allOf").and_then(Value::as_array);
            let kept: Option<Vec<Value>> = members
                .map(|members| members.iter().filter(|member| !repeats(member)).cloned().collect());
            if let Some(kept) = kept {
                object.insert("allOf".to_owned(), Value::Array(kept));
            }
            object.values_mut().for_each(drop_repeating_members);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_repeating_members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(written: &Value, expected: &Value) {
        assert_eq!(rewritten(&written.to_string()), format!("{expected:#}"));
    }

    #[test]
    fn a_described_reference_has_its_description_beside_it() {
        let money = json!({ "$ref": "#/components/schemas/Money" });
        check(
            &json!({ "properties": { "total": {
                "description": "The price.", "nullable": true,
                "allOf": [money, { "description": "The price.", "nullable": true }],
            } } }),
            &json!({ "properties": { "total": {
                "description": "The price.", "nullable": true, "allOf": [money],
            } } }),
        );
    }

    #[test]
    fn a_schema_that_says_more_stays() {
        let composed = json!({ "description": "Both.", "allOf": [
            { "$ref": "#/components/schemas/Money" },
            { "description": "Both.", "properties": { "fee": { "type": "integer" } } },
        ] });
        check(&json!([composed]), &json!([composed]));
    }
}
