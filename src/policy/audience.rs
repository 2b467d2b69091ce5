//! Which resource servers a token may be for: RFC 8707 §2, RFC 9068 §3.

use super::decision::{Refusal, Rule};
use crate::issuer::ResourceServer;
use crate::resource::Resource;

/// What the decision rests on.
#[derive(Debug)]
pub struct AudienceFacts<'a> {
    /// What the request names.
    pub asked: &'a [&'a str],
    /// What the issuer issues tokens for.
    pub known: &'a [ResourceServer],
    /// What the client may have tokens for; `None`: all that the issuer knows.
    pub allowed: Option<&'a [Resource]>,
    /// What stands in where the request names nothing.
    pub default: &'a str,
    /// Whether nothing may stand in.
    pub required: bool,
}

/// The resource servers of the token, in the order asked for, each once. Empty: the default audience,
/// where no resource server has that identifier.
pub fn audience<'a>(facts: &AudienceFacts<'a>) -> Result<Vec<&'a ResourceServer>, Refusal> {
    let find = |name: &str| facts.known.iter().find(|known| known.identifier.as_str() == name);
    let expected =
        || facts.known.iter().map(|known| known.identifier.as_str()).collect::<Vec<_>>().join(", ");
    if facts.asked.is_empty() {
        if facts.required {
            let message = format!("parameter audience is missing: expected {}", expected());
            return Err(Refusal::new(Rule::AudienceRequired, message));
        }
        return Ok(find(facts.default).into_iter().collect());
    }
    let mut granted: Vec<&ResourceServer> = Vec::new();
    for name in facts.asked {
        let Some(known) = find(name) else {
            // What the issuer serves is no secret where clients must name it; elsewhere it is not told.
            let hint = if facts.required { format!(": expected {}", expected()) } else { String::new() };
            return Err(Refusal::new(Rule::AudienceUnknown, format!("{name} is not known here{hint}")));
        };
        if facts.allowed.is_some_and(|allowed| !allowed.contains(&known.identifier)) {
            let message = format!("this client may not have tokens for {name}");
            return Err(Refusal::new(Rule::AudienceNotAllowed, message));
        }
        if !granted.iter().any(|one| one.identifier == known.identifier) {
            granted.push(known);
        }
    }
    Ok(granted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asked_known_and_allowed() {
        let known: Vec<ResourceServer> = ["urn:a", "urn:b", "urn:c"]
            .iter()
            .map(|id| ResourceServer { identifier: id.parse().unwrap(), scope: "s".parse().unwrap() })
            .collect();
        let allowed: Vec<Resource> = vec!["urn:a".parse().unwrap(), "urn:b".parse().unwrap()];
        let decide = |asked: &[&str], default: &str, required: bool| {
            let facts = AudienceFacts { asked, known: &known, allowed: Some(&allowed), default, required };
            audience(&facts)
                .map(|granted| {
                    granted.iter().map(|one| one.identifier.as_str()).collect::<Vec<_>>().join(" ")
                })
                .map_err(|refusal| refusal.rule)
        };
        for (asked, default, required, expected) in [
            (&[][..], "issuer", false, Ok("")),
            (&[], "urn:b", false, Ok("urn:b")),
            (&[], "urn:b", true, Err(Rule::AudienceRequired)),
            (&["urn:b", "urn:a", "urn:b"], "issuer", true, Ok("urn:b urn:a")),
            (&["urn:a", "urn:x"], "issuer", false, Err(Rule::AudienceUnknown)),
            (&["urn:A"], "issuer", false, Err(Rule::AudienceUnknown)),
            (&["urn:c"], "issuer", false, Err(Rule::AudienceNotAllowed)),
        ] {
            assert_eq!(decide(asked, default, required), expected.map(str::to_owned), "{asked:?}");
        }
    }
}
