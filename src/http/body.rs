//! JSON bodies of requests and responses, by serde in both directions: a fault is named by its path
//! (`seats[0].seat_id`), and the wire has the one form that the front end reads. poem-openapi provides the
//! schema.

mod objects;

use std::io::ErrorKind;

use poem::{
    FromRequest, IntoResponse, Request, RequestBody, Response, Result, error::ReadBodyError,
    web::Data,
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions,
    payload::{ParsePayload, Payload},
    registry::{
        MetaMediaType, MetaRequest, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef,
        Registry,
    },
    types::Type,
};
use serde::{Serialize, de::DeserializeOwned};

use holdfast_contract::problem::ProblemType;

use self::objects::Objects;
use super::problem::ApiProblem;

/// The maximum size of a JSON body, in bytes, when the route does not set another limit.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

const CONTENT_TYPE: &str = "application/json";

/// The maximum size of a body for the routes below, in bytes. A `Data` middleware sets it; otherwise
/// [`MAX_BODY_BYTES`] applies.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub usize);

/// The JSON body of a request, or a response with status 200.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

/// A response with status 201.
#[derive(Debug, Clone)]
pub struct Created<T>(pub T);

impl<T: Type> Payload for Json<T> {
    const CONTENT_TYPE: &'static str = CONTENT_TYPE;

    fn check_content_type(content_type: &str) -> bool {
        let essence = content_type.split(';').next().unwrap_or("").trim();
        essence.eq_ignore_ascii_case(CONTENT_TYPE)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// Reads a whole body within the route's limit.
///
/// # Errors
/// When the body is larger or late, or the client stops sending.
pub async fn read(request: &Request, body: &mut RequestBody) -> Result<Vec<u8>> {
    let limit = Option::<Data<&BodyLimit>>::from_request_without_body(request)
        .await
        .ok()
        .flatten()
        .map_or(MAX_BODY_BYTES, |limit| limit.0.0);
    let too_large = || {
        ApiProblem::new(
            ProblemType::BodyTooLarge,
            format!("The body may have at most {limit} bytes."),
        )
    };
    body.take()?.into_bytes_limit(limit).await.map(|bytes| bytes.to_vec()).map_err(|error| {
        match error {
            ReadBodyError::PayloadTooLarge => too_large().into(),
            ReadBodyError::Io(error) => unread(&error).into(),
            error @ (ReadBodyError::BodyHasBeenTaken | ReadBodyError::Utf8(_)) => error.into(),
        }
    })
}

/// The problem of a body that did not arrive whole.
pub fn unread(error: &std::io::Error) -> ApiProblem {
    if error.kind() == ErrorKind::TimedOut {
        let detail = "The whole body did not arrive in time. Send it faster.";
        return ApiProblem::new(ProblemType::BodyTooSlow, detail);
    }
    ApiProblem::field("body", "did not arrive whole")
}

/// Parses JSON. Structures are read from objects alone.
///
/// # Errors
/// A problem that names the faulty field by its path.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiProblem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(Objects(&mut deserializer)).map_err(|error| {
        let (path, message) = (error.path().to_string(), error.inner().to_string());
        let missing = missing_field(&message);
        let words = if missing.is_some() { "is missing".to_owned() } else { plain(&message) };
        ApiProblem::field(field_at(&path, missing), words)
    })?;
    deserializer.end().map_err(|error| ApiProblem::field("body", error.to_string()))?;
    Ok(parsed)
}

/// serde's message, without the position in the text and without the names of Rust types.
fn plain(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let Some((before, expected)) = message.split_once(", expected ") else {
        return message.to_owned();
    };
    let expected = match expected.split(' ').next().unwrap_or("") {
        "struct" | "tuple" => "an object",
        "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64" => "an integer in range",
        _ => expected,
    };
    format!("{before}, expected {expected}")
}

/// The name of a missing field. The error's path ends above the field, so only serde's message contains the name.
fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.split_once('`').map(|(name, _)| name)
}

/// The name of the faulty field. In serde's path, `.` is the whole body and `?` a place that was not reached
/// because the JSON ends too early.
fn field_at(path: &str, below: Option<&str>) -> String {
    match (path, below) {
        ("." | "?", None) => "body".to_owned(),
        ("." | "?", Some(name)) => name.to_owned(),
        (path, None) => path.to_owned(),
        (path, Some(name)) => format!("{path}.{name}"),
    }
}

impl<T: Type + DeserializeOwned> ParsePayload for Json<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        let bytes = read(request, body).await?;
        Ok(Self(parse(&bytes)?))
    }
}

impl<'a, T: Type + DeserializeOwned> ApiExtractor<'a> for Json<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType { content_type: CONTENT_TYPE, schema: T::schema_ref() }],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        check_media_type::<T>(request)?;
        <Self as ParsePayload>::from_request(request, body).await
    }
}

/// A JSON body that may be absent.
#[derive(Debug, Clone)]
pub struct MaybeJson<T>(pub Option<T>);

impl<'a, T: Type + DeserializeOwned> ApiExtractor<'a> for MaybeJson<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        <Json<T> as ApiExtractor>::request_meta()
            .map(|meta| MetaRequest { required: false, ..meta })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let bytes = read(request, body).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        check_media_type::<T>(request)?;
        Ok(Self(Some(parse(&bytes)?)))
    }
}

fn check_media_type<T: Type>(request: &Request) -> Result<()> {
    if request.content_type().is_some_and(<Json<T> as Payload>::check_content_type) {
        return Ok(());
    }
    let detail = "Send the body as application/json.";
    Err(ApiProblem::new(ProblemType::UnsupportedMediaType, detail).into())
}

/// A JSON body that is not parsed, for handlers that need its exact bytes.
#[derive(Debug, Clone)]
pub struct Raw(pub Vec<u8>);

impl<'a> ApiExtractor<'a> for Raw {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new("object")));
        let content = vec![MetaMediaType { content_type: CONTENT_TYPE, schema }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        read(request, body).await.map(Self)
    }
}

/// Serializes a response. A failure is a bug, because wire types always serialize.
pub fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("wire types serialize")
}

fn meta<T: Type>(status: u16) -> MetaResponses {
    MetaResponses {
        responses: vec![MetaResponse {
            description: "The request succeeded.",
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType { content_type: CONTENT_TYPE, schema: T::schema_ref() }],
            headers: vec![],
        }],
    }
}

impl<T: Serialize + Send> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        Response::builder().content_type(CONTENT_TYPE).body(bytes(&self.0))
    }
}

impl<T: Type + Serialize> ApiResponse for Json<T> {
    fn meta() -> MetaResponses {
        meta::<T>(200)
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Serialize + Send> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        Response::builder()
            .status(poem::http::StatusCode::CREATED)
            .content_type(CONTENT_TYPE)
            .body(bytes(&self.0))
    }
}

impl<T: Type + Serialize> ApiResponse for Created<T> {
    fn meta() -> MetaResponses {
        meta::<T>(201)
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// A response with status 204.
#[derive(Debug, Clone, Copy)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        poem::http::StatusCode::NO_CONTENT.into_response()
    }
}

impl ApiResponse for NoContent {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "The request succeeded. The response has no body.",
                status: Some(204),
                status_range: None,
                content: vec![],
                headers: vec![],
            }],
        }
    }

    fn register(_registry: &mut Registry) {}
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(rename = "inner")]
        _inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[serde(rename = "count")]
        _count: u8,
    }

    fn faulty_field(body: &str) -> String {
        let problem = parse::<Outer>(body.as_bytes()).expect_err("a fault");
        problem.problem().errors.first().expect("a field").field.clone()
    }

    #[test]
    fn a_fault_names_the_field_also_when_it_is_not_there() {
        assert_eq!(faulty_field(r#"{}"#), "inner");
        assert_eq!(faulty_field(r#"{"inner":[{}]}"#), "inner[0].count");
        assert_eq!(faulty_field(r#"{"inner":[{"count":"x"}]}"#), "inner[0].count");
        assert_eq!(faulty_field("[]"), "body");
        assert_eq!(faulty_field("{"), "body");
    }

    #[test]
    fn the_words_name_no_type_of_the_program_and_no_place_in_the_text() {
        let message = |body: &str| {
            let problem = parse::<Outer>(body.as_bytes()).expect_err("a fault");
            problem.problem().errors.first().expect("a field").message.clone()
        };
        assert_eq!(message("[]"), "invalid type: sequence, expected an object");
        assert_eq!(message("{}"), "is missing");
        let range = "invalid value: integer `-1`, expected an integer in range";
        assert_eq!(message(r#"{"inner":[{"count":-1}]}"#), range);
    }

    #[test]
    fn text_that_no_column_holds_is_refused_at_its_field() {
        #[derive(Debug, Deserialize)]
        struct Named {
            #[serde(rename = "names")]
            _names: Vec<String>,
        }

        let problem = parse::<Named>(br#"{"names":["a","b\u0000"]}"#).expect_err("a NUL");
        assert_eq!(problem.problem().errors.first().expect("a field").field, "names[1]");
        parse::<Named>(br#"{"names":["a","b\u0001"]}"#).expect("names judge other characters");
    }

    #[test]
    fn an_array_is_no_object_at_any_depth() {
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Shape {
            Nested(Inner),
            Fields {
                #[serde(rename = "inner")]
                _inner: Option<Inner>,
            },
        }

        assert_eq!(faulty_field(r#"[[{"count":1}]]"#), "body");
        assert_eq!(faulty_field(r#"{"inner":[[1]]}"#), "inner[0]");
        for array in [r#"{"nested":[1]}"#, r#"{"fields":[null]}"#, r#"{"fields":{"inner":[1]}}"#] {
            parse::<Shape>(array.as_bytes()).expect_err(array);
        }
        let nested: Shape = parse(br#"{"nested":{"count":1}}"#).expect("an object");
        assert!(matches!(nested, Shape::Nested(Inner { _count: 1 })), "{nested:?}");
        let fields: Shape = parse(br#"{"fields":{"inner":{"count":1}}}"#).expect("objects");
        assert!(matches!(fields, Shape::Fields { _inner: Some(_) }), "{fields:?}");
    }
}
