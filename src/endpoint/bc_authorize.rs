//! The backchannel authentication endpoint, CIBA Core §7.

use std::rc::Rc;

use serde_json::{Value, json};

use super::token;
use crate::backchannel::{self, Request};
use crate::client::{Client, Credential, DeliveryMode, GrantType};
use crate::client_authentication::{authenticate, invalid_client};
use crate::error::{ErrorCode, ProtocolError};
use crate::form::Form;
use crate::grant::Context;
use crate::grant::ciba::{self, Purpose};
use crate::host::{AuthenticationRequest, Event, Host};
use crate::http::{HttpRequest, HttpResponse};
use crate::issuer::{Ciba, Issuer};
use crate::policy::{LegalBasis, Policy, Rule};
use crate::store::ciba::{Asked, Decision, State, begin, find};
use crate::store::{Person, policy_of};

pub(super) async fn serve(host: &Host, issuer: &Issuer, request: &HttpRequest) -> HttpResponse {
    let mut event = Event::new("authentication.refused", host.now(), &issuer.identifier);
    event.grant_type = Some(GrantType::Ciba.as_str().to_owned());
    let response = match acknowledge(host, issuer, request, &mut event).await {
        Ok(body) => {
            event.kind = "authentication.requested";
            HttpResponse::json(200, body.to_string())
        }
        Err(error) => {
            event.refused(&error);
            error.to_response()
        }
    };
    // An audit event that the host cannot write is the host's to report; the answer stands.
    let _ = host.record(event).await;
    response
}

/// An authentication request that is good as far as it says by itself.
pub(super) struct Read {
    /// Who sent it.
    pub client: Rc<Client>,
    /// The policy of now.
    pub policy: Option<Rc<Policy>>,
    /// What it says.
    pub request: Request,
}

/// Authenticates the client and reads its request: §7.2, items 1 to 3. A signed one is not used up yet.
pub(super) async fn read(
    host: &Host,
    issuer: &Issuer,
    ciba: &Ciba,
    request: &HttpRequest,
    event: &mut Event,
) -> Result<Read, ProtocolError> {
    let form = token::read_form(request)?;
    let client = authenticate(host, issuer, &issuer.endpoint_audiences(), request, &form).await?;
    event.client_id = Some(client.client_id.clone());
    // §7.1: the client is authenticated, which a public one cannot be.
    if matches!(client.credential, Credential::None) {
        return Err(invalid_client(issuer, "a public client cannot ask for authentications"));
    }
    token::allowed_grant(issuer, GrantType::Ciba.as_str(), &client)?;
    let policy = policy_of(host, issuer).await?;
    event.policy_version = policy.as_ref().map(|policy| policy.version.clone());
    let request = backchannel::read(host, issuer, ciba, &client, &form)?;
    event.scope = Some(request.scope.to_string());
    event.purpose.clone_from(&request.purpose);
    Ok(Read { client, policy, request })
}

/// §7.3: the acknowledgement.
async fn acknowledge(
    host: &Host,
    issuer: &Issuer,
    http: &HttpRequest,
    event: &mut Event,
) -> Result<Value, ProtocolError> {
    let ciba = issuer.ciba.as_ref().ok_or_else(super::unknown_path)?;
    let Read { client, policy, request } = read(host, issuer, ciba, http, event).await?;
    let Person { sub, state, .. } =
        backchannel::person(host, issuer, &client, policy.as_deref(), &request).await?;
    event.subject = Some(sub.clone());
    let context =
        Context { host, issuer, client: &client, policy: policy.as_deref(), form: &Form::default() };
    let decision = ciba::decide(
        &context,
        &client,
        (&sub, state),
        &request.scope,
        &request.audience,
        request.purpose.as_deref().map(Purpose::asked),
        None,
    )
    .await
    .map_err(ProtocolError::unavailable)?;
    let consent_missing = match decision.into_result() {
        Ok(granted) => {
            event.legal_basis = granted.legal_basis.map(LegalBasis::as_str);
            false
        }
        Err(refusal) => match refusal.rule {
            Rule::PurposeConsentRequired => {
                event.legal_basis = Some(LegalBasis::Consent.as_str());
                true
            }
            Rule::SubjectUnknown | Rule::SubjectDisabled => {
                return Err(backchannel::unknown().with_cause(refusal));
            }
            Rule::ClientInactive => {
                return Err(ProtocolError::new(ErrorCode::UnauthorizedClient, refusal.message));
            }
            _ => return Err(context.refuse(&refusal)),
        },
    };
    request.use_up(host, issuer, &client).await?;
    let names = begin(
        host,
        asked(issuer, &client, &request, Some(sub.clone())),
        if request.purpose.is_some() && !consent_missing { State::Approved } else { State::Pending },
        request.expires_in,
        ciba.interval,
    )
    .await
    .map_err(ProtocolError::unavailable)?;
    // A purpose is decided by the policy and by consents; nobody is asked for anything else.
    if request.purpose.is_none() {
        let asked = to_person(host, issuer, &client, &request, names.ticket, sub);
        if let Err(failure) = host.notify_user(asked).await {
            withdraw(host, &names.auth_req_id).await;
            return Err(ProtocolError::unavailable(failure));
        }
    }
    let mut body = json!({ "auth_req_id": names.auth_req_id, "expires_in": request.expires_in.0 });
    if let Some(members) = body.as_object_mut() {
        // §7.3: interval is for those who poll.
        if client.backchannel.mode != DeliveryMode::Push {
            members.insert("interval".into(), ciba.interval.0.into());
        }
        let id = names.auth_req_id.split('.').next().unwrap_or_default();
        if let Some(url) = backchannel::consent_url(ciba, id).filter(|_| consent_missing) {
            members.insert("consent_url".into(), url.into());
        }
    }
    Ok(body)
}

/// Ends a request that the client is told nothing of: whoever was asked all the same decides nothing.
async fn withdraw(host: &Host, auth_req_id: &str) {
    let failed = Decision::Denied { failed: true, description: None, uri: None };
    // Where it cannot be ended, it ends by itself.
    if let Ok(Some(mut open)) = find(host, auth_req_id).await {
        let _ = open.decide(host, &failed).await;
    }
}

/// What is kept of a request.
pub(super) fn asked(issuer: &Issuer, client: &Client, request: &Request, sub: Option<String>) -> Asked {
    Asked {
        issuer: issuer.identifier.clone(),
        client_id: client.client_id.clone(),
        sub,
        scope: request.scope.to_string(),
        audience: request.audience.clone(),
        mode: client.backchannel.mode,
        notification_token: request.notification_token.clone(),
        authorization_details: request.authorization_details.clone(),
        purpose: request.purpose.clone(),
        acr_values: request.acr_values.clone(),
    }
}

fn to_person(
    host: &Host,
    issuer: &Issuer,
    client: &Client,
    request: &Request,
    ticket: String,
    sub: String,
) -> AuthenticationRequest {
    AuthenticationRequest {
        ticket,
        issuer: issuer.identifier.clone(),
        client_id: client.client_id.clone(),
        client_name: client.client_name.clone(),
        sub,
        scope: request.scope.to_string(),
        audience: request.audience.clone(),
        binding_message: request.binding_message.clone(),
        acr_values: request.acr_values.clone(),
        authorization_details: request.authorization_details.clone(),
        purpose: request.purpose.clone(),
        expires_at: host.now().after(request.expires_in).seconds(),
    }
}
