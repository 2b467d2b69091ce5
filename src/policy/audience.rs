//! Which resource servers a token may be for: RFC 8707 §2, RFC 9068 §3.

use super::decision::Judge;
use super::facts::{ClientFacts, IssuerFacts};
use super::{Policy, Rule};
use crate::resource::{Resource, ResourceServer};

/// The resource servers of the token, in the order asked for, each once. Empty: the default audience,
/// where no resource server has that identifier. `more`: audiences that an exchange grant adds to those that
/// the client has.
pub(super) fn audience<'a>(
    judge: &mut Judge,
    policy: Option<&Policy>,
    issuer: &IssuerFacts<'a>,
    client: &ClientFacts<'_>,
    asked: &[&str],
    more: &[Resource],
) -> Vec<&'a ResourceServer> {
    let find = |name: &str| issuer.resources.iter().find(|known| known.identifier.as_str() == name);
    let expected =
        || issuer.resources.iter().map(|known| known.identifier.as_str()).collect::<Vec<_>>().join(", ");
    let named = !asked.is_empty() || !issuer.audience_required;
    judge.rule(Rule::AudienceRequired, named, || {
        format!("parameter audience is missing: expected {}", expected())
    });
    if asked.is_empty() {
        return find(issuer.default_audience).into_iter().collect();
    }
    let unknown = asked.iter().find(|name| find(name).is_none());
    judge.rule(Rule::AudienceUnknown, unknown.is_none(), || {
        // What the issuer serves is no secret where clients must name it; elsewhere it is not told.
        let hint =
            if issuer.audience_required { format!(": expected {}", expected()) } else { String::new() };
        format!("{} is not known here{hint}", unknown.copied().unwrap_or_default())
    });
    let listed = policy.and_then(|policy| policy.audiences.as_ref());
    let may = |one: &Resource| {
        let registered = client.resources.is_none_or(|resources| resources.contains(one));
        let by_policy =
            listed.is_none_or(|all| all.get(client.client_id).is_some_and(|own| own.contains(one)));
        (registered && by_policy) || more.contains(one)
    };
    let known: Vec<&ResourceServer> = asked.iter().filter_map(|name| find(name)).collect();
    let beyond = known.iter().find(|known| !may(&known.identifier));
    judge.rule(Rule::AudienceNotAllowed, beyond.is_none(), || {
        let name = beyond.map(|known| known.identifier.as_str()).unwrap_or_default();
        format!("this client may not have tokens for {name}")
    });
    let mut granted: Vec<&ResourceServer> = Vec::new();
    for one in known {
        if !granted.iter().any(|before| before.identifier == one.identifier) {
            granted.push(one);
        }
    }
    granted
}

/// The identifiers of `resources`; the default audience where there are none.
pub(super) fn identifiers(resources: &[&ResourceServer], issuer: &IssuerFacts<'_>) -> Vec<String> {
    // RFC 9068 §3: a token whose request names no resource gets the default one.
    if resources.is_empty() {
        return vec![issuer.default_audience.to_owned()];
    }
    resources.iter().map(|resource| resource.identifier.as_str().to_owned()).collect()
}
