//! Answers and errors in Stripe's shapes (<https://docs.stripe.com/api/errors>).

use serde_json::{Value, json};

/// An answer, and whether Stripe keeps it under the call's key.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// Kept when the call got as far as being carried out.
    pub kept: bool,
}

impl Answer {
    /// It went well.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body, kept: true }
    }

    /// The parameters are wrong: nothing is kept, the key is free.
    pub fn invalid(message: &str, code: Option<&str>, param: Option<&str>) -> Self {
        Self { kept: false, ..Self::refused(message, code, param) }
    }

    /// The object does not stand so that this can be done; the answer is kept.
    pub fn refused(message: &str, code: Option<&str>, param: Option<&str>) -> Self {
        let mut error = json!({ "message": message, "type": "invalid_request_error" });
        if let Some(code) = code {
            error["code"] = json!(code);
        }
        if let Some(param) = param {
            error["param"] = json!(param);
        }
        Self { status: 400, body: json!({ "error": error }), kept: true }
    }

    /// There is no such object.
    pub fn missing(what: &str, id: &str, param: &str) -> Self {
        let message = format!("No such {what}: '{id}'");
        let answer = Self::invalid(&message, Some("resource_missing"), Some(param));
        Self { status: 404, ..answer }
    }

    /// An error of another type.
    pub fn error(status: u16, kind: &str, code: Option<&str>, message: &str) -> Self {
        let mut error = json!({ "message": message, "type": kind });
        if let Some(code) = code {
            error["code"] = json!(code);
        }
        Self { status, body: json!({ "error": error }), kept: false }
    }

    /// Stripe failed; the answer is kept and repeated.
    pub fn fault() -> Self {
        let message = "An unknown error occurred";
        Self { kept: true, ..Self::error(500, "api_error", None, message) }
    }
}
