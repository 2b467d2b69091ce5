//! The back-end API: a front end owns the wire to clients and people, and asks here what to do.
//!
//! JSON in, JSON out. Each answer says in `action` what the front end does next, and in `responseContent` what it sends
//! on. What is declared in these files is also what `docs/front_end_api.md` says.

mod answer;
mod authentication;
mod caller;
mod client_request;
mod complete;
mod introspection;
mod message;
mod ticket;
mod token;

use serde_json::Value;

use crate::endpoint::members::expect_json;
use crate::endpoint::{Server, jwks, metadata, unknown_path};
use crate::error::ProtocolError;
use crate::host::Host;
use crate::http::{HttpRequest, HttpResponse};
use crate::issuer::Issuer;
use crate::json;

pub use answer::{ACTIONS, RESULTS, ResultCode};
use answer::{Action, Answer, ClientMembers};
use message::Wrong;
pub use message::{Row, Table};

/// What can be asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Operation {
    Authenticate,
    Issue,
    Fail,
    Complete,
    Token,
    TokenNeverAsked,
    Introspect,
    IntrospectByRfc,
    Revoke,
    Configuration,
    Jwks,
}

/// Where each is, under the base path.
const OPERATIONS: [(&str, Operation); 12] = [
    ("/backchannel/authentication", Operation::Authenticate),
    ("/backchannel/authentication/issue", Operation::Issue),
    ("/backchannel/authentication/fail", Operation::Fail),
    ("/backchannel/authentication/complete", Operation::Complete),
    ("/auth/token", Operation::Token),
    ("/auth/token/fail", Operation::TokenNeverAsked),
    ("/auth/token/issue", Operation::TokenNeverAsked),
    ("/auth/introspection", Operation::Introspect),
    ("/auth/introspection/standard", Operation::IntrospectByRfc),
    ("/auth/revocation", Operation::Revoke),
    ("/service/configuration", Operation::Configuration),
    ("/service/jwks/get", Operation::Jwks),
];

/// The messages, in the order of the documentation.
pub const MESSAGES: &[&Table] = &[
    &authentication::AuthenticationRequest::TABLE,
    &authentication::AuthenticationResponse::TABLE,
    &ticket::IssueRequest::TABLE,
    &ticket::IssueResponse::TABLE,
    &ticket::FailRequest::TABLE,
    &complete::CompleteRequest::TABLE,
    &complete::CompleteResponse::TABLE,
    &token::TokenRequest::TABLE,
    &token::TokenResponse::TABLE,
    &introspection::IntrospectionRequest::TABLE,
    &introspection::IntrospectionResponse::TABLE,
    &introspection::StandardRequest::TABLE,
    &introspection::RevocationRequest::TABLE,
    &ClientMembers::TABLE,
];

impl Operation {
    /// The methods that it takes.
    pub(super) const fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Configuration => &["GET", "POST"],
            Self::Jwks => &["GET"],
            _ => &["POST"],
        }
    }

    /// What the front end does where it got no other answer.
    const fn failed(self) -> Action {
        match self {
            Self::Complete => Action::ServerError,
            _ => Action::InternalServerError,
        }
    }
}

/// Where an issuer's operations are: under the base path, and under that and the service's id or API key.
pub(super) fn paths(issuer: &Issuer) -> Vec<(String, Operation)> {
    let (Some(base), Some(front_end)) = (issuer.profile.front_end, &issuer.front_end) else {
        return Vec::new();
    };
    let base = format!("{}{base}", issuer.path);
    let by = |name: &str| format!("{base}/{name}");
    let bases = [base.clone(), by(&front_end.service_id), by(&front_end.api_key)];
    let under = |base: &String| OPERATIONS.map(|(tail, operation)| (format!("{base}{tail}"), operation));
    bases.iter().flat_map(under).collect()
}

pub(super) async fn serve(
    server: &Server,
    host: &Host,
    issuer: &Issuer,
    operation: Operation,
    request: &HttpRequest,
) -> HttpResponse {
    match perform(server, host, issuer, operation, request).await {
        Ok(response) => response,
        Err(error) => refuse(operation, &error),
    }
}

/// The answer to a call that is not what it must be.
pub(super) fn refuse(operation: Operation, error: &ProtocolError) -> HttpResponse {
    Answer::misdirected(error, operation.failed()).into_response()
}

async fn perform(
    server: &Server,
    host: &Host,
    issuer: &Issuer,
    operation: Operation,
    request: &HttpRequest,
) -> Result<HttpResponse, ProtocolError> {
    let front_end = issuer.front_end.as_ref().ok_or_else(unknown_path)?;
    caller::authenticate(issuer, front_end, request)?;
    let published = |document: HttpResponse| Ok(HttpResponse::json(200, document.body));
    let message = match operation {
        Operation::Configuration => return published(metadata::serve(issuer)),
        Operation::Jwks => return published(jwks::serve(issuer)),
        _ => read(request)?,
    };
    let wrong = |wrong: Wrong| ProtocolError::invalid_request(wrong.to_string());
    let answer = match operation {
        Operation::Authenticate => {
            let asked = authentication::AuthenticationRequest::read(&message).map_err(wrong)?;
            authentication::authenticate(host, issuer, asked).await
        }
        Operation::Issue => {
            ticket::issue(host, issuer, ticket::IssueRequest::read(&message).map_err(wrong)?).await
        }
        Operation::Fail => {
            ticket::fail(host, issuer, ticket::FailRequest::read(&message).map_err(wrong)?).await
        }
        Operation::Complete => {
            let asked = complete::CompleteRequest::read(&message).map_err(wrong)?;
            complete::complete(server, host, issuer, asked).await
        }
        Operation::Token => {
            token::token(host, issuer, token::TokenRequest::read(&message).map_err(wrong)?).await
        }
        Operation::Introspect => {
            let asked = introspection::IntrospectionRequest::read(&message).map_err(wrong)?;
            introspection::introspect(host, issuer, asked).await
        }
        Operation::IntrospectByRfc => {
            let asked = introspection::StandardRequest::read(&message).map_err(wrong)?;
            introspection::introspect_by_rfc(host, issuer, asked).await
        }
        Operation::Revoke => {
            let asked = introspection::RevocationRequest::read(&message).map_err(wrong)?;
            introspection::revoke(host, issuer, asked).await
        }
        Operation::TokenNeverAsked | Operation::Configuration | Operation::Jwks => token::never_asked(),
    };
    Ok(answer.into_response())
}

/// The call's body: a JSON object.
fn read(request: &HttpRequest) -> Result<Value, ProtocolError> {
    expect_json(request, "what you ask")?;
    let wrong = |why: &dyn std::fmt::Display| {
        ProtocolError::invalid_request(format!("the body must be a JSON object: {why}"))
    };
    let message = json::parse(request.body.bytes()).map_err(|error| wrong(&error))?;
    if message.is_object() { Ok(message) } else { Err(wrong(&"it is another value")) }
}
