//! Stripe's form encoding: `application/x-www-form-urlencoded` with nested brackets, both in bodies and in
//! queries (`metadata[saga]=…`, `expand[]=…`, `created[gte]=…`).

use serde_json::{Map, Value};

/// Reads a form. Every value is text. A list (`a[]`, `a[0]`) becomes an array in the order of the form.
pub fn parse(text: &str) -> Map<String, Value> {
    let mut root = Value::Object(Map::new());
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name), decode(value));
        let mut parts = name.split('[').map(|part| part.trim_end_matches(']'));
        let first = parts.next().unwrap_or_default().to_owned();
        let rest: Vec<&str> = parts.collect();
        place(&mut root, &first, &rest, value);
    }
    let Value::Object(map) = root else { return Map::new() };
    map
}

fn place(into: &mut Value, name: &str, rest: &[&str], value: String) {
    let Value::Object(map) = into else { return };
    let Some((next, further)) = rest.split_first() else {
        map.insert(name.to_owned(), Value::String(value));
        return;
    };
    if next.is_empty() || next.bytes().all(|byte| byte.is_ascii_digit()) {
        let list = map.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(Value::String(value));
        }
        return;
    }
    let inner = map.entry(name).or_insert_with(|| Value::Object(Map::new()));
    place(inner, next, further, value);
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                let hex = String::from_utf8_lossy(&digits).into_owned();
                bytes.push(u8::from_str_radix(&hex, 16).unwrap_or(b'?'));
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn brackets_nest_and_lists_keep_their_order() {
        let form = parse(
            "amount=4500&metadata%5Bsaga%5D=a+b&automatic_payment_methods[enabled]=true&expand[]=x&expand[]=y&list[0]=p",
        );
        assert_eq!(
            Value::Object(form),
            json!({ "amount": "4500", "metadata": { "saga": "a b" },
                    "automatic_payment_methods": { "enabled": "true" },
                    "expand": ["x", "y"], "list": ["p"] })
        );
    }
}
