//! Protocol errors: the RFC's code and status for the client, a private cause for the operator.

use std::fmt;

use crate::http::HttpResponse;

/// Error codes of RFC 6749 §5.2 and the specifications that extend its registry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorCode {
    /// RFC 6749 §5.2
    InvalidRequest,
    /// RFC 6749 §5.2
    InvalidClient,
    /// RFC 6749 §5.2
    UnauthorizedClient,
    /// RFC 6749 §5.2
    UnsupportedGrantType,
    /// RFC 6749 §5.2
    InvalidScope,
    /// RFC 6749 §5.2
    InvalidGrant,
    /// RFC 8707 §2
    InvalidTarget,
    /// RFC 6750 §3.1
    InvalidToken,
    /// RFC 6750 §3.1
    InsufficientScope,
    /// RFC 6749 §4.1.2.1, here where policy refuses what nobody is there to be asked for
    AccessDenied,
    /// RFC 6749 §4.1.2.1, here also for the token endpoint
    TemporarilyUnavailable,
    /// RFC 6749 §4.1.2.1
    ServerError,
    /// RFC 9396 §5
    InvalidAuthorizationDetails,
    /// CIBA Core §13
    ExpiredLoginHintToken,
    /// CIBA Core §13
    UnknownUserId,
    /// CIBA Core §13
    MissingUserCode,
    /// CIBA Core §13
    InvalidUserCode,
    /// CIBA Core §13
    InvalidBindingMessage,
    /// CIBA Core §11
    AuthorizationPending,
    /// CIBA Core §11
    SlowDown,
    /// CIBA Core §11
    ExpiredToken,
    /// CIBA Core §12
    TransactionFailed,
    /// No specification's: the path names nothing.
    NotFound,
}

impl ErrorCode {
    /// The code as sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::AccessDenied => "access_denied",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::ServerError => "server_error",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::ExpiredLoginHintToken => "expired_login_hint_token",
            Self::UnknownUserId => "unknown_user_id",
            Self::MissingUserCode => "missing_user_code",
            Self::InvalidUserCode => "invalid_user_code",
            Self::InvalidBindingMessage => "invalid_binding_message",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::TransactionFailed => "transaction_failed",
            Self::NotFound => "not_found",
        }
    }

    /// The HTTP status that goes with the code unless [`ProtocolError::with_status`] says otherwise.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::InsufficientScope | Self::AccessDenied => 403,
            Self::TemporarilyUnavailable => 503,
            Self::NotFound => 404,
            Self::ServerError => 500,
            _ => 400,
        }
    }
}

/// Seconds after which a client may try again when a store or key is unavailable.
const RETRY_AFTER_SECONDS: &str = "5";

/// An error answer and what the operator should know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtocolError {
    /// What the client is told.
    pub code: ErrorCode,
    /// What to do about it, for the developer of the client.
    pub description: String,
    /// The policy rule that refused, where one did.
    pub rule: Option<&'static str>,
    /// What really happened, for the audit event. Never sent.
    pub cause: Option<String>,
    /// Where people can read more, `error_uri`.
    pub uri: Option<String>,
    status: u16,
    headers: Vec<(&'static str, String)>,
}

impl ProtocolError {
    /// An error with the code's own status.
    pub fn new(code: ErrorCode, description: impl Into<String>) -> Self {
        let headers = match code {
            ErrorCode::TemporarilyUnavailable => vec![("retry-after", RETRY_AFTER_SECONDS.to_owned())],
            _ => Vec::new(),
        };
        Self {
            code,
            description: description.into(),
            rule: None,
            cause: None,
            uri: None,
            status: code.status(),
            headers,
        }
    }

    /// Shorthand for the commonest code.
    pub fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// The store, or another thing of the host's, failed: `cause` is for the operator.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        Self::new(ErrorCode::TemporarilyUnavailable, "the store is unavailable: try again").with_cause(cause)
    }

    /// Answers with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a header field.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Names the policy rule that refused; its id ends the description.
    #[must_use]
    pub fn with_rule(mut self, rule: &'static str) -> Self {
        self.rule = Some(rule);
        self
    }

    /// Tells the operator what really happened.
    #[must_use]
    pub fn with_cause(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Says where people can read more. What holds other characters than RFC 6749 §5.2 allows is left out.
    #[must_use]
    pub fn with_uri(mut self, uri: Option<&str>) -> Self {
        let sound = |uri: &&str| uri.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        self.uri = uri.filter(sound).map(str::to_owned);
        self
    }

    /// The status that it is answered with.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The description in the characters of RFC 6749 §5.2.
    pub fn printable_description(&self) -> String {
        printable(&self.description)
    }

    /// The answer: RFC 6749 §5.2.
    pub fn to_response(&self) -> HttpResponse {
        let mut response = HttpResponse::json(self.status, self.to_json().to_string());
        response.headers.extend(self.headers.iter().cloned());
        response
    }

    /// The body of the answer.
    pub fn to_json(&self) -> serde_json::Value {
        let mut description = self.printable_description();
        if let Some(rule) = self.rule {
            description.push_str(" (");
            description.push_str(rule);
            description.push(')');
        }
        let mut body = serde_json::json!({ "error": self.code.as_str(), "error_description": description });
        if let (Some(uri), Some(members)) = (&self.uri, body.as_object_mut()) {
            members.insert("error_uri".into(), uri.as_str().into());
        }
        body
    }
}

/// RFC 6749 §5.2: `error_description` holds only %x20-21 / %x23-5B / %x5D-7E. What a client sent may
/// come back in it, so the rest is replaced, and the length is bounded.
fn printable(text: &str) -> String {
    const LONGEST: usize = 400;
    text.chars()
        .take(LONGEST)
        .map(|c| match c {
            '"' => '\'',
            '\u{20}'..='\u{7e}' if c != '\\' => c,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_keeps_to_its_characters_and_length() {
        let text = format!("scope \"ü\\\n\" {}", "x".repeat(1000));
        let error = ProtocolError::new(ErrorCode::InvalidScope, text).with_rule("scope.unknown");
        let body: serde_json::Value = serde_json::from_str(&error.to_response().body).unwrap();
        let description = body["error_description"].as_str().unwrap();
        assert!(description.starts_with("scope '???' xxx"), "{description}");
        assert!(description.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)));
        assert!(description.len() < 450 && description.ends_with(" (scope.unknown)"));
    }

    #[test]
    fn an_unavailable_service_says_when_to_come_back() {
        let response = ProtocolError::new(ErrorCode::TemporarilyUnavailable, "later").to_response();
        assert_eq!(response.status, 503);
        assert!(response.headers.contains(&("retry-after", "5".into())));
    }
}
