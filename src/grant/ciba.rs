//! The CIBA grant: CIBA Core §10.1, §11.
//!
//! Takes the `auth_req_id` of an authentication that the client asked for. Gives an access token, an id token where
//! the scope has `openid`, and a refresh token where the client may have one; once. What was approved is decided
//! again: the client, the subject and the consent of now count.

use super::{Context, Grant, IdTokenGrant, UsedUp};
use crate::client::{Client, DeliveryMode};
use crate::error::{ErrorCode, ProtocolError};
use crate::host::Failure;
use crate::policy::{self, Asked, BackchannelFacts, ClientFacts, Consent, Decision, Rule, SubjectState};
use crate::scope::Scope;
use crate::store::ciba::{self, Authentication, Open, State};
use crate::store::{self, Approval, Details, Processing, subject_state};
use crate::time::{Seconds, Timestamp};

/// How often a poll that waits looks, in seconds.
const LOOK: u64 = 1;
const LOOK_MILLISECONDS: u32 = 1_000;

/// Decides what the client gets.
///
/// # Errors
/// §11: `authorization_pending`, `slow_down`, `expired_token`, `access_denied`, `unauthorized_client`,
/// `invalid_grant`.
pub async fn grant(context: &Context<'_>) -> Result<Grant, ProtocolError> {
    let Context { host, issuer, client, form, .. } = context;
    // §10.1: auth_req_id is required.
    let presented = form.require("auth_req_id")?;
    let found = ciba::find(host, presented).await.map_err(ProtocolError::unavailable)?;
    // §11: unknown, or another client's.
    let ours = |open: &Open| {
        open.request.asked.issuer == issuer.identifier && open.request.asked.client_id == client.client_id
    };
    let mut open = found.filter(ours).ok_or_else(unknown)?;
    // §11: such a client is sent its tokens and never fetches any.
    if open.request.asked.mode == DeliveryMode::Push {
        let message = "this client's tokens are pushed to it";
        return Err(ProtocolError::new(ErrorCode::UnauthorizedClient, message));
    }
    let longest = issuer.ciba.as_ref().map_or(0, |ciba| ciba.long_polling.0);
    let (mut waited, mut counted) = (0, false);
    loop {
        let now = host.now().after(Seconds(waited));
        if let Some(grant) = result(context, &open, now).await? {
            return Ok(grant);
        }
        // A poll counts once, when it comes.
        if !counted {
            counted = true;
            let before = open.request.state;
            if !open.poll(host).await.map_err(ProtocolError::unavailable)? {
                let message = format!("wait {} seconds between polls", open.request.interval);
                return Err(ProtocolError::new(ErrorCode::SlowDown, message));
            }
            if open.request.state != before {
                continue;
            }
        }
        if waited >= longest {
            let message = "nothing is decided yet: ask again after the interval";
            return Err(ProtocolError::new(ErrorCode::AuthorizationPending, message));
        }
        host.wait(LOOK_MILLISECONDS).await.map_err(ProtocolError::unavailable)?;
        waited += LOOK;
        if !open.reload(host).await.map_err(ProtocolError::unavailable)? {
            return Err(unknown());
        }
    }
}

/// What has become of it; `None`: nothing yet.
async fn result(context: &Context<'_>, open: &Open, now: Timestamp) -> Result<Option<Grant>, ProtocolError> {
    let request = &open.request;
    match request.state {
        // It has no auth_req_id that anybody was told.
        State::Identifying => return Err(unknown()),
        State::Redeemed => return Err(redeemed()),
        _ if open.has_expired(now) => {
            let message = "the authentication request has expired: send a new one";
            return Err(ProtocolError::new(ErrorCode::ExpiredToken, message));
        }
        State::Denied | State::Failed => return Err(refusal(context, request)),
        State::Pending if request.asked.purpose.is_none() => return Ok(None),
        State::Pending | State::Approved => {}
    }
    let approval = request.approval.clone().unwrap_or_default();
    match approved(context, open, &approval).await {
        // Somebody may yet consent.
        Err(error)
            if request.state == State::Pending && error.rule == Some(Rule::PurposeConsentRequired.id()) =>
        {
            Ok(None)
        }
        granted => granted.map(Some),
    }
}

/// What the client gets of what was approved.
///
/// # Errors
/// `invalid_grant` where it would not be given now; `access_denied` where the person refused.
pub async fn approved(
    context: &Context<'_>,
    open: &Open,
    approval: &Approval,
) -> Result<Grant, ProtocolError> {
    let Context { host, issuer, client, policy, .. } = context;
    let request = &open.request;
    let asked = &request.asked;
    let sub = approval.sub.as_ref().or(asked.sub.as_ref()).ok_or_else(unknown)?.clone();
    let scope: Scope = approval.scope.as_ref().unwrap_or(&asked.scope).parse().unwrap_or_default();
    let purpose = asked.purpose.as_deref().map(|name| {
        let agreed = request.approval.is_some();
        Purpose { name, agreed, since: (!agreed).then(|| request.issued_at()) }
    });
    let state = subject_state(host, issuer, &issuer.identifier, &sub).await;
    let state = state.map_err(ProtocolError::unavailable)?;
    let decision = decide(context, client, (&sub, state), &scope, &asked.audience, purpose, None).await;
    let mut granted = decision.map_err(ProtocolError::unavailable)?.into_result().map_err(|refusal| {
        let code = match refusal.rule {
            Rule::PurposeConsentRefused if request.state == State::Pending => ErrorCode::AccessDenied,
            _ => ErrorCode::InvalidGrant,
        };
        ProtocolError::new(code, &refusal.message).with_rule(refusal.rule.id()).with_status(400)
    })?;
    if let Some(wanted) = approval.access_token_lifetime.filter(|wanted| wanted.0 > 0) {
        let max = policy.and_then(|policy| policy.lifetimes.access_token).and_then(|lifetime| lifetime.max);
        granted.lifetime = wanted.min(Seconds(max.unwrap_or(86_400)));
    }
    let pushed = asked.mode == DeliveryMode::Push;
    // OpenID Connect Core §3.1.2.1: without openid there is no id token.
    let id_token = granted.scope.contains("openid").then(|| IdTokenGrant {
        sub: approval.id_token_sub.clone(),
        auth_time: approval.auth_time,
        acr: approval.acr.clone(),
        claims: approval.claims.clone(),
        header: approval.id_token_header.clone(),
        auth_req_id: pushed.then(|| open.auth_req_id.clone()),
    });
    let details = Details {
        purpose: asked.purpose.clone(),
        authorization_details: asked.authorization_details.clone(),
        properties: approval.properties.clone(),
    };
    let refreshes = context.may_refresh(&granted);
    let used_up = UsedUp { authentication: Some(Box::new(open.clone())), ..UsedUp::default() };
    let mut grant = Grant { sub, granted, details, id_token, used_up, ..Grant::default() };
    if refreshes {
        let lifetime = approval.refresh_token_lifetime.filter(|wanted| wanted.0 > 0);
        grant.used_up.refresh_token = Some(context.begin_family(None, &grant, lifetime, None));
    }
    Ok(grant)
}

/// What data is asked for.
#[derive(Clone, Copy)]
pub struct Purpose<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether the person agreed to this very request, whatever is on record beside that.
    pub agreed: bool,
    /// Since when it rests on their consent: once that is withdrawn, a new one does not revive it.
    pub since: Option<Timestamp>,
}

impl<'a> Purpose<'a> {
    /// What is asked for now, so that the last word counts.
    pub fn asked(name: &'a str) -> Self {
        Self { name, agreed: false, since: None }
    }
}

/// Decides by what is known now. `audience`: what was asked for, if anything was.
pub async fn decide(
    context: &Context<'_>,
    client: &Client,
    (sub, state): (&str, SubjectState),
    scope: &Scope,
    audience: &[String],
    purpose: Option<Purpose<'_>>,
    left: Option<Seconds>,
) -> Result<Decision, Failure> {
    let Context { issuer, policy, .. } = context;
    let state = match state {
        // A front end knows its people itself.
        SubjectState::Unknown if issuer.front_end.is_some() => SubjectState::Active,
        state => state,
    };
    let consent = match purpose {
        None => None,
        Some(purpose) => match consent(context, &client.client_id, sub, purpose, scope).await? {
            Consent::Unknown if purpose.agreed => Some((purpose.name, Consent::Given)),
            consent => Some((purpose.name, consent)),
        },
    };
    // The default audience is nobody's to ask for.
    let audience: Vec<&str> =
        audience.iter().map(String::as_str).filter(|name| *name != issuer.default_audience).collect();
    Ok(policy::backchannel(
        *policy,
        &BackchannelFacts {
            issuer: context.issuer_facts(),
            client: ClientFacts::from(client),
            subject: Some((sub, state)),
            asked: Asked { scope: Some(scope), audience: &audience },
            purpose: consent,
            left,
        },
    ))
}

/// What a person said of a client's purpose.
pub async fn consent(
    context: &Context<'_>,
    client_id: &str,
    sub: &str,
    Purpose { name: purpose, since, .. }: Purpose<'_>,
    scope: &Scope,
) -> Result<Consent, Failure> {
    let Context { host, issuer, policy, .. } = context;
    let needed = policy.map(|policy| policy.by_consent(purpose, scope)).unwrap_or_default();
    let processing = Processing { sub, client_id, purpose, scope: &needed };
    store::consent(host, issuer, processing, since).await
}

/// §11: what whoever decided said.
fn refusal(context: &Context<'_>, request: &Authentication) -> ProtocolError {
    let (description, uri) = &request.refusal;
    let (code, usual) = match request.state {
        State::Failed => (
            context.issuer.profile.backchannel.failed_at_token,
            "the person could not be authenticated: send a new request",
        ),
        _ => (ErrorCode::AccessDenied, "the person refused"),
    };
    let description = description.as_deref().unwrap_or(usual);
    ProtocolError::new(code, description).with_uri(uri.as_deref()).with_status(400)
}

fn unknown() -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidGrant, "the auth_req_id is unknown, or another client's")
}

/// The answer to all who come after the first.
pub fn redeemed() -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidGrant, "the auth_req_id was used: its tokens are issued once")
}
