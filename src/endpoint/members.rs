//! The members of a JSON object that a request sends.

use serde_json::Value;

use crate::error::ProtocolError;
use crate::http::HttpRequest;
use crate::issuer::Issuer;

/// Longest subject, in bytes of UTF-8.
const LONGEST_SUB: usize = 255;

/// A JSON object's members, read as what they must be. What is none has none.
#[derive(Clone, Copy)]
pub(super) struct Members<'a>(pub(super) &'a Value);

impl<'a> Members<'a> {
    /// A member that is a text.
    pub(super) fn text(self, name: &str) -> Result<&'a str, ProtocolError> {
        let text = self.0.get(name).and_then(Value::as_str);
        text.ok_or_else(|| ProtocolError::invalid_request(format!("{name} must be a text")))
    }

    /// A member that is a text, where there is one.
    pub(super) fn text_if_any(self, name: &str) -> Result<Option<&'a str>, ProtocolError> {
        self.0.get(name).filter(|value| !value.is_null()).map(|_| self.text(name)).transpose()
    }

    /// The subject that is named.
    pub(super) fn sub(self) -> Result<&'a str, ProtocolError> {
        self.text("sub").and_then(expect_sub)
    }

    /// The client of the issuer that is named.
    pub(super) fn client(self, issuer: &Issuer) -> Result<&'a str, ProtocolError> {
        let client_id = self.text("client_id")?;
        let unknown = || ProtocolError::invalid_request(format!("no client {client_id} is known there"));
        issuer.clients.contains_key(client_id).then_some(client_id).ok_or_else(unknown)
    }
}

/// A text that can be a subject's identifier.
pub(super) fn expect_sub(sub: &str) -> Result<&str, ProtocolError> {
    if sub.is_empty() || sub.len() > LONGEST_SUB {
        return Err(ProtocolError::invalid_request(format!("expected a sub of 1 to {LONGEST_SUB} bytes")));
    }
    Ok(sub)
}

/// `what`: what the body holds.
pub(super) fn expect_json(request: &HttpRequest, what: &str) -> Result<(), ProtocolError> {
    let content_type = request.headers.content_type.as_deref().unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(ProtocolError::invalid_request(format!("send {what} as application/json")).with_status(415))
}
