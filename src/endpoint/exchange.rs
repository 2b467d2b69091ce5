//! The exchange endpoint, where a profile has one beside the token endpoint: RFC 8693 §2, and a parameter that says
//! what is exchanged.

use std::rc::Rc;

use super::token;
use crate::client::{Client, GrantType};
use crate::client_authentication::{authenticate, authenticate_bearer, is_bearer};
use crate::error::{ErrorCode, ProtocolError};
use crate::form::{self, Form};
use crate::grant::{Context, Issued, exchangeable, id_token};
use crate::host::{Event, Host};
use crate::http::{HttpRequest, HttpResponse};
use crate::issuer::Issuer;
use crate::policy::Policy;
use crate::profile::{ExchangeShape, ExchangeType};
use crate::store::policy_of;

pub(super) async fn serve(
    host: &Host,
    issuer: &Issuer,
    shape: &ExchangeShape,
    request: &HttpRequest,
) -> HttpResponse {
    let mut event = Event::new("token.refused", host.now(), &issuer.identifier);
    let issued = exchange(host, issuer, shape, request, &mut event).await;
    token::answer(host, issuer, event, issued).await
}

async fn exchange(
    host: &Host,
    issuer: &Issuer,
    shape: &ExchangeShape,
    request: &HttpRequest,
    event: &mut Event,
) -> Result<Issued, ProtocolError> {
    let form = token::read_form(request)?;
    let grant_type = form.require("grant_type")?;
    event.grant_type = Some(grant_type.to_owned());
    let policy = policy_of(host, issuer).await?;
    event.policy_version = policy.as_ref().map(|policy| policy.version.clone());
    let client = client(host, issuer, policy.as_deref(), shape, request, &form).await?;
    event.client_id = Some(client.client_id.clone());
    if token::allowed_grant(issuer, grant_type, &client)? != GrantType::TokenExchange {
        let message = format!("grant_type must be {} here", GrantType::TokenExchange);
        return Err(ProtocolError::new(ErrorCode::UnsupportedGrantType, message));
    }
    let wanted = form.get(shape.parameter);
    let known = shape.values.iter().find(|(value, _)| wanted == Some(*value));
    let (_, exchange_type) = known.ok_or_else(|| {
        let values: Vec<_> = shape.values.iter().map(|(value, _)| *value).collect();
        ProtocolError::invalid_request(format!("{} must be one of {}", shape.parameter, values.join(", ")))
    })?;
    let context = Context { host, issuer, client: &client, policy: policy.as_deref(), form: &form };
    let grant = match exchange_type {
        ExchangeType::Exchangeable => exchangeable::grant(&context, &issuer.url(shape.path)).await?,
        ExchangeType::IdToken => id_token::grant(&context).await?,
    };
    context.issue(grant).await
}

/// The client, by a bearer token of its own or as at the token endpoint. Either way it must have the endpoint's
/// scope.
async fn client(
    host: &Host,
    issuer: &Issuer,
    policy: Option<&Policy>,
    shape: &ExchangeShape,
    request: &HttpRequest,
    form: &Form,
) -> Result<Rc<Client>, ProtocolError> {
    if is_bearer(request) {
        // RFC 6749 §2.3: not more than one method in each request.
        let in_body = form.get("client_secret").or_else(|| form.get("client_assertion")).is_some();
        let mut query = form::names(&request.query);
        if in_body || query.any(|name| matches!(&*name, "client_secret" | "client_assertion")) {
            return Err(ProtocolError::invalid_request("authenticate the client in one way only"));
        }
        let client = authenticate_bearer(host, issuer, policy, request, shape.scope).await?;
        if form.get("client_id").is_some_and(|id| id != client.client_id) {
            return Err(ProtocolError::invalid_request("client_id differs from the token's"));
        }
        return Ok(client);
    }
    let client = authenticate(host, issuer, &[], request, form).await?;
    let by_policy = policy.is_none_or(|policy| policy.may_have(&client.client_id, shape.scope));
    if client.scope.contains(shape.scope) && by_policy {
        return Ok(client);
    }
    let message = format!("this client may not exchange: it has not the scope {}", shape.scope);
    Err(ProtocolError::new(ErrorCode::UnauthorizedClient, message))
}
