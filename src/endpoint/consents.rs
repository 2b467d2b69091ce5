//! The consent API: a service of the issuer's records what people said of their data, and reads it. It shows an access
//! token of its own with the scope `consents`; issuers that know this scope have this endpoint.

use serde_json::{Value, json};

use super::members::{Members, expect_json, expect_sub};
use crate::client::Client;
use crate::client_authentication::authenticate_bearer;
use crate::consent::ConsentState;
use crate::error::{ErrorCode, ProtocolError};
use crate::form::Form;
use crate::host::{Event, Host};
use crate::http::{HttpRequest, HttpResponse};
use crate::issuer::Issuer;
use crate::json;
use crate::purpose::dpv;
use crate::scope::{Scope, is_token};
use crate::store::{Processing, consents, policy_of, record_consent};

/// Where it is, under the issuer.
pub(super) const PATH: &str = "/consents";
/// What its callers must have.
pub(super) const SCOPE: &str = "consents";

/// Longest purpose, in bytes.
const LONGEST_PURPOSE: usize = 255;

pub(super) async fn serve(host: &Host, issuer: &Issuer, request: &HttpRequest) -> HttpResponse {
    match answer(host, issuer, request).await {
        Ok(answer) => HttpResponse::json(200, answer.to_string()),
        Err(error) => error.to_response(),
    }
}

async fn answer(host: &Host, issuer: &Issuer, request: &HttpRequest) -> Result<Value, ProtocolError> {
    let policy = policy_of(host, issuer).await?;
    let client = authenticate_bearer(host, issuer, policy.as_deref(), request, SCOPE).await?;
    if request.method == "GET" {
        let query = Form::parse(request.query.as_bytes())?;
        return read(host, issuer, expect_sub(query.require("sub")?)?).await;
    }
    expect_json(request, "what was said")?;
    let said = json::parse(request.body.bytes()).map_err(|error| {
        ProtocolError::invalid_request(format!("the body must be a JSON object: {error}"))
    })?;
    record(host, issuer, Members(&said), Some(&client)).await
}

/// What is recorded of a person, the oldest first.
pub(super) async fn read(host: &Host, issuer: &Issuer, sub: &str) -> Result<Value, ProtocolError> {
    let entries = consents(host, issuer, sub).await.map_err(ProtocolError::unavailable)?;
    Ok(json!({ "consents": entries }))
}

/// Records what a person said. `by`: the client that says so; `None`: the operator.
pub(super) async fn record(
    host: &Host,
    issuer: &Issuer,
    said: Members<'_>,
    by: Option<&Client>,
) -> Result<Value, ProtocolError> {
    let sub = said.sub()?;
    let client_id = said.client(issuer)?;
    let purpose = expect_purpose(said.text("purpose")?)?;
    let scope = expect_scope(issuer, said.text("scope")?)?;
    let state = ConsentState::named(said.text("state")?).ok_or_else(|| {
        let names: Vec<_> = ConsentState::ALL.iter().map(|state| state.as_str()).collect();
        ProtocolError::invalid_request(format!("state must be one of {}", names.join(", ")))
    })?;
    let processing = Processing { sub, client_id, purpose, scope: &scope };
    let recorder = by.map_or("operator", |client| &client.client_id);
    let recorded = record_consent(host, issuer, processing, state, recorder).await;
    if !recorded.map_err(ProtocolError::unavailable)? {
        let message = "there is no room for more consents of this person: nothing is recorded";
        return Err(ProtocolError::invalid_request(message));
    }
    let mut event = Event::new("consent.recorded", host.now(), &issuer.identifier);
    event.client_id = by.map(|client| client.client_id.clone());
    event.for_client_id = Some(client_id.into());
    event.subject = Some(sub.into());
    event.purpose = Some(purpose.into());
    event.scope = Some(scope.to_string());
    event.cause = Some(state.to_string());
    let _ = host.record(event).await;
    Ok(json!({}))
}

/// A purpose that a policy could list.
fn expect_purpose(purpose: &str) -> Result<&str, ProtocolError> {
    if purpose.starts_with(dpv::PREFIX) && !dpv::is_purpose(purpose) {
        let message = format!("{purpose} is no purpose of the Data Privacy Vocabulary, https://w3id.org/dpv");
        return Err(ProtocolError::invalid_request(message));
    }
    if !is_token(purpose) || purpose.len() > LONGEST_PURPOSE {
        let message = format!("expected a purpose of 1 to {LONGEST_PURPOSE} printable ASCII characters");
        return Err(ProtocolError::invalid_request(message));
    }
    Ok(purpose)
}

/// A scope that the issuer knows: a consent to anything else would never be asked for.
fn expect_scope(issuer: &Issuer, scope: &str) -> Result<Scope, ProtocolError> {
    let wrong = |message: String| ProtocolError::new(ErrorCode::InvalidScope, message);
    let scope: Scope = scope.parse().map_err(|error: crate::scope::ScopeError| wrong(error.to_string()))?;
    let unknown = scope.without(&issuer.scope);
    if unknown.is_empty() { Ok(scope) } else { Err(wrong(format!("scope {unknown} is not known here"))) }
}
