//! An id token of another client for an access token and a refresh token: RFC 8693 §2, in the flow `id_token`.

use super::token_exchange::confirmation;
use super::{Context, Grant, UsedUp};
use crate::error::{ErrorCode, ProtocolError};
use crate::policy::{self, Asked, ClientFacts, Flow, IdTokenFacts, Refusal, Rule, TokenType};
use crate::scope::Scope;
use crate::store::subject_state;
use crate::token;

/// Decides what the id token is exchanged for.
///
/// # Errors
/// `invalid_request` (RFC 8693 §2.2.2), `invalid_scope`.
pub async fn grant(context: &Context<'_>) -> Result<Grant, ProtocolError> {
    let Context { host, issuer, client, policy, form } = context;
    let subject_token = form.require("subject_token")?;
    let expected = TokenType::IdToken.urn();
    if form.require("subject_token_type")? != expected {
        return Err(ProtocolError::invalid_request(format!("subject_token_type must be {expected}")));
    }
    let requested = form.get("requested_token_type").map(TokenType::of_urn);
    if requested.is_some_and(|requested| requested != Some(TokenType::AccessToken)) {
        let expected = TokenType::AccessToken.urn();
        return Err(ProtocolError::invalid_request(format!("requested_token_type must be {expected}")));
    }
    // §2.1: an actor token is not taken: nobody acts for the subject but the client itself.
    if form.get("actor_token").or_else(|| form.get("actor_token_type")).is_some() {
        return Err(ProtocolError::invalid_request("an id_token is exchanged without actor_token"));
    }
    let (asked, asked_audience) = (asked_scope(context)?, context.asked_audience()?);
    let refuse = |refusal: Refusal| context.refuse(&refusal);
    let token = token::id_token(issuer, subject_token, host.now()).map_err(refuse)?;
    // §4.4: who may act is named by the token, where it names anybody.
    if token.may_act.as_ref().is_some_and(|named| *named != client.client_id) {
        let message = format!("the id_token does not let {} act for its subject", client.client_id);
        return Err(refuse(Refusal::new(Rule::ExchangeActorNotAllowed, message)));
    }
    let from = context.source(token.client_id.as_deref().unwrap_or_default());
    let state = subject_state(host, issuer, &issuer.identifier, &token.sub).await;
    let decision = policy::id_token(
        *policy,
        &IdTokenFacts {
            issuer: context.issuer_facts(),
            from,
            to: ClientFacts::from(*client),
            subject: (&token.sub, state.map_err(ProtocolError::unavailable)?),
            asked: Asked { scope: asked.as_ref(), audience: &asked_audience },
            used: context.used(Flow::IdToken, from).await?,
            now: host.now(),
        },
    );
    let granted = decision.into_result().map_err(refuse)?;
    let (act, cnf) = (token.act.clone(), confirmation(&token).map_err(refuse)?);
    let used_up = UsedUp { quota: granted.grant.clone().zip(granted.quota), ..UsedUp::default() };
    let issued_token_type = Some(TokenType::AccessToken);
    let sub = token.sub.clone();
    let mut grant = Grant { sub, granted, act, cnf, issued_token_type, used_up, ..Grant::default() };
    grant.used_up.refresh_token = Some(context.begin_family(Some((Flow::IdToken, from)), &grant, None, None));
    Ok(grant)
}

/// `scope`; or `scopes`, separated by commas.
fn asked_scope(context: &Context<'_>) -> Result<Option<Scope>, ProtocolError> {
    match context.form.get("scopes") {
        None => context.asked_scope(),
        Some(_) if context.form.get("scope").is_some() => {
            Err(ProtocolError::invalid_request("send either scope or scopes"))
        }
        Some(scopes) => {
            let scope = Scope::from_commas(scopes);
            scope.map(Some).map_err(|error| ProtocolError::new(ErrorCode::InvalidScope, error.to_string()))
        }
    }
}
