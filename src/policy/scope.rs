//! Which scope a token gets: RFC 6749 §3.3, RFC 9068 §3.

use super::decision::Judge;
use super::facts::{ClientFacts, IssuerFacts};
use super::{Policy, Rule};
use crate::resource::ResourceServer;
use crate::scope::Scope;

/// Scope tokens that say what a client wants of the protocol, not what it does with data at a resource server.
pub(super) const PROTOCOL: [&str; 2] = ["openid", "offline_access"];

/// The scope of the token: all that was asked for, or nothing at all.
///
/// With several resource servers only what means something at each of them can be granted, so that
/// no scope meant for one opens another (RFC 9068 §5).
pub(super) fn scope(
    judge: &mut Judge,
    policy: Option<&Policy>,
    issuer: &IssuerFacts<'_>,
    client: &ClientFacts<'_>,
    asked: Option<&Scope>,
    resources: &[&ResourceServer],
) -> Scope {
    let there = |scope: &Scope| at(policy, resources, scope);
    let Some(asked) = asked else {
        let most = client.default_scope.intersection(client.scope).intersection(issuer.scope);
        return there(&had(policy, client, &most));
    };
    judge.nothing(Rule::ScopeUnknown, &asked.without(issuer.scope), "is not known here");
    permitted(judge, policy, client, asked);
    let elsewhere = asked.without(&there(asked));
    judge.nothing(Rule::ScopeNotOfResource, &elsewhere, "means nothing at the resource asked for");
    asked.clone()
}

/// Notes whether the client may have all of `scope`: by its registration, and by the policy.
pub(super) fn permitted(judge: &mut Judge, policy: Option<&Policy>, client: &ClientFacts<'_>, scope: &Scope) {
    judge.nothing(Rule::ScopeNotAllowed, &scope.without(client.scope), "is not allowed to this client");
    let refused = scope.without(&had(policy, client, scope));
    judge.nothing(Rule::ScopeNotInPolicy, &refused, "is not allowed to this client by the policy");
}

/// What of `scope` the policy lets this client have.
pub(super) fn had(policy: Option<&Policy>, client: &ClientFacts<'_>, scope: &Scope) -> Scope {
    let Some(policy) = policy else { return scope.clone() };
    scope.filtered(|token| policy.may_have(client.client_id, token))
}

/// What of `scope` means something at each of `resources`.
pub(super) fn at(policy: Option<&Policy>, resources: &[&ResourceServer], scope: &Scope) -> Scope {
    scope.filtered(|token| {
        let known = |resource: &&ResourceServer| resource.scope.contains(token);
        let only = policy.and_then(|policy| policy.scopes.get(token)?.resources.as_ref());
        (PROTOCOL.contains(&token) || resources.iter().all(known))
            && only.is_none_or(|only| resources.iter().all(|resource| only.contains(&resource.identifier)))
    })
}

impl Policy {
    /// Whether it lets this client have this scope token.
    pub fn may_have(&self, client_id: &str, token: &str) -> bool {
        let listed = |clients: &Vec<String>| clients.iter().any(|client| client == client_id);
        self.scopes.get(token).is_some_and(|rule| rule.clients.as_ref().is_none_or(listed))
    }

    /// What of `scope` this client gets for a subject who is not there.
    pub fn auto_approved(&self, client_id: &str, scope: &Scope) -> Scope {
        scope.filtered(|token| {
            self.may_have(client_id, token)
                && self
                    .scopes
                    .get(token)
                    .is_some_and(|rule| rule.auto_approved.iter().any(|c| c == client_id))
        })
    }
}
