//! U+0000 in every part of a request that can carry text. PostgreSQL cannot store it, so the server must refuse it
//! and not fail.

use holdfast::app::App;
use holdfast_domain::access::Role;
use poem::http::Method;
use serde_json::{Value, json};

use crate::support::{
    fixture::{account, app_with_event, new_event},
    harness::TestApp,
};

/// The operations of the document with their parameters.
async fn operations(app: &TestApp) -> Vec<(Method, String, Vec<Value>)> {
    let document = App::document((*app.app.config).clone()).await.expect("a document");
    let document: Value = serde_json::from_str(&document).expect("JSON");
    let paths = document["paths"].as_object().expect("paths").clone();
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().expect("methods").iter().map(|(method, operation)| {
            let method = method.to_uppercase().parse().expect("a method");
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            (method, path.clone(), parameters)
        })
    });
    operations.collect()
}

/// The path with this text for each of its parameters.
fn filled(path: &str, text: &str) -> String {
    let part = |part: &str| match part.starts_with('{') {
        true => text.to_owned(),
        false => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn a_path_with_nul_names_nothing_and_a_query_with_nul_is_refused_by_name() {
    let app = TestApp::start().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let mut queries = 0;
    for (method, path, parameters) in operations(&app).await {
        for text in ["%00", "a%00b"] {
            let odd = filled(&path, text);
            let asked = app.as_user(&admin).send(method.clone(), &odd, None, &[]).await;
            if odd != path {
                assert_eq!(asked.status, 404, "{method} {odd}: {}", asked.text);
            }
        }
        // Half of a character, and a lone surrogate: neither is valid UTF-8.
        for text in ["%C3", "%ED%A0%80"] {
            let odd = filled(&path, text);
            let asked = app.as_user(&admin).send(method.clone(), &odd, None, &[]).await;
            assert!(asked.status < 500, "{method} {odd}: {}", asked.text);
        }
        let typed = parameters.iter().filter(|parameter| {
            parameter["in"] == "path"
                && (parameter["schema"]["format"] == "uuid"
                    || parameter["schema"]["type"] == "integer")
        });
        for parameter in typed {
            let name = parameter["name"].as_str().expect("a name");
            let odd = path.replace(&format!("{{{name}}}"), "x");
            let odd = filled(&odd, "00000000-0000-7000-8000-000000000000");
            app.as_user(&admin).send(method.clone(), &odd, None, &[]).await.assert_field(name);
        }
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
            queries += 1;
            let name = parameter["name"].as_str().expect("a name");
            let plain = filled(&path, "00000000-0000-7000-8000-000000000000");
            let odd = format!("{plain}?{name}=a%00b");
            let asked = app.as_user(&admin).send(method.clone(), &odd, None, &[]).await;
            asked.assert_field(name);
            let odd = format!("{plain}?{name}=%ED%A0%80");
            let asked = app.as_user(&admin).send(method.clone(), &odd, None, &[]).await;
            assert!(asked.status < 500, "{method} {odd}: {}", asked.text);
        }
    }
    assert!(queries > 20, "only {queries} parameters were tried");
    app.finish().await;
}

#[tokio::test]
async fn a_body_with_nul_is_refused_at_its_field() {
    let (app, event) = app_with_event().await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let admin = app.as_user(&admin);
    let mut draft = json!(new_event(&app).await);
    draft["title"] = json!("Fa\0ust");
    admin.post("/events", &draft).await.assert_field("title");
    let section = json!({ "name": "Flo\0or", "capacity": 10 });
    admin.post(&event.path("/sections"), &section).await.assert_field("name");
    let wish = json!({ "name": "a", "benefits": ["b", "\0"] });
    admin.post(&event.path("/offers"), &wish).await.assert_field("benefits[1]");
    app.finish().await;
}
