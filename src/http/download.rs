//! Responses that a browser saves as a file.

use poem::{IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse,
    payload::{Binary, Payload as _},
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
};

/// The media type of a file that is only saved (RFC 2046, 4.5.1). Generators of clients do not know that of a zip.
const FILE: &str = "application/octet-stream";

/// A zip that is saved under this name, which consists of ASCII letters, digits, `-` and `.`.
#[derive(Debug, Clone)]
pub struct Zip {
    pub name: &'static str,
    pub content: Vec<u8>,
}

impl IntoResponse for Zip {
    fn into_response(self) -> Response {
        let disposition = format!("attachment; filename=\"{}\"", self.name);
        Response::builder()
            .content_type(FILE)
            .header(header::CONTENT_DISPOSITION, disposition)
            .header(header::CACHE_CONTROL, "no-store")
            .body(self.content)
    }
}

impl ApiResponse for Zip {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "A zip that is saved as a file.",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: FILE,
                    schema: Binary::<Vec<u8>>::schema_ref(),
                }],
                headers: vec![],
            }],
        }
    }

    fn register(_registry: &mut Registry) {}
}
