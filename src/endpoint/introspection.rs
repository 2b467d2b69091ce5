//! Token introspection: RFC 7662.

use serde_json::{Map, Value, json};

use super::token::read_form;
use crate::client::{Client, Credential};
use crate::client_authentication::{authenticate, invalid_client};
use crate::error::ProtocolError;
use crate::form::Form;
use crate::grant::{Context, refresh_token};
use crate::host::Host;
use crate::http::{HttpRequest, HttpResponse};
use crate::issuer::Issuer;
use crate::policy::SubjectState;
use crate::scope::Scope;
use crate::store::{Property, policy_of, properties_of, refresh, subject_state};
use crate::token::{self, Token};

pub(super) const PATH: &str = "/introspect";

/// The scope that a client needs to ask about tokens that are not its own: a resource server's.
const SCOPE: &str = "introspection";

pub(super) async fn serve(host: &Host, issuer: &Issuer, request: &HttpRequest) -> HttpResponse {
    match introspect(host, issuer, request).await {
        Ok(body) => HttpResponse::json(200, body.to_string()),
        Err(error) => error.to_response(),
    }
}

async fn introspect(host: &Host, issuer: &Issuer, request: &HttpRequest) -> Result<Value, ProtocolError> {
    let form = read_form(request)?;
    let client = authenticate(host, issuer, &issuer.assertion_audiences(), request, &form).await?;
    // §2.1: whoever asks is authorized, so that tokens cannot be tried out.
    if matches!(client.credential, Credential::None) {
        return Err(invalid_client(issuer, "a public client cannot introspect tokens"));
    }
    let found = look_up(host, issuer, form.require("token")?).await?;
    let all = client.scope.contains(SCOPE);
    // §4: others are told as little as of a token that there is not.
    let found = found.filter(|found| all || found.client_id == client.client_id);
    Ok(found.map_or_else(|| json!({ "active": false }), |found| found.to_json(all)))
}

/// A token that is good now, as far as its issuer knows.
pub(super) struct Active {
    /// The client that it was issued to.
    pub client_id: String,
    /// Whether it is a refresh token.
    pub refresh: bool,
    /// What it says.
    pub members: Map<String, Value>,
    /// What is tied to it.
    pub properties: Vec<Property>,
}

impl Active {
    /// §2.2. `hidden`: what its client is not shown, too.
    pub(super) fn to_json(&self, hidden: bool) -> Value {
        let mut members = self.members.clone();
        for property in self.properties.iter().filter(|property| hidden || !property.hidden) {
            members.insert(property.key.clone(), property.value.as_str().into());
        }
        Value::Object(members)
    }
}

/// A token of this issuer; `None`: it is none, or no longer.
pub(super) async fn look_up(
    host: &Host,
    issuer: &Issuer,
    text: &str,
) -> Result<Option<Active>, ProtocolError> {
    match token::access_token(issuer, text, host.now()) {
        Ok(token) => access(host, issuer, token).await,
        Err(_) => refreshing(host, issuer, text).await,
    }
}

async fn access(host: &Host, issuer: &Issuer, token: Token) -> Result<Option<Active>, ProtocolError> {
    let revoked = token.was_revoked(host).await.map_err(ProtocolError::unavailable)?;
    let Some(client_id) = token.client_id.clone().filter(|_| !revoked) else { return Ok(None) };
    if !is_active(issuer, &client_id) {
        return Ok(None);
    }
    // Of a pairwise subject nothing is known; such a token is good until it ends.
    let state = subject_state(host, issuer, &issuer.identifier, &token.sub).await;
    if state.map_err(ProtocolError::unavailable)? == SubjectState::Disabled {
        return Ok(None);
    }
    let jti = token.jti.as_deref().unwrap_or_default();
    let kept = properties_of(host, &issuer.identifier, jti).await.map_err(ProtocolError::unavailable)?;
    let members = members([
        ("active", Some(true.into())),
        ("token_type", Some(issuer.profile.token_response.token_type.into())),
        ("client_id", Some(client_id.as_str().into())),
        ("sub", Some(token.sub.into())),
        ("scope", token.scope.map(|scope| scope.to_string().into())),
        ("aud", (!token.audience.is_empty()).then(|| token.audience.into())),
        ("iss", Some(token.iss.into())),
        ("exp", Some(token.expires_at.seconds().into())),
        ("iat", token.issued_at.map(|at| at.seconds().into())),
        ("jti", token.jti.map(Value::from)),
        ("act", token.act),
        ("cnf", token.cnf),
        ("purpose", token.purpose.map(Value::from)),
        ("authorization_details", token.authorization_details),
    ]);
    Ok(Some(Active { client_id, refresh: false, members, properties: kept }))
}

/// A refresh token is good where it would be taken now.
async fn refreshing(host: &Host, issuer: &Issuer, text: &str) -> Result<Option<Active>, ProtocolError> {
    let found = refresh::peek(host, &issuer.identifier, text).await.map_err(ProtocolError::unavailable)?;
    let Some(current) = found else { return Ok(None) };
    let client_id = current.authorization.client_id.clone();
    let Some(client) = issuer.clients.get(&client_id).filter(|client| client.active) else {
        return Ok(None);
    };
    if !still_granted(host, issuer, client, &current).await? {
        return Ok(None);
    }
    let authorization = &current.authorization;
    let members = members([
        ("active", Some(true.into())),
        ("token_type", Some("refresh_token".into())),
        ("client_id", Some(client_id.as_str().into())),
        ("sub", Some(issuer.subject_for(client, &authorization.sub).into_owned().into())),
        ("scope", Some(authorization.scope.as_str().into())),
        ("iss", Some(issuer.identifier.as_str().into())),
        ("exp", Some(current.ends_at.seconds().into())),
        ("act", authorization.act.clone()),
        ("cnf", authorization.cnf.clone()),
        ("purpose", authorization.details.purpose.clone().map(Value::from)),
        ("authorization_details", authorization.details.authorization_details.clone()),
    ]);
    let properties = authorization.details.properties.clone();
    Ok(Some(Active { client_id, refresh: true, members, properties }))
}

async fn still_granted(
    host: &Host,
    issuer: &Issuer,
    client: &Client,
    current: &refresh::Current,
) -> Result<bool, ProtocolError> {
    let policy = policy_of(host, issuer).await?;
    let context = Context { host, issuer, client, policy: policy.as_deref(), form: &Form::default() };
    let scope: Scope = current.authorization.scope.parse().unwrap_or_default();
    let decision = refresh_token::decide(&context, current, client, &scope).await;
    Ok(decision.map_err(ProtocolError::unavailable)?.into_result().is_ok())
}

fn is_active(issuer: &Issuer, client_id: &str) -> bool {
    issuer.clients.get(client_id).is_some_and(|client| client.active)
}

fn members<const N: usize>(all: [(&str, Option<Value>); N]) -> Map<String, Value> {
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
