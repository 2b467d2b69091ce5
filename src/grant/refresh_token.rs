//! Refreshing an Access Token: RFC 6749 §6.
//!
//! Takes the current refresh token of a family. Gives an access token of the same scope or less, and the refresh
//! token that follows; the one that was presented is spent (RFC 9700 §4.14.2). What the family was issued for is
//! decided again.

use super::ciba::{self, Purpose};
use super::{Context, Grant, UsedUp};
use crate::client::Client;
use crate::error::{ErrorCode, ProtocolError};
use crate::host::Failure;
use crate::policy::{self, ClientFacts, Decision, RefreshFacts, Source};
use crate::scope::Scope;
use crate::store::{refresh, subject_state};
use crate::time::Seconds;

/// Decides what the refresh token gives.
///
/// # Errors
/// `invalid_grant`, `invalid_scope`.
pub async fn grant(context: &Context<'_>) -> Result<Grant, ProtocolError> {
    let Context { host, issuer, client, form, .. } = context;
    // §6: refresh_token is required.
    let presented = form.require("refresh_token")?;
    let current =
        refresh::find(host, &issuer.identifier, presented).await.map_err(ProtocolError::unavailable)?;
    // §6: it is bound to the client that it was issued to.
    let current =
        current.filter(|current| current.authorization.client_id == client.client_id).ok_or_else(spent)?;
    let authorization = &current.authorization;
    let original: Scope = authorization.scope.parse().unwrap_or_default();
    // §6: scope is what was granted originally, or a part of it.
    let asked = context.asked_scope()?;
    let beyond = asked.as_ref().map(|asked| asked.without(&original)).unwrap_or_default();
    if !beyond.is_empty() {
        let message = format!("scope {beyond} was not granted originally");
        return Err(ProtocolError::new(ErrorCode::InvalidScope, message));
    }
    let scope = asked.unwrap_or(original);
    let decision = decide(context, &current, client, &scope).await.map_err(ProtocolError::unavailable)?;
    let granted = decision.into_result().map_err(|refusal| {
        ProtocolError::new(ErrorCode::InvalidGrant, &refusal.message).with_rule(refusal.rule.id())
    })?;
    let (act, cnf) = (authorization.act.clone(), authorization.cnf.clone());
    let used_up = UsedUp { refresh_token: Some(current.rotate(host)), ..UsedUp::default() };
    let (sub, details) = (authorization.sub.clone(), authorization.details.clone());
    Ok(Grant { sub, granted, act, cnf, details, used_up, ..Grant::default() })
}

/// Decides anew what a family stands for, with `scope` of its client `to`.
pub async fn decide(
    context: &Context<'_>,
    current: &refresh::Current,
    to: &Client,
    scope: &Scope,
) -> Result<Decision, Failure> {
    let Context { host, issuer, policy, .. } = context;
    let refresh::Authorization { sub, flow, from, foreign, audience, details, .. } = &current.authorization;
    let state = subject_state(host, issuer, &issuer.identifier, sub).await?;
    let purpose = details.purpose.as_deref();
    let purpose = purpose.map(|name| Purpose { name, agreed: false, since: Some(current.begun_at) });
    let Some(flow) = flow else {
        let left = Seconds(current.ends_at.seconds().saturating_sub(host.now().seconds()));
        return ciba::decide(context, to, (sub, state), scope, audience, purpose, Some(left)).await;
    };
    let audience: Vec<&str> = audience.iter().map(String::as_str).collect();
    // The person consented, if at all, to what the first client does.
    let consent = match purpose {
        Some(purpose) => Some((purpose.name, ciba::consent(context, from, sub, purpose, scope).await?)),
        None => None,
    };
    Ok(policy::refresh(
        *policy,
        &RefreshFacts {
            issuer: context.issuer_facts(),
            flow: *flow,
            from: if *foreign { Source::Issuer(from) } else { context.source(from) },
            to: ClientFacts::from(to),
            subject: (sub, state),
            scope,
            audience: &audience,
            purpose: consent,
            ends_at: current.ends_at,
            now: host.now(),
        },
    ))
}

/// The one answer to a refresh token that is none, no longer, or not this client's.
pub fn spent() -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidGrant, "the refresh token is unknown, spent, ended or revoked")
}
