//! Which scope a token gets: RFC 6749 §3.3, RFC 9068 §3.

use super::decision::{Refusal, Rule};
use crate::issuer::ResourceServer;
use crate::scope::Scope;

/// What the decision rests on.
#[derive(Debug)]
pub struct ScopeFacts<'a> {
    /// What the request asks for; `None` where it asks for nothing.
    pub asked: Option<&'a Scope>,
    /// What the issuer knows.
    pub known: &'a Scope,
    /// What the client may have.
    pub allowed: &'a Scope,
    /// What the client gets when it asks for nothing.
    pub default: &'a Scope,
    /// The resource servers of the token; empty: no resource server in particular.
    pub resources: &'a [&'a ResourceServer],
}

/// The scope of the token: all that was asked for, or nothing at all.
///
/// With several resource servers only what means something at each of them can be granted, so that
/// no scope meant for one opens another (RFC 9068 §5).
pub fn scope(facts: &ScopeFacts) -> Result<Scope, Refusal> {
    let there = |scope: Scope| facts.resources.iter().fold(scope, |scope, r| scope.intersection(&r.scope));
    let Some(asked) = facts.asked else {
        return Ok(there(facts.default.intersection(facts.allowed)));
    };
    let refuse = |rule, what: &Scope, why: &str| Err(Refusal::new(rule, format!("scope {what} {why}")));
    let unknown = asked.without(facts.known);
    if !unknown.is_empty() {
        return refuse(Rule::ScopeUnknown, &unknown, "is not known here");
    }
    let beyond = asked.without(facts.allowed);
    if !beyond.is_empty() {
        return refuse(Rule::ScopeNotAllowed, &beyond, "is not allowed to this client");
    }
    let elsewhere = asked.without(&there(asked.clone()));
    if !elsewhere.is_empty() {
        return refuse(Rule::ScopeNotOfResource, &elsewhere, "means nothing at the resource asked for");
    }
    Ok(asked.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_asked_or_nothing() {
        let parse = |text: &str| text.parse::<Scope>().unwrap();
        let server =
            |id: &str, scope: &str| ResourceServer { identifier: id.parse().unwrap(), scope: parse(scope) };
        let (orders, stock) = (server("urn:orders", "read write"), server("urn:stock", "read count"));
        let decide = |asked: Option<&str>, resources: &[&ResourceServer]| {
            let asked = asked.map(parse);
            scope(&ScopeFacts {
                asked: asked.as_ref(),
                known: &parse("read write count admin"),
                allowed: &parse("read write count"),
                default: &parse("read write admin"),
                resources,
            })
            .map(|granted| granted.to_string())
            .map_err(|refusal| refusal.rule)
        };
        for (asked, resources, expected) in [
            (None, &[][..], Ok("read write")),
            (None, &[&stock], Ok("read")),
            (Some("write read"), &[], Ok("read write")),
            (Some("read x"), &[], Err(Rule::ScopeUnknown)),
            (Some("read admin"), &[], Err(Rule::ScopeNotAllowed)),
            (Some("read"), &[&orders, &stock], Ok("read")),
            (Some("read write"), &[&orders, &stock], Err(Rule::ScopeNotOfResource)),
        ] {
            assert_eq!(decide(asked, resources), expected.map(str::to_owned), "{asked:?}");
        }
    }
}
