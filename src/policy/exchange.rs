//! Exchanging one token for another: RFC 8693. What comes out is never more than what went in, over any chain:
//! not in scope, not in lifetime, and in audience only what a grant adds by name.

use super::audience::{audience, identifiers};
use super::client_credentials::access_token_lifetime;
use super::decision::{Decision, Granted, Judge, capped, left};
use super::facts::{ClientFacts, ExchangeFacts, Source, SubjectFacts, SubjectState};
use super::governance::{grant, quota};
use super::scope::{at, had, permitted};
use super::{ExchangeGrant, Flow, Mode, Policy, Rule, TokenType};
use crate::resource::Resource;
use crate::time::Seconds;

/// Most actors that a token names where the grant does not say.
const MAX_ACT_DEPTH: u64 = 2;

/// Decides an exchange in flow `token_exchange`. Without a policy nothing is exchanged.
pub fn exchange(policy: Option<&Policy>, facts: &ExchangeFacts<'_>) -> Decision {
    let ExchangeFacts { issuer, from, to, subject, asked, now, .. } = facts;
    let mut judge = Judge::default();
    active(&mut judge, *from, to);
    let grant = grant(&mut judge, policy, Flow::TokenExchange, *from, to.client_id, *now);
    types(&mut judge, grant, facts);
    subject_state(&mut judge, subject.state, subject.sub);
    let delegation = actor(&mut judge, grant, facts);

    // Who asks for nothing keeps what the subject token is for.
    let known = |name: &&str| issuer.resources.iter().any(|one| one.identifier.as_str() == *name);
    let kept: Vec<&str> = subject.audience.iter().copied().filter(known).collect();
    let asks = !asked.audience.is_empty();
    let more = grant.map(|grant| grant.audience.as_slice()).unwrap_or_default();
    // The default audience stands in for none, which must then be one that the subject token had.
    let standing_in = [issuer.default_audience];
    let names = if asks {
        asked.audience
    } else if kept.is_empty() {
        &standing_in[..]
    } else {
        &kept
    };
    let held_audience = if subject.audience.is_empty() { &standing_in[..] } else { subject.audience };
    beyond(&mut judge, names, held_audience, more);
    let wanted = if asks { asked.audience } else { &kept };
    let resources = audience(&mut judge, policy, issuer, to, wanted, more);

    let ceiling = grant.map(|grant| grant.scope.clone()).unwrap_or_default();
    let held = subject.scope.unwrap_or(&ceiling);
    let scope = match asked.scope {
        None => {
            let most = held.intersection(&ceiling).intersection(to.scope).intersection(issuer.scope);
            at(policy, &resources, &had(policy, to, &most))
        }
        Some(asked) => {
            judge.nothing(Rule::ScopeUnknown, &asked.without(issuer.scope), "is not known here");
            judge.nothing(Rule::ScopeBeyondSubject, &asked.without(held), "is not the subject token's");
            judge.nothing(Rule::ScopeBeyondGrant, &asked.without(&ceiling), "is not covered by the grant");
            permitted(&mut judge, policy, to, asked);
            let elsewhere = asked.without(&at(policy, &resources, asked));
            judge.nothing(Rule::ScopeNotOfResource, &elsewhere, "means nothing at the resource asked for");
            asked.clone()
        }
    };

    let usual = grant.and_then(|grant| grant.lifetime).map_or(issuer.access_token_lifetime, Seconds);
    let lifetime = access_token_lifetime(&mut judge, policy, issuer.access_token_lifetime).min(usual);
    let left = left(*now, subject.expires_at);
    judge.rule(Rule::ExchangeNothingLeft, left.0 > 0, || "the subject token ends now".into());
    let lifetime = capped(&mut judge, lifetime, Some(left), "what is left of the subject token");
    quota(&mut judge, grant, facts.used, 1);
    let granted = Granted {
        scope,
        audience: identifiers(&resources, issuer),
        lifetime,
        delegation,
        quota: grant.and_then(|grant| grant.quota),
        grant: grant.map(ExchangeGrant::name),
        ..Granted::default()
    };
    judge.decide(granted, policy.map(|policy| policy.version.as_str()))
}

/// Both clients may still get tokens.
pub(super) fn active(judge: &mut Judge, from: Source<'_>, to: &ClientFacts<'_>) {
    let inactive = match from {
        _ if !to.active => Some(to.client_id),
        Source::Client { client_id, active: false } => Some(client_id),
        _ => None,
    };
    judge.rule(Rule::ClientInactive, inactive.is_none(), || {
        format!("the client {} is not authorized", inactive.unwrap_or_default())
    });
}

/// RFC 8725 §3.8: a subject that nobody knows, or that is not active, gets nothing.
pub(super) fn subject_state(judge: &mut Judge, state: SubjectState, sub: &str) {
    judge.rule(Rule::SubjectUnknown, state != SubjectState::Unknown, || {
        format!("the subject {sub} is not known here")
    });
    judge.rule(Rule::SubjectDisabled, state != SubjectState::Disabled, || {
        format!("the subject {sub} is not active")
    });
}

fn types(judge: &mut Judge, grant: Option<&ExchangeGrant>, facts: &ExchangeFacts<'_>) {
    let among = |types: Option<&Vec<TokenType>>, one: TokenType| {
        types.map_or(one == TokenType::AccessToken, |types| types.contains(&one))
    };
    let (given, wanted) = (facts.subject.token_type, facts.requested);
    let taken = among(grant.and_then(|grant| grant.subject_token_types.as_ref()), given);
    judge.rule(Rule::ExchangeSubjectTokenType, taken, || {
        format!("a subject token of type {} is not taken", given.as_str())
    });
    let made = among(grant.and_then(|grant| grant.requested_token_types.as_ref()), wanted);
    judge.rule(Rule::ExchangeRequestedTokenType, made, || {
        format!("a token of type {} is not given", wanted.as_str())
    });
}

/// Whether the new token names who acts; the judge is told where that may not be.
fn actor(judge: &mut Judge, grant: Option<&ExchangeGrant>, facts: &ExchangeFacts<'_>) -> bool {
    let ExchangeFacts { subject: SubjectFacts { may_act, act_depth, .. }, actor, to, .. } = facts;
    // RFC 8693 §4.4: who may act is named by the token, where it names anybody; else the client speaks for itself.
    let (acting, own) = actor.map_or((to.client_id, true), |actor| (actor.sub, actor.own));
    let allowed = may_act.map_or(own, |named| named == acting);
    judge.rule(Rule::ExchangeActorNotAllowed, allowed, || {
        format!("the subject token does not let {acting} act for its subject")
    });
    let modes = grant.and_then(|grant| grant.modes.as_deref()).unwrap_or(&[Mode::Impersonation]);
    let may_delegate = modes.contains(&Mode::Delegation);
    judge.rule(Rule::ExchangeDelegationNotAllowed, actor.is_none() || may_delegate, || {
        "the grant is for impersonation alone".into()
    });
    let delegation = actor.is_some() || !modes.contains(&Mode::Impersonation);
    let deepest = grant.and_then(|grant| grant.max_act_depth).unwrap_or(MAX_ACT_DEPTH);
    // A chain that the subject token already has is kept, whoever acts now.
    let depth = act_depth.saturating_add(u64::from(delegation));
    judge.rule(Rule::ExchangeActTooDeep, depth <= deepest, || {
        format!("the new token would name {depth} actors, more than {deepest}")
    });
    delegation
}

/// Of what is asked for, nothing may be neither `held` nor added by the grant.
pub(super) fn beyond(judge: &mut Judge, asked: &[&str], held: &[&str], more: &[Resource]) {
    let added =
        asked.iter().find(|name| !held.contains(name) && !more.iter().any(|one| one.as_str() == **name));
    judge.rule(Rule::AudienceBeyondGrant, added.is_none(), || {
        format!("{} is neither of the subject token nor of the grant", added.copied().unwrap_or_default())
    });
}
