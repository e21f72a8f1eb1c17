//! An array in place of the object that every JSON body must be. Serde's derive would read a structure from an array of
//! its fields in order; no operation of the document accepts that.

use serde_json::{Value, json};

use crate::support::{
    harness::TestApp,
    world::{People, PolicyWorld, Who},
};

/// The body of a webhook is signed text. Without a gateway that sends webhooks, the route does not exist.
const RESET: &str = "POST /auth/password/reset";
const ACTIVATE: &str = "POST /auth/activate";
const EMAIL: &str = "POST /auth/email/confirm";
const INVITATION: &str = "POST /invitations/accept";
const WEBHOOK: &str = "POST /payments/webhooks/stripe";

/// A seating plan has a parser of its own, which names each fault by a path that begins with `$`.
const PLAN: &str = "PUT /events/{id}/plan";

/// The operations that take a JSON body, with the names of the body's fields in the order of its schema.
async fn operations_with_a_body(app: &TestApp) -> Vec<(String, Vec<String>)> {
    let document = app.get("/openapi.json").await.body;
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if schema.is_null() {
                continue;
            }
            let schema = match schema["$ref"].as_str() {
                Some(name) => document.pointer(name.trim_start_matches('#')).expect("a schema"),
                None => schema,
            };
            let fields = schema["properties"].as_object().cloned().unwrap_or_default();
            let fields = fields.iter().map(|(name, _)| name.clone()).collect();
            found.push((format!("{} {path}", method.to_uppercase()), fields));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_array_is_no_body_of_any_operation() {
    let app = TestApp::start().await;
    let people = People::gather(&app).await;
    let operations = operations_with_a_body(&app).await;
    assert!(operations.len() > 10, "{operations:?}");
    let mut in_order = 0;
    for (operation, fields) in &operations {
        let world = PolicyWorld::make(&app, &people, Who::Owner).await;
        let body = world.body(operation).await.expect("a body");
        let is_of_buyer = operation.contains(" /reservations") || operation.contains(" /bookings");
        let who = if is_of_buyer { Who::Owner } else { Who::Admin };
        let (_, template) = operation.split_once(' ').expect("a method and a path");
        let (caller, path) = (people.call(&app, who, &world), world.path(template));
        let values: Vec<&Value> = fields.iter().map(|name| &body[name]).collect();
        in_order += usize::from(values.iter().any(|value| !value.is_null()));
        for array in [json!(values), json!([&body]), json!([])] {
            let answer = world.send(&path, &caller, operation, Some(&array)).await;
            let (status, field) = match operation.as_str() {
                WEBHOOK => (404, None),
                PLAN => (422, Some("$")),
                _ => (400, Some("body")),
            };
            assert_eq!(answer.status, status, "{operation} {array}: {}", answer.text);
            field.into_iter().for_each(|field| answer.assert_field(field));
        }
        // The object gets further than that, for the same caller.
        let answer = world.ask(&caller, operation).await;
        let needs_a_secret =
            [WEBHOOK, RESET, ACTIVATE, EMAIL, INVITATION].contains(&operation.as_str());
        let is_known = ![401, 403, 404].contains(&answer.status) || needs_a_secret;
        assert!(is_known, "{operation}: {}", answer.text);
    }
    assert!(in_order > 10, "only {in_order} bodies have values in the order of their fields");
    app.finish().await;
}
