//! Redeeming an exchangeable token: RFC 8693 §2 for a subject who is not there.
//!
//! Takes a token that another client had generated for this one. Gives the subject's access token, and nothing
//! that outlives it. Everything that was decided when it was generated is decided again.

use super::{Context, Grant, UsedUp};
use crate::error::{ErrorCode, ProtocolError};
use crate::policy::{self, Asked, ClientFacts, Flow, RedeemFacts, Refusal, Rule, Source, TokenType};
use crate::store::{Jti, UsedFor, subject_state};
use crate::token::{self, Exchangeable};

/// Decides what the token is redeemed for. `redeemed_at`: the URL of the endpoint.
///
/// # Errors
/// `invalid_request` for whatever makes the token unacceptable (RFC 8693 §2.2.2), with the rule that says what.
pub async fn grant(context: &Context<'_>, redeemed_at: &str) -> Result<Grant, ProtocolError> {
    let Context { host, issuer, client, policy, form } = context;
    // §2.1: the subject token is required, and so is its type.
    let subject_token = form.require("subject_token")?;
    expect_type("subject_token_type", TokenType::Jwt, form.require("subject_token_type")?)?;
    if let Some(requested) = form.get("requested_token_type") {
        expect_type("requested_token_type", TokenType::AccessToken, requested)?;
    }
    // §2.1: an actor token is not taken: nobody acts for the subject but the client itself.
    if form.get("actor_token").or_else(|| form.get("actor_token_type")).is_some() {
        return Err(ProtocolError::invalid_request("an exchangeable token is redeemed without actor_token"));
    }
    let (asked_scope, asked_audience) = (context.asked_scope()?, context.asked_audience()?);
    let unacceptable = |refusal: Refusal| {
        ProtocolError::new(ErrorCode::InvalidRequest, &refusal.message).with_rule(refusal.rule.id())
    };
    // §2.1: the token is validated whole.
    let token = token::exchangeable(issuer, subject_token, redeemed_at, host.now()).map_err(unacceptable)?;
    if token.client_id != client.client_id {
        let message = "the token was generated for another client";
        return Err(unacceptable(Refusal::new(Rule::SubjectTokenClient, message)));
    }
    let state = subject_state(host, issuer, &issuer.identifier, &token.sub).await;
    let state = state.map_err(ProtocolError::unavailable)?;
    let decision = policy::redeem(
        *policy,
        &RedeemFacts {
            issuer: context.issuer_facts(),
            from: generated_by(context, &token),
            to: ClientFacts::from(*client),
            subject: (&token.sub, state),
            scope: &token.scope,
            asked: Asked { scope: asked_scope.as_ref(), audience: &asked_audience },
            now: host.now(),
        },
    );
    let granted = decision.into_result().map_err(|refusal| match refusal.rule {
        // §2.2.2: what was asked for, and not the token, is unacceptable.
        Rule::ScopeBeyondSubject
        | Rule::ScopeNotOfResource
        | Rule::AudienceRequired
        | Rule::AudienceUnknown
        | Rule::AudienceNotAllowed
        | Rule::AudienceBeyondGrant => context.refuse(&refusal),
        _ => unacceptable(refusal),
    })?;
    let mut used_up = UsedUp::default();
    if granted.single_use {
        let jti = Jti {
            used_for: UsedFor::Redemption,
            issuer: &issuer.identifier,
            client_id: &client.client_id,
            jti: &token.jti,
            expires_at: token.expires_at,
        };
        // Before anything is signed for it; after that the store has the last word.
        if jti.was_used(host).await.map_err(ProtocolError::unavailable)? {
            return Err(used());
        }
        used_up.subject_token = Some((token.jti, token.expires_at));
    }
    let issued_token_type = Some(TokenType::AccessToken);
    Ok(Grant { sub: token.sub, granted, issued_token_type, used_up, ..Grant::default() })
}

/// The refusal of a token that was redeemed before.
pub fn used() -> ProtocolError {
    ProtocolError::invalid_request("the subject token was exchanged before")
        .with_rule(Rule::SubjectTokenUsed.id())
}

/// The client that had the token generated: of those with a grant, the one whose tag it bears.
fn generated_by<'a>(context: &Context<'a>, token: &Exchangeable) -> Source<'a> {
    let grants = context.policy.map(|policy| policy.exchange.as_slice()).unwrap_or_default();
    let to = &context.client.client_id;
    let own = grants.iter().filter(|grant| grant.flow == Flow::ExchangeableToken && grant.to == *to);
    let from = own.filter_map(|grant| grant.from.as_deref()).find(|from| token.is_from(context.issuer, from));
    from.map_or(Source::Client { client_id: "the client that had it generated", active: true }, |from| {
        context.source(from)
    })
}

fn expect_type(name: &str, expected: TokenType, found: &str) -> Result<(), ProtocolError> {
    if TokenType::of_urn(found) == Some(expected) {
        return Ok(());
    }
    Err(ProtocolError::invalid_request(format!("{name} must be {}", expected.urn())))
}
