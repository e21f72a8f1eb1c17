//! Responses and errors in the form that Stripe documents (<https://docs.stripe.com/api/errors>).

use serde_json::{Value, json};

/// A response, and whether Stripe stores it for the call's idempotency key.
#[derive(Debug, Clone, PartialEq)]
pub struct StripeAnswer {
    pub status: u16,
    pub body: Value,
    /// Whether the response is stored for the key: true if the call was carried out.
    pub kept: bool,
}

impl StripeAnswer {
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body, kept: true }
    }

    /// The response to wrong parameters. It is not stored, so the key stays free.
    pub fn invalid(message: &str, code: Option<&str>, param: Option<&str>) -> Self {
        Self { kept: false, ..Self::refused(message, code, param) }
    }

    /// The response when the state of the object does not allow the call. It is stored.
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

    /// The response when the object does not exist.
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

    /// The response of a system in front of Stripe that cannot reach Stripe. It is not stored.
    pub fn bad_gateway() -> Self {
        Self { status: 502, body: json!("502 Bad Gateway"), kept: false }
    }

    /// The response when Stripe itself failed. It is stored and repeated.
    pub fn fault() -> Self {
        let message = "An unknown error occurred";
        Self { kept: true, ..Self::error(500, "api_error", None, message) }
    }
}
