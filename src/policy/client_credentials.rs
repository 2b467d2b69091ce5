//! What a client gets for itself.

use super::audience::{audience, identifiers};
use super::decision::{Decision, Granted, Judge, capped};
use super::facts::{Asked, ClientFacts, IssuerFacts};
use super::scope::scope;
use super::{Policy, Rule};
use crate::time::Seconds;

/// Decides what a client gets for itself; without a policy its registration alone counts.
pub fn client_credentials(
    policy: Option<&Policy>,
    issuer: &IssuerFacts<'_>,
    client: &ClientFacts<'_>,
    asked: &Asked<'_>,
) -> Decision {
    let mut judge = Judge::default();
    judge.rule(Rule::ClientInactive, client.active, || {
        format!("the client {} is not authorized", client.client_id)
    });
    let resources = audience(&mut judge, policy, issuer, client, asked.audience, &[]);
    let scope = scope(&mut judge, policy, issuer, client, asked.scope, &resources);
    let lifetime = access_token_lifetime(&mut judge, policy, issuer.access_token_lifetime);
    let audience = identifiers(&resources, issuer);
    let granted = Granted { scope, audience, lifetime, ..Granted::default() };
    judge.decide(granted, policy.map(|policy| policy.version.as_str()))
}

/// How long an access token is good for: what the policy says in place of `usual`, and never more than it allows.
pub(super) fn access_token_lifetime(judge: &mut Judge, policy: Option<&Policy>, usual: Seconds) -> Seconds {
    let lifetime = policy.and_then(|policy| policy.lifetimes.access_token).unwrap_or_default();
    let wanted = lifetime.default.map_or(usual, Seconds);
    capped(judge, wanted, lifetime.max.map(Seconds), "the policy's lifetimes.access_token")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Resource, ResourceServer};
    use crate::scope::Scope;

    fn parse(text: &str) -> Scope {
        text.parse().unwrap()
    }

    fn server(id: &str, scope: &str) -> ResourceServer {
        ResourceServer { identifier: id.parse().unwrap(), scope: parse(scope) }
    }

    #[test]
    fn audiences_asked_known_and_allowed() {
        let known: Vec<_> = ["urn:a", "urn:b", "urn:c", "urn:d"].iter().map(|id| server(id, "s")).collect();
        let allowed: Vec<Resource> =
            ["urn:a", "urn:b", "urn:d"].iter().map(|id| id.parse().unwrap()).collect();
        let policy =
            r#"{"version":"1","scopes":{},"audiences":{"c":["urn:a","urn:b","urn:c"],"other":["urn:d"]}}"#;
        let policy = Policy::parse(policy).unwrap();
        let decide = |asked: &[&str], default: &str, required: bool| {
            let issuer = IssuerFacts {
                scope: Scope::EMPTY,
                resources: &known,
                default_audience: default,
                audience_required: required,
                access_token_lifetime: Seconds(60),
            };
            let client = ClientFacts {
                client_id: "c",
                scope: Scope::EMPTY,
                default_scope: Scope::EMPTY,
                resources: Some(&allowed),
                active: true,
            };
            let asked = Asked { scope: None, audience: asked };
            let decision = client_credentials(Some(&policy), &issuer, &client, &asked);
            decision.into_result().map(|granted| granted.audience.join(" ")).map_err(|refusal| refusal.rule)
        };
        for (asked, default, required, expected) in [
            (&[][..], "issuer", false, Ok("issuer")),
            (&[], "urn:b", false, Ok("urn:b")),
            (&[], "urn:b", true, Err(Rule::AudienceRequired)),
            (&["urn:b", "urn:a", "urn:b"], "issuer", true, Ok("urn:b urn:a")),
            (&["urn:a", "urn:x"], "issuer", false, Err(Rule::AudienceUnknown)),
            (&["urn:A"], "issuer", false, Err(Rule::AudienceUnknown)),
            (&["urn:c"], "issuer", false, Err(Rule::AudienceNotAllowed)),
            (&["urn:d"], "issuer", false, Err(Rule::AudienceNotAllowed)),
        ] {
            assert_eq!(decide(asked, default, required), expected.map(str::to_owned), "{asked:?}");
        }
    }

    #[test]
    fn all_that_is_asked_or_nothing() {
        let (orders, stock) = (server("urn:orders", "read write"), server("urn:stock", "read count"));
        let resources = [orders, stock];
        let policy = r#"{"version":"1","scopes":{"read":{},"write":{"clients":["c"],"resources":["urn:orders"]},
            "count":{"clients":["other"]},"admin":{}}}"#;
        let policy = Policy::parse(policy).unwrap();
        let (known, registered, default) = (
            parse("read write count admin extra"),
            parse("read write count extra"),
            parse("read write admin"),
        );
        let decide = |asked: Option<&str>, audience: &[&str], policy: Option<&Policy>| {
            let issuer = IssuerFacts {
                scope: &known,
                resources: &resources,
                default_audience: "issuer",
                audience_required: false,
                access_token_lifetime: Seconds(60),
            };
            let client = ClientFacts {
                client_id: "c",
                scope: &registered,
                default_scope: &default,
                resources: None,
                active: true,
            };
            let asked = asked.map(parse);
            let asked = Asked { scope: asked.as_ref(), audience };
            let decision = client_credentials(policy, &issuer, &client, &asked);
            decision.into_result().map(|granted| granted.scope.to_string()).map_err(|refusal| refusal.rule)
        };
        let policy = Some(&policy);
        for (asked, audience, policy, expected) in [
            (None, &[][..], None, Ok("read write")),
            (None, &["urn:stock"], None, Ok("read")),
            (Some("write read"), &[], policy, Ok("read write")),
            (Some("read x"), &[], policy, Err(Rule::ScopeUnknown)),
            (Some("read admin"), &[], policy, Err(Rule::ScopeNotAllowed)),
            (Some("count"), &[], None, Ok("count")),
            (Some("count"), &[], policy, Err(Rule::ScopeNotInPolicy)),
            (Some("extra"), &[], policy, Err(Rule::ScopeNotInPolicy)),
            (Some("read"), &["urn:orders", "urn:stock"], policy, Ok("read")),
            (Some("read write"), &["urn:orders", "urn:stock"], None, Err(Rule::ScopeNotOfResource)),
            (Some("write"), &["urn:orders"], policy, Ok("write")),
        ] {
            assert_eq!(decide(asked, audience, policy), expected.map(str::to_owned), "{asked:?}");
        }
    }

    #[test]
    fn a_lifetime_is_the_policys_and_capped() {
        for (lifetimes, expected) in [
            ("{}", 3600),
            (r#"{"access_token":{"default":600}}"#, 600),
            (r#"{"access_token":{"max":900}}"#, 900),
            (r#"{"access_token":{"default":600,"max":900}}"#, 600),
        ] {
            let policy = format!(r#"{{"version":"1","scopes":{{}},"lifetimes":{lifetimes}}}"#);
            let policy = Policy::parse(&policy).unwrap();
            let lifetime = access_token_lifetime(&mut Judge::default(), Some(&policy), Seconds(3600));
            assert_eq!(lifetime.0, expected, "{lifetimes}");
        }
    }
}
