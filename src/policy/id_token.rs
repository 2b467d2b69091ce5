//! Tokens of one client for the subject of another's id token, and their refreshing.

use super::audience::{audience, identifiers};
use super::client_credentials::access_token_lifetime;
use super::decision::{Decision, Granted, Judge, capped, left};
use super::exchange::{active, beyond, subject_state};
use super::facts::{Asked, ClientFacts, IssuerFacts, Source, SubjectState};
use super::governance::{grant, quota};
use super::purpose::data_rules;
use super::scope::{at, permitted, scope};
use super::{Consent, ExchangeGrant, Flow, Policy, Rule};
use crate::resource::ResourceServer;
use crate::scope::Scope;
use crate::time::{Seconds, Timestamp};

/// The facts of a subject whose id token is exchanged for tokens of another client.
pub struct IdTokenFacts<'a> {
    /// What the issuer knows and gives.
    pub issuer: IssuerFacts<'a>,
    /// The client that the id token was issued to.
    pub from: Source<'a>,
    /// The client that asks.
    pub to: ClientFacts<'a>,
    /// The subject, and what is known of it.
    pub subject: (&'a str, SubjectState),
    /// What is asked for.
    pub asked: Asked<'a>,
    /// Tokens of this grant that were issued today.
    pub used: u64,
    /// The time.
    pub now: Timestamp,
}

/// Decides an exchange in flow `id_token`: the other client's own scope, within the grant, for the default
/// audience or those that the grant adds.
pub fn id_token(policy: Option<&Policy>, facts: &IdTokenFacts<'_>) -> Decision {
    let IdTokenFacts { issuer, from, to, subject: (sub, state), asked, used, now } = facts;
    let mut judge = Judge::default();
    active(&mut judge, *from, to);
    let grant = grant(&mut judge, policy, Flow::IdToken, *from, to.client_id, *now);
    subject_state(&mut judge, *state, sub);
    let ceiling = grant.map(|grant| grant.scope.clone()).unwrap_or_default();
    let more = grant.map(|grant| grant.audience.as_slice()).unwrap_or_default();
    beyond(&mut judge, asked.audience, &[issuer.default_audience], more);
    let resources = audience(&mut judge, policy, issuer, to, asked.audience, more);
    let scope = match asked.scope {
        None => scope(&mut judge, policy, issuer, to, None, &resources).intersection(&ceiling),
        Some(asked) => {
            judge.nothing(Rule::ScopeBeyondGrant, &asked.without(&ceiling), "is not covered by the grant");
            scope(&mut judge, policy, issuer, to, Some(asked), &resources)
        }
    };
    let usual = access_token_lifetime(&mut judge, policy, issuer.access_token_lifetime);
    let own = grant.and_then(|grant| grant.lifetime).map(Seconds);
    let lifetime = capped(&mut judge, usual, own, "the grant's lifetime");
    quota(&mut judge, grant, *used, 1);
    let granted = Granted {
        scope,
        audience: identifiers(&resources, issuer),
        lifetime,
        quota: grant.and_then(|grant| grant.quota),
        grant: grant.map(ExchangeGrant::name),
        ..Granted::default()
    };
    judge.decide(granted, policy.map(|policy| policy.version.as_str()))
}

/// The facts of a refresh token that was had by an exchange.
pub struct RefreshFacts<'a> {
    /// What the issuer knows and gives.
    pub issuer: IssuerFacts<'a>,
    /// The way in which it was had.
    pub flow: Flow,
    /// Whose token it was had for.
    pub from: Source<'a>,
    /// The client that asks.
    pub to: ClientFacts<'a>,
    /// The subject, and what is known of it.
    pub subject: (&'a str, SubjectState),
    /// The scope of the new access token: what was granted originally, or a part of it.
    pub scope: &'a Scope,
    /// The audiences that were granted originally.
    pub audience: &'a [&'a str],
    /// What the data is for, and whether the person consents to that for whom the token was had.
    pub purpose: Option<(&'a str, Consent)>,
    /// When the refresh token ends.
    pub ends_at: Timestamp,
    /// The time.
    pub now: Timestamp,
}

/// Decides whether a refresh token that was had by an exchange still gives what it gave: by the policy of now.
pub fn refresh(policy: Option<&Policy>, facts: &RefreshFacts<'_>) -> Decision {
    let RefreshFacts { issuer, flow, from, to, subject: (sub, state), scope, now, .. } = facts;
    let mut judge = Judge::default();
    active(&mut judge, *from, to);
    let grant = grant(&mut judge, policy, *flow, *from, to.client_id, *now);
    subject_state(&mut judge, *state, sub);
    let ceiling = grant.map(|grant| grant.scope.clone()).unwrap_or_default();
    judge.nothing(Rule::ScopeUnknown, &scope.without(issuer.scope), "is not known here");
    judge.nothing(Rule::ScopeBeyondGrant, &scope.without(&ceiling), "is not covered by the grant");
    permitted(&mut judge, policy, to, scope);
    // The default audience is nobody's to give or take.
    let named: Vec<&str> =
        facts.audience.iter().copied().filter(|name| *name != issuer.default_audience).collect();
    let mut resources = Vec::new();
    if !named.is_empty() {
        let more = grant.map(|grant| grant.audience.as_slice()).unwrap_or_default();
        resources = audience(&mut judge, policy, issuer, to, &named, more);
    }
    if named.is_empty() || named.len() < facts.audience.len() {
        let is_default = |one: &&ResourceServer| one.identifier.as_str() == issuer.default_audience;
        resources.extend(issuer.resources.iter().find(is_default));
    }
    let elsewhere = scope.without(&at(policy, &resources, scope));
    judge.nothing(Rule::ScopeNotOfResource, &elsewhere, "means nothing at the audience");
    let legal_basis = data_rules(&mut judge, policy, facts.purpose, scope);
    let usual = access_token_lifetime(&mut judge, policy, issuer.access_token_lifetime);
    let own = grant.and_then(|grant| grant.lifetime).map(Seconds);
    let lifetime = capped(&mut judge, usual, own, "the grant's lifetime");
    let left = left(*now, facts.ends_at);
    let lifetime = capped(&mut judge, lifetime, Some(left), "what is left of the refresh token");
    let granted = Granted {
        scope: (*scope).clone(),
        audience: facts.audience.iter().map(|&one| one.to_owned()).collect(),
        lifetime,
        grant: grant.map(ExchangeGrant::name),
        legal_basis,
        ..Granted::default()
    };
    judge.decide(granted, policy.map(|policy| policy.version.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an issuer no longer knows, or what no longer means anything at the audience, is not had by refreshing.
    #[test]
    fn a_refresh_gives_only_what_would_be_granted_now() {
        let parse = |text: &str| text.parse::<Scope>().unwrap();
        let resources = [ResourceServer { identifier: "urn:a".parse().unwrap(), scope: parse("read write") }];
        let scope = parse("read write");
        let decide = |known: &str, write: &str, audience: &[&str]| {
            let policy = format!(
                r#"{{"version":"1","scopes":{{"read":{{}},"write":{{{write}}}}},"exchange":[{{"flow":"id_token","from":"a",
                "to":"b","scope":"read write","audience":["urn:a"],"justification":"j","approved_by":"p",
                "expires_at":"2100-01-01T00:00:00Z"}}]}}"#
            );
            let known = parse(known);
            let facts = RefreshFacts {
                issuer: IssuerFacts {
                    scope: &known,
                    resources: &resources,
                    default_audience: "issuer",
                    audience_required: false,
                    access_token_lifetime: Seconds(60),
                },
                flow: Flow::IdToken,
                from: Source::Client { client_id: "a", active: true },
                to: ClientFacts {
                    client_id: "b",
                    scope: &scope,
                    default_scope: &scope,
                    resources: None,
                    active: true,
                },
                subject: ("s", SubjectState::Active),
                scope: &scope,
                audience,
                purpose: None,
                ends_at: Timestamp::from_seconds(2_000),
                now: Timestamp::from_seconds(1_000),
            };
            let decision = refresh(Some(&Policy::parse(&policy).unwrap()), &facts);
            decision.into_result().map(|granted| granted.scope.to_string()).map_err(|refusal| refusal.rule)
        };
        for (known, write, audience, expected) in [
            ("read write", "", &["urn:a"][..], Ok("read write")),
            ("read write", "", &["issuer"], Ok("read write")),
            ("read", "", &["issuer"], Err(Rule::ScopeUnknown)),
            ("read write", r#""resources":["urn:b"]"#, &["urn:a"], Err(Rule::ScopeNotOfResource)),
        ] {
            assert_eq!(
                decide(known, write, audience),
                expected.map(str::to_owned),
                "{known} {write} {audience:?}"
            );
        }
    }
}
