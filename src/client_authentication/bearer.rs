//! A client that shows an access token of its own: RFC 6750 §2.1. The token is one that it got by
//! client_credentials here; one that it has for somebody else does not say that it is the client.

use std::rc::Rc;

use crate::client::Client;
use crate::error::{ErrorCode, ProtocolError};
use crate::host::Host;
use crate::http::HttpRequest;
use crate::issuer::Issuer;
use crate::policy::Policy;
use crate::token;

/// Whether the request presents a bearer token.
pub fn is_bearer(request: &HttpRequest) -> bool {
    token_of(request).is_some()
}

fn token_of(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = request.headers.authorization.as_deref()?.split_once(' ')?;
    let token = Some(token.trim_matches(' ')).filter(|token| !token.is_empty())?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The client whose token the request presents, which must have `scope`.
///
/// # Errors
/// RFC 6750 §3.1: `invalid_token`, 401; `insufficient_scope`, 403.
pub async fn authenticate_bearer(
    host: &Host,
    issuer: &Issuer,
    policy: Option<&Policy>,
    request: &HttpRequest,
    scope: &str,
) -> Result<Rc<Client>, ProtocolError> {
    let Some(token) = token_of(request) else {
        // §3.1: a request that lacks credentials learns the scheme and nothing else.
        return Err(ProtocolError::new(
            ErrorCode::InvalidToken,
            "send Authorization: Bearer and an access token",
        )
        .with_header("www-authenticate", format!("Bearer realm=\"{}\"", issuer.identifier)));
    };
    let invalid = |why: &str| challenge(issuer, ErrorCode::InvalidToken, why, None);
    let token =
        token::access_token(issuer, token, host.now()).map_err(|refusal| invalid(&refusal.message))?;
    if token.was_revoked(host).await.map_err(ProtocolError::unavailable)? {
        return Err(invalid("the token was revoked"));
    }
    if !token.is_the_clients_own() {
        return Err(invalid("the token is not the client's own: get one by client_credentials"));
    }
    // RFC 9068 §4: whoever is sent a token for somebody else must not be able to use it here. The tokens of some
    // dialects are for nobody in particular.
    let here = [&issuer.identifier, &issuer.default_audience];
    if !token.audience.is_empty() && !token.audience.iter().any(|one| here.contains(&one)) {
        return Err(invalid(&format!("the token is not for {}", issuer.identifier)));
    }
    if token.cnf.is_some() {
        return Err(invalid("the token is bound to a key, which a bearer does not prove"));
    }
    let client = issuer.clients.get(&token.sub).filter(|client| client.active);
    let client = client.ok_or_else(|| invalid("the client is not authorized"))?;
    let held = token.scope.unwrap_or_default().contains(scope);
    // What was withdrawn since the token was issued counts no more.
    let still =
        client.scope.contains(scope) && policy.is_none_or(|policy| policy.may_have(&client.client_id, scope));
    if held && still {
        return Ok(Rc::clone(client));
    }
    let why = format!("the token has not the scope {scope}");
    Err(challenge(issuer, ErrorCode::InsufficientScope, &why, Some(scope)))
}

/// RFC 6750 §3
fn challenge(issuer: &Issuer, code: ErrorCode, why: &str, scope: Option<&str>) -> ProtocolError {
    let error = ProtocolError::new(code, why);
    let mut header = format!(
        "Bearer realm=\"{}\", error=\"{}\", error_description=\"{}\"",
        issuer.identifier,
        code.as_str(),
        error.printable_description()
    );
    if let Some(scope) = scope {
        header = format!("{header}, scope=\"{scope}\"");
    }
    error.with_header("www-authenticate", header)
}
