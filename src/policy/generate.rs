//! Exchangeable tokens for subjects who are not there: who may have them generated, and what each can be
//! redeemed for.

use super::audience::{audience, identifiers};
use super::client_credentials::access_token_lifetime;
use super::decision::{Decision, Granted, Judge, capped};
use super::exchange::{active, beyond, subject_state};
use super::facts::{Asked, ClientFacts, IssuerFacts, Source, SubjectState};
use super::governance::{grant, quota};
use super::scope::at;
use super::{ExchangeGrant, Flow, Policy, Rule};
use crate::scope::Scope;
use crate::time::{Seconds, Timestamp};

/// How long an exchangeable token is good for where nothing says, in seconds.
const LIFETIME: u64 = 900;

/// The facts of a call that has tokens generated.
#[derive(Clone, Copy, Debug)]
pub struct GenerateFacts<'a> {
    /// The scope that the issuer knows.
    pub known: &'a Scope,
    /// The client that asks.
    pub from: Source<'a>,
    /// The client that will redeem them.
    pub to: ClientFacts<'a>,
    /// The scope asked for.
    pub asked: Option<&'a Scope>,
    /// How many.
    pub count: u64,
    /// Tokens of this grant that were generated today.
    pub used: u64,
    /// The time.
    pub now: Timestamp,
}

/// Decides whether exchangeable tokens are generated.
pub fn generate(policy: Option<&Policy>, facts: &GenerateFacts<'_>) -> Decision {
    let GenerateFacts { known, from, to, asked, count, used, now } = facts;
    let mut judge = Judge::default();
    active(&mut judge, *from, to);
    let grant = grant(&mut judge, policy, Flow::ExchangeableToken, *from, to.client_id, *now);
    let approved = approved(policy, known, to);
    let ceiling = grant.map(|grant| grant.scope.clone()).unwrap_or_default();
    let scope = match asked {
        None => {
            let all = approved.intersection(&ceiling);
            judge.rule(Rule::ScopeNotAutoApproved, !all.is_empty(), || {
                "nothing that the grant covers is auto-approved for this client".into()
            });
            all
        }
        Some(asked) => {
            auto_approved(&mut judge, asked, &approved);
            covered(&mut judge, asked, &ceiling);
            (*asked).clone()
        }
    };
    let (wanted, most) = exchangeable_token_lifetime(policy, grant);
    let lifetime = capped(&mut judge, wanted, most, "the policy's lifetimes.exchangeable_token");
    quota(&mut judge, grant, *used, *count);
    let granted = Granted {
        scope,
        lifetime,
        single_use: grant.is_none_or(is_single_use),
        quota: grant.and_then(|grant| grant.quota),
        grant: grant.map(ExchangeGrant::name),
        ..Granted::default()
    };
    judge.decide(granted, policy.map(|policy| policy.version.as_str()))
}

/// How long the grant's exchangeable tokens are good for, and the most that the policy allows.
pub(super) fn exchangeable_token_lifetime(
    policy: Option<&Policy>,
    grant: Option<&ExchangeGrant>,
) -> (Seconds, Option<Seconds>) {
    let limits = policy.and_then(|policy| policy.lifetimes.exchangeable_token).unwrap_or_default();
    let wanted = grant.and_then(|grant| grant.lifetime).or(limits.default).unwrap_or(LIFETIME);
    (Seconds(wanted), limits.max.map(Seconds))
}

/// The facts of an exchangeable token that is redeemed.
#[derive(Clone, Copy, Debug)]
pub struct RedeemFacts<'a> {
    /// What the issuer knows and gives.
    pub issuer: IssuerFacts<'a>,
    /// The client that had it generated.
    pub from: Source<'a>,
    /// The client that redeems it.
    pub to: ClientFacts<'a>,
    /// The subject, and what is known of it.
    pub subject: (&'a str, SubjectState),
    /// The scope that the token was generated for.
    pub scope: &'a Scope,
    /// What is asked for.
    pub asked: Asked<'a>,
    /// The time.
    pub now: Timestamp,
}

/// Decides what an exchangeable token is redeemed for: by the policy of now, not of when it was generated. What
/// was narrowed since is refused, not cut: the client was promised more. Less scope may be asked for. The token is
/// for the default audience, or those asked for that the grant adds.
pub fn redeem(policy: Option<&Policy>, facts: &RedeemFacts<'_>) -> Decision {
    let RedeemFacts { issuer, from, to, subject: (sub, state), scope: held, asked, now } = facts;
    let mut judge = Judge::default();
    active(&mut judge, *from, to);
    let grant = grant(&mut judge, policy, Flow::ExchangeableToken, *from, to.client_id, *now);
    let ceiling = grant.map(|grant| grant.scope.clone()).unwrap_or_default();
    auto_approved(&mut judge, held, &approved(policy, issuer.scope, to));
    covered(&mut judge, held, &ceiling);
    subject_state(&mut judge, *state, sub);
    let scope = asked.scope.unwrap_or(held);
    judge.nothing(Rule::ScopeBeyondSubject, &scope.without(held), "is not the subject token's");
    let more = grant.map(|grant| grant.audience.as_slice()).unwrap_or_default();
    beyond(&mut judge, asked.audience, &[issuer.default_audience], more);
    let resources = audience(&mut judge, policy, issuer, to, asked.audience, more);
    let elsewhere = scope.without(&at(policy, &resources, scope));
    judge.nothing(Rule::ScopeNotOfResource, &elsewhere, "means nothing at the resource asked for");
    let lifetime = access_token_lifetime(&mut judge, policy, issuer.access_token_lifetime);
    let granted = Granted {
        scope: scope.clone(),
        audience: identifiers(&resources, issuer),
        lifetime,
        single_use: grant.is_none_or(is_single_use),
        grant: grant.map(ExchangeGrant::name),
        ..Granted::default()
    };
    judge.decide(granted, policy.map(|policy| policy.version.as_str()))
}

fn is_single_use(grant: &ExchangeGrant) -> bool {
    grant.single_use.unwrap_or(true)
}

/// What the client is registered for, and gets without anybody there.
fn approved(policy: Option<&Policy>, known: &Scope, to: &ClientFacts<'_>) -> Scope {
    let registered = to.scope.intersection(known);
    policy.map(|policy| policy.auto_approved(to.client_id, &registered)).unwrap_or_default()
}

fn auto_approved(judge: &mut Judge, scope: &Scope, approved: &Scope) {
    let beyond = scope.without(approved);
    judge.nothing(Rule::ScopeNotAutoApproved, &beyond, "is not auto-approved for this client");
}

fn covered(judge: &mut Judge, scope: &Scope, ceiling: &Scope) {
    judge.nothing(Rule::ScopeBeyondGrant, &scope.without(ceiling), "is not covered by the grant");
}
