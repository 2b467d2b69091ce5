//! The consent API: a service of the issuer's records what people said of their data, and reads it. It shows an access
//! token of its own with the scope `consents`; issuers that know this scope have this endpoint.

use serde_json::{Value, json};

use super::consent_request::{self, of_request};
use super::members::{Members, expect_json, expect_sub};
use crate::backchannel;
use crate::client::Client;
use crate::client_authentication::authenticate_bearer;
use crate::consent::ConsentState;
use crate::error::{ErrorCode, ProtocolError};
use crate::form::Form;
use crate::host::{Event, Hint, Host};
use crate::http::{HttpRequest, HttpResponse};
use crate::issuer::Issuer;
use crate::json;
use crate::purpose::dpv;
use crate::scope::{Scope, is_token};
use crate::store::{Processing, consents, policy_of, record_consent, subject_of_hint};

/// Where it is, under the issuer.
pub(super) const PATH: &str = "/consents";
/// What its callers must have.
pub(super) const SCOPE: &str = "consents";

/// Longest purpose, in bytes.
const LONGEST_PURPOSE: usize = 255;

/// Audit events: of what was recorded, and of calls that were refused.
const RECORDED: &str = "consent.recorded";
const REFUSED: &str = "consent.refused";

pub(super) async fn serve(host: &Host, issuer: &Issuer, request: &HttpRequest) -> HttpResponse {
    let mut event = Event::new(REFUSED, host.now(), &issuer.identifier);
    let response = match answer(host, issuer, request, &mut event).await {
        Ok(answer) => HttpResponse::json(200, answer.to_string()),
        Err(error) => {
            event.refused(&error);
            error.to_response()
        }
    };
    // Reading is not audited.
    if event.error.is_some() || event.kind == RECORDED {
        // An audit event that the host cannot write is the host's to report; the answer stands.
        let _ = host.record(event).await;
    }
    response
}

/// Whose consent is meant, and to what.
pub(super) struct Meant {
    pub sub: String,
    pub client_id: String,
    pub purpose: String,
    pub scope: Scope,
}

async fn answer(
    host: &Host,
    issuer: &Issuer,
    request: &HttpRequest,
    event: &mut Event,
) -> Result<Value, ProtocolError> {
    let policy = policy_of(host, issuer).await?;
    let client = authenticate_bearer(host, issuer, policy.as_deref(), request, SCOPE).await?;
    event.client_id = Some(client.client_id.clone());
    if request.method == "GET" {
        let query = Form::parse(request.query.as_bytes())?;
        let (sub, login_hint) = (query.get("sub"), query.get("login_hint"));
        if let Some(id) = query.get("request") {
            alone(&[("sub", sub.is_some()), ("login_hint", login_hint.is_some())])?;
            return consent_request::read(host, issuer, policy.as_deref(), id).await;
        }
        let sub = person(host, issuer, &client, sub, login_hint).await?;
        return read(host, issuer, &sub).await;
    }
    expect_json(request, "what was said")?;
    let said = json::parse(request.body.bytes()).map_err(|error| {
        ProtocolError::invalid_request(format!("the body must be a JSON object: {error}"))
    })?;
    let said = Members(&said);
    let meant = if let Some(id) = said.text_if_any("request")? {
        let others = ["sub", "login_hint", "client_id", "purpose", "scope"];
        alone(&others.map(|name| (name, said.0.get(name).is_some())))?;
        of_request(host, issuer, policy.as_deref(), id).await?.meant
    } else {
        let (sub, login_hint) = (said.text_if_any("sub")?, said.text_if_any("login_hint")?);
        let sub = person(host, issuer, &client, sub, login_hint).await?;
        meant(issuer, &sub, said)?
    };
    record(host, issuer, &meant, said, Some(&client), event).await
}

/// A request says by itself who and what it is about. `others`: names, and whether they are there.
fn alone(others: &[(&str, bool)]) -> Result<(), ProtocolError> {
    let Some((name, _)) = others.iter().find(|(_, there)| *there) else { return Ok(()) };
    Err(ProtocolError::invalid_request(format!("send either request or {name}")))
}

/// The person that a request is about: by `sub`, or by `login_hint`, as clients name them in their requests.
async fn person(
    host: &Host,
    issuer: &Issuer,
    client: &Client,
    sub: Option<&str>,
    login_hint: Option<&str>,
) -> Result<String, ProtocolError> {
    let hint = match (sub, login_hint) {
        (Some(sub), None) => return expect_sub(sub).map(str::to_owned),
        (None, Some(hint)) => hint,
        _ => return Err(ProtocolError::invalid_request("send either sub or login_hint, or request")),
    };
    let hint = issuer.profile.backchannel.login_hint.canonical(hint);
    let hint = hint.map_err(|error| ProtocolError::invalid_request(error.to_string()))?;
    let (issuer_identifier, client_id) = (issuer.identifier.clone(), client.client_id.clone());
    let hint = Hint { issuer: issuer_identifier, client_id, kind: "login_hint", hint, user_code: None };
    let found = subject_of_hint(host, issuer, hint).await.map_err(ProtocolError::unavailable)?;
    found.map(|found| found.sub).ok_or_else(backchannel::unknown)
}

/// What stands in the configuration and what is recorded of a person, the oldest first.
pub(super) async fn read(host: &Host, issuer: &Issuer, sub: &str) -> Result<Value, ProtocolError> {
    let entries = consents(host, issuer, sub).await.map_err(ProtocolError::unavailable)?;
    Ok(json!({ "consents": entries }))
}

/// What is meant by the members of `said`.
pub(super) fn meant(issuer: &Issuer, sub: &str, said: Members<'_>) -> Result<Meant, ProtocolError> {
    Ok(Meant {
        sub: sub.into(),
        client_id: said.client(issuer)?.into(),
        purpose: expect_purpose(said.text("purpose")?)?.into(),
        scope: expect_scope(issuer, said.text("scope")?)?,
    })
}

/// Records the `state` in `said`, and notes it in `event`. `by`: the client that says so; `None`: the operator.
pub(super) async fn record(
    host: &Host,
    issuer: &Issuer,
    meant: &Meant,
    said: Members<'_>,
    by: Option<&Client>,
    event: &mut Event,
) -> Result<Value, ProtocolError> {
    let Meant { sub, client_id, purpose, scope } = meant;
    event.for_client_id = Some(client_id.clone());
    event.subject = Some(sub.clone());
    event.purpose = Some(purpose.clone());
    event.scope = Some(scope.to_string());
    let state = ConsentState::named(said.text("state")?).ok_or_else(|| {
        let names: Vec<_> = ConsentState::ALL.iter().map(|state| state.as_str()).collect();
        ProtocolError::invalid_request(format!("state must be one of {}", names.join(", ")))
    })?;
    let processing = Processing { sub, client_id, purpose, scope };
    let recorder = by.map_or("operator", |client| &client.client_id);
    let recorded = record_consent(host, issuer, processing, state, recorder).await;
    if !recorded.map_err(ProtocolError::unavailable)? {
        let message = "there is no room for more consents of this person: nothing is recorded";
        return Err(ProtocolError::invalid_request(message));
    }
    event.kind = RECORDED;
    event.cause = Some(state.to_string());
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
