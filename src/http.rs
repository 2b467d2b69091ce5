//! HTTP as far as the core looks at it.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// An HTTP request.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HttpRequest {
    /// Method, as received.
    pub method: String,
    /// Path as received, percent-encoding and all.
    pub path: String,
    /// Query, without the question mark.
    pub query: String,
    /// The header fields that the core reads.
    pub headers: Headers,
    /// Body.
    pub body: Body,
    /// Whether the program that hosts the core asks, and not somebody over HTTP.
    #[serde(default)]
    pub operator: bool,
}

/// The header fields that the core reads.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Headers {
    /// RFC 9110 §11.6.2
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
    /// RFC 9110 §8.3
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The key of an API subscription; no specification's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_api_key: Option<String>,
}

/// A request's body.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// All of it.
    Bytes(ByteBuf),
    /// Longer than its endpoint's limit, and not read.
    OverLimit,
}

impl Body {
    /// What was read of it: nothing where it is over the limit, which the router refuses.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::OverLimit => &[],
        }
    }
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: String,
}

impl HttpResponse {
    /// A JSON answer that no cache may keep: RFC 6749 §5.1.
    pub fn json(status: u16, body: String) -> Self {
        let headers =
            vec![("content-type", "application/json".to_owned()), ("cache-control", "no-store".to_owned())];
        Self { status, headers, body }
    }

    /// A public JSON document that any page may read and any cache keep for `max_age` seconds.
    pub fn document(body: String, max_age: u64) -> Self {
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("cache-control", format!("public, max-age={max_age}")),
            ("access-control-allow-origin", "*".to_owned()),
        ];
        Self { status: 200, headers, body }
    }
}
