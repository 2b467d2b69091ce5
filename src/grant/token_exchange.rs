//! Token Exchange: RFC 8693.
//!
//! Takes a subject token, and perhaps an actor token, of this issuer or of one that the policy names. Gives a
//! token of no more scope, audience or lifetime; whether it names who acts, the policy says.

use serde_json::{Value, json};

use super::{Context, Grant, UsedUp, exchangeable, refresh_token};
use crate::error::{ErrorCode, ProtocolError};
use crate::policy::{
    self, ActorFacts, Asked, ClientFacts, ExchangeFacts, Flow, Refusal, Rule, Source, SubjectFacts,
    SubjectState, TokenType,
};
use crate::scope::Scope;
use crate::store::{Details, refresh, subject_state};
use crate::token::{self, Fault, Token};

/// Decides what the subject token is exchanged for.
///
/// # Errors
/// `invalid_request` (§2.2.2), `invalid_target`, `invalid_scope`.
pub async fn grant(context: &Context<'_>) -> Result<Grant, ProtocolError> {
    let Context { host, issuer, client, policy, form } = context;
    // §2.1: subject_token and subject_token_type are required.
    let subject_token = form.require("subject_token")?;
    let token_type = known_type("subject_token_type", form.require("subject_token_type")?)?;
    // §2.1: actor_token_type is required with actor_token, and must not be there without.
    let actor_token = match (form.get("actor_token"), form.get("actor_token_type")) {
        (Some(token), Some(urn)) => Some((token, known_type("actor_token_type", urn)?)),
        (None, None) => None,
        (Some(_), None) => {
            return Err(ProtocolError::invalid_request("parameter actor_token_type is missing"));
        }
        (None, Some(_)) => {
            return Err(ProtocolError::invalid_request("actor_token_type is given without actor_token"));
        }
    };
    let requested = match form.get("requested_token_type") {
        Some(urn) => known_type("requested_token_type", urn)?,
        None => TokenType::AccessToken,
    };
    if token_type == TokenType::Jwt && is_redeemed_here(context, subject_token) {
        return exchangeable::grant(context, &issuer.url(issuer.profile.token_path)).await;
    }
    let (asked_scope, asked_audience) = (context.asked_scope()?, context.asked_audience()?);
    // A JWT that is no access token is for somebody in particular, or it might pass for one.
    if requested == TokenType::Jwt && (asked_audience.is_empty() || issuer.profile.access_token.typ == "JWT")
    {
        return Err(ProtocolError::invalid_request("a jwt is issued for a named audience or resource only"));
    }
    if requested == TokenType::IdToken {
        return Err(ProtocolError::invalid_request("an id_token is not issued in exchange"));
    }

    // §2.1: both tokens are validated whole, by the rules of their types.
    let subject = verify(context, subject_token, token_type).await?;
    let actor = match actor_token {
        Some((token, of)) => Some(verify(context, token, of).await?),
        None => None,
    };
    let (client_id, iss) = (subject.client_id.clone(), subject.iss.clone());
    let source = client_id.as_deref().map_or(Source::Issuer(&iss), |id| context.source(id));
    let state = known(context, &subject).await?;
    if let Some(actor) = &actor
        && known(context, actor).await? != SubjectState::Active
    {
        let message = format!("the actor {} is not active here", actor.sub);
        return Err(context.refuse(&Refusal::new(Rule::ExchangeActorNotAllowed, message)));
    }
    let audience: Vec<&str> = subject.audience.iter().map(String::as_str).collect();
    let decision = policy::exchange(
        *policy,
        &ExchangeFacts {
            issuer: context.issuer_facts(),
            from: source,
            to: ClientFacts::from(*client),
            subject: SubjectFacts {
                token_type,
                sub: &subject.sub,
                state,
                scope: subject.scope.as_ref(),
                audience: &audience,
                expires_at: subject.expires_at,
                act_depth: subject.act_depth(),
                may_act: subject.may_act.as_deref(),
            },
            actor: actor.as_ref().map(|actor| ActorFacts {
                sub: &actor.sub,
                own: actor.client_id.as_deref() == Some(&client.client_id),
            }),
            asked: Asked { scope: asked_scope.as_ref(), audience: &asked_audience },
            requested,
            used: context.used(Flow::TokenExchange, source).await?,
            now: host.now(),
        },
    );
    let granted = decision.into_result().map_err(|refusal| context.refuse(&refusal))?;

    let cnf = confirmation(&subject).map_err(|refusal| context.refuse(&refusal))?;
    // §4.1: the current actor outermost, those before it inside.
    let act =
        if granted.delegation { Some(act(context, &subject, actor.as_ref())) } else { subject.act.clone() };
    // What it is for stays with it.
    let details = Details {
        purpose: subject.purpose.clone(),
        authorization_details: subject.authorization_details.clone(),
        ..Details::default()
    };
    let used_up = UsedUp { quota: granted.grant.clone().zip(granted.quota), ..UsedUp::default() };
    let mut grant = Grant {
        sub: subject.sub,
        granted,
        act,
        cnf,
        details,
        issued_token_type: Some(requested),
        used_up,
        ..Grant::default()
    };
    if requested == TokenType::RefreshToken {
        // No more lifetime than the subject token has.
        let begun =
            context.begin_family(Some((Flow::TokenExchange, source)), &grant, None, Some(subject.expires_at));
        // §2.2.1: expires_in is that of the token that is issued.
        grant.granted.lifetime = begun.lifetime;
        grant.used_up.refresh_token = Some(begun);
    }
    Ok(grant)
}

/// §3: a token type that is known here.
fn known_type(name: &str, urn: &str) -> Result<TokenType, ProtocolError> {
    TokenType::of_urn(urn).ok_or_else(|| {
        let known: Vec<_> = TokenType::ALL.iter().map(|one| one.urn()).collect();
        ProtocolError::invalid_request(format!("{name} must be one of {}", known.join(", ")))
    })
}

/// Whether the token endpoint redeems exchangeable tokens, and this one says that it is one.
fn is_redeemed_here(context: &Context<'_>, token: &str) -> bool {
    let issuer = context.issuer;
    let jws = crate::jose::jws::Unverified::parse(token).ok();
    let kid = jws.as_ref().and_then(|jws| jws.header().kid.as_deref());
    issuer.profile.exchange.is_none() && issuer.generator_keys.iter().any(|key| Some(&*key.kid) == kid)
}

async fn verify(context: &Context<'_>, token: &str, of: TokenType) -> Result<Token, ProtocolError> {
    let Context { host, issuer, policy, .. } = context;
    let verified = match of {
        TokenType::AccessToken => token::access_token(issuer, token, host.now()).map_err(Fault::from),
        TokenType::IdToken => token::id_token(issuer, token, host.now()).map_err(Fault::from),
        TokenType::Jwt => token::foreign(host, issuer, *policy, token).await,
        TokenType::RefreshToken => held_by(context, token).await,
    };
    let verified = match verified {
        Ok(token) if token.was_revoked(host).await.map_err(ProtocolError::unavailable)? => {
            Err(Refusal::new(Rule::SubjectTokenExpired, "the token was revoked").into())
        }
        verified => verified,
    };
    verified.map_err(|fault| match fault {
        Fault::Refused(refusal) => context.refuse(&refusal),
        Fault::Failed(failure) => {
            let message = "the keys or the store cannot be reached: try again";
            ProtocolError::new(ErrorCode::TemporarilyUnavailable, message).with_cause(failure)
        }
    })
}

/// A refresh token as a subject token: what its family stands for. It is not spent by that (§2.1).
async fn held_by(context: &Context<'_>, token: &str) -> Result<Token, Fault> {
    let Context { host, issuer, .. } = context;
    let current = refresh::find(host, &issuer.identifier, token).await?;
    let current = current.ok_or_else(|| {
        Refusal::new(Rule::SubjectTokenExpired, "the refresh token is unknown, spent, ended or revoked")
    })?;
    let scope: Scope = current.authorization.scope.parse().unwrap_or_default();
    // What it was had for is decided again, as where it is refreshed.
    let client_id = &current.authorization.client_id;
    let holder = issuer.clients.get(client_id).ok_or_else(|| {
        Refusal::new(Rule::ClientInactive, format!("the client {client_id} is not authorized"))
    })?;
    let decision = refresh_token::decide(context, &current, holder, &scope).await?;
    decision.into_result().map_err(|refusal| Refusal::new(Rule::SubjectTokenExpired, refusal.message))?;
    let refresh::Authorization { client_id, sub, audience, act, cnf, details, .. } = current.authorization;
    Ok(Token {
        sub,
        client_id: Some(client_id),
        iss: issuer.identifier.clone(),
        scope: Some(scope),
        audience,
        expires_at: current.ends_at,
        act,
        may_act: None,
        cnf,
        jti: None,
        issued_at: None,
        purpose: details.purpose,
        authorization_details: details.authorization_details,
    })
}

/// RFC 8725 §3.8: whether a token's subject is still one: a client that is active, or in the directory.
async fn known(context: &Context<'_>, token: &Token) -> Result<SubjectState, ProtocolError> {
    let Context { host, issuer, .. } = context;
    if token.is_the_clients_own() {
        let active = issuer.clients.get(&token.sub).is_some_and(|client| client.active);
        return Ok(if active { SubjectState::Active } else { SubjectState::Disabled });
    }
    subject_state(host, issuer, &token.iss, &token.sub).await.map_err(ProtocolError::unavailable)
}

/// A token that is bound to a key gives one that is bound to the same key, or none.
pub(super) fn confirmation(subject: &Token) -> Result<Option<Value>, Refusal> {
    let Some(cnf) = &subject.cnf else { return Ok(None) };
    let members: Vec<&str> =
        cnf.as_object().into_iter().flat_map(|cnf| cnf.keys()).map(String::as_str).collect();
    if matches!(members[..], ["jkt" | "x5t#S256"]) {
        return Ok(Some(cnf.clone()));
    }
    Err(Refusal::new(Rule::ExchangeConfirmation, "the subject token is bound to a key in an unknown way"))
}

fn act(context: &Context<'_>, subject: &Token, actor: Option<&Token>) -> Value {
    let issuer = &context.issuer.identifier;
    let mut act = match actor {
        Some(actor) if actor.iss != *issuer => json!({ "sub": actor.sub, "iss": actor.iss }),
        Some(actor) => json!({ "sub": actor.sub }),
        None => json!({ "sub": context.client.client_id }),
    };
    if let (Some(members), Some(before)) = (act.as_object_mut(), &subject.act) {
        members.insert("act".into(), before.clone());
    }
    act
}
