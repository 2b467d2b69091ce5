//! Development only: what test clients need to know. Exists only where the configuration says
//! `"dev": true` and the origin is a loopback host.

use std::collections::BTreeMap;

use crate::error::{ErrorCode, ProtocolError};
use crate::http::HttpResponse;

/// `GET /_dev/env`: a flat object of strings.
pub(super) fn env(values: Option<&BTreeMap<String, String>>) -> HttpResponse {
    match values.map(serde_json::to_string) {
        Some(Ok(body)) => HttpResponse::json(200, body),
        _ => ProtocolError::new(ErrorCode::NotFound, "no endpoint has this path").to_response(),
    }
}
