//! Refreshing an Access Token: RFC 6749 §6.
//!
//! Takes the current refresh token of a family. Gives an access token of the same scope or less, and the refresh
//! token that follows; the one that was presented is spent (RFC 9700 §4.14.2). What the family was issued for is
//! decided again.

use super::{Context, Grant, UsedUp};
use crate::error::{ErrorCode, ProtocolError};
use crate::policy::{self, ClientFacts, RefreshFacts, Source};
use crate::scope::Scope;
use crate::store::{refresh, subject_state};

/// Decides what the refresh token gives.
///
/// # Errors
/// `invalid_grant`, `invalid_scope`.
pub async fn grant(context: &Context<'_>) -> Result<Grant, ProtocolError> {
    let Context { host, issuer, client, policy, form } = context;
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
    let sub = &authorization.sub;
    let state =
        subject_state(host, issuer, &issuer.identifier, sub).await.map_err(ProtocolError::unavailable)?;
    let from = &authorization.from;
    let decision = policy::refresh(
        *policy,
        &RefreshFacts {
            issuer: context.issuer_facts(),
            flow: authorization.flow,
            from: if authorization.foreign { Source::Issuer(from) } else { context.source(from) },
            to: ClientFacts::from(*client),
            subject: (sub, state),
            scope: &scope,
            now: host.now(),
        },
    );
    let mut granted = decision.into_result().map_err(|refusal| {
        ProtocolError::new(ErrorCode::InvalidGrant, &refusal.message).with_rule(refusal.rule.id())
    })?;
    granted.audience.clone_from(&authorization.audience);
    let (act, cnf) = (authorization.act.clone(), authorization.cnf.clone());
    let used_up = UsedUp { refresh_token: Some(current.rotate(host)), ..UsedUp::default() };
    Ok(Grant { sub: sub.clone(), granted, act, cnf, used_up, ..Grant::default() })
}

/// The one answer to a refresh token that is none, no longer, or not this client's.
pub fn spent() -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidGrant, "the refresh token is unknown, spent, ended or revoked")
}
