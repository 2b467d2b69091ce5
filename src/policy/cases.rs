//! Tests of a policy: facts, and what must be decided on them. They stand beside the policy and are run before
//! it is approved.

use deserr::{Deserr, ValuePointerRef};
use serde::Serialize;

use super::facts_document::Facts;
use super::stated::Tokens;
use super::{Decision, Outcome, Policy, Rule};
use crate::json;
use crate::mistake::{Mistake, Mistakes, from_string, pointer};

/// A test of a policy.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Case {
    /// What it is called in the results; each name stands once.
    pub name: String,
    /// What is decided on.
    pub facts: Facts,
    /// What must come out.
    pub expect: Expect,
}

/// What a decision must be. What is left out may be anything.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields, validate = consistent -> Mistakes)]
pub struct Expect {
    /// The outcome.
    #[deserr(default)]
    pub outcome: Option<Outcome>,
    /// The first rule that refuses.
    #[deserr(default)]
    pub rule: Option<Rule>,
    /// The scope that is granted, exactly.
    #[deserr(default)]
    pub scope: Option<Tokens>,
    /// The audiences that are granted, exactly, in any order.
    #[deserr(default)]
    pub audience: Option<Vec<String>>,
    /// The lifetime that is granted, in seconds.
    #[deserr(default)]
    pub lifetime: Option<u64>,
}

/// What came of a test.
#[derive(Debug, PartialEq, Serialize)]
pub struct CaseResult {
    /// The test's name.
    pub name: String,
    /// Whether the decision is what was expected.
    pub passed: bool,
    /// What is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The decision.
    pub decision: Decision,
}

/// Text that is no rule's id.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the id of a rule, such as exchange.no-grant")]
pub struct RuleError;

impl std::str::FromStr for Rule {
    type Err = RuleError;

    fn from_str(id: &str) -> Result<Self, RuleError> {
        Self::ALL.iter().copied().find(|rule| rule.id() == id).ok_or(RuleError)
    }
}

from_string!(Rule);

fn consistent(expect: Expect, at: ValuePointerRef) -> Result<Expect, Mistakes> {
    let grants = expect.scope.is_some() || expect.audience.is_some() || expect.lifetime.is_some();
    let message = match expect.outcome {
        None if !grants && expect.rule.is_none() => {
            "expected outcome, rule, scope, audience or lifetime: this asserts nothing"
        }
        Some(Outcome::Granted) if expect.rule.is_some() => {
            "expected no rule: nothing refuses what is granted"
        }
        Some(Outcome::Refused) if grants => {
            "expected no scope, audience or lifetime: nothing is granted where a rule refuses"
        }
        _ if grants && expect.rule.is_some() => {
            "expected either rule or scope, audience and lifetime: what is refused is not granted"
        }
        _ => return Ok(expect),
    };
    let mut mistakes = Mistakes::default();
    mistakes.add(pointer(at), message);
    Err(mistakes)
}

impl Policy {
    /// Runs tests, the JSON text of an array of [`Case`]s, in their order.
    ///
    /// # Errors
    /// All mistakes in the tests at once, each with its JSON pointer.
    pub fn test(&self, cases: &str) -> Result<Vec<CaseResult>, Vec<Mistake>> {
        let value =
            json::parse(cases.as_bytes()).map_err(|error| vec![Mistake::new("", error.to_string())])?;
        let cases: Vec<Case> = deserr::deserialize::<_, _, Mistakes>(value).map_err(Mistakes::sorted)?;
        let mut mistakes = Mistakes::default();
        if cases.is_empty() {
            mistakes.add("", "expected at least one test");
        }
        for (i, case) in cases.iter().enumerate() {
            if cases.iter().take(i).any(|other| other.name == case.name) {
                mistakes.add(format!("/{i}/name"), "expected each name once");
            }
        }
        mistakes.or(())?;
        Ok(cases.into_iter().map(|case| case.run(self)).collect())
    }
}

impl Case {
    fn run(self, policy: &Policy) -> CaseResult {
        let decision = self.facts.decide(policy);
        let message = self.expect.difference(&decision);
        CaseResult { name: self.name, passed: message.is_none(), message, decision }
    }
}

impl Expect {
    /// What of the decision is not as expected; all of it.
    fn difference(&self, decision: &Decision) -> Option<String> {
        let refused = decision.rules.iter().find(|ruling| !ruling.holds).map(|ruling| ruling.rule);
        let Some(granted) = &decision.granted else {
            let by = refused.map(Rule::id).unwrap_or_default();
            return match (self.rule, self.outcome) {
                (Some(rule), _) if refused == Some(rule) => None,
                (Some(rule), _) => Some(format!("expected refused by {}, found refused by {by}", rule.id())),
                (None, Some(Outcome::Refused)) => None,
                (None, _) => Some(format!("expected granted, found refused by {by}")),
            };
        };
        if self.rule.is_some() || self.outcome == Some(Outcome::Refused) {
            let by = self.rule.map(|rule| format!(" by {}", rule.id())).unwrap_or_default();
            return Some(format!("expected refused{by}, found granted"));
        }
        let mut differences = Vec::new();
        let mut compare = |what: &str, expected: String, found: String| {
            if expected != found {
                differences.push(format!("expected {what} {expected:?}, found {found:?}"));
            }
        };
        if let Some(Tokens(scope)) = &self.scope {
            compare("scope", scope.to_string(), granted.scope.to_string());
        }
        if let Some(audience) = &self.audience {
            compare("audience", sorted(audience), sorted(&granted.audience));
        }
        if let Some(lifetime) = self.lifetime {
            compare("lifetime", lifetime.to_string(), granted.lifetime.0.to_string());
        }
        (!differences.is_empty()).then(|| differences.join("; "))
    }
}

fn sorted(texts: &[String]) -> String {
    let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    texts.sort_unstable();
    texts.join(" ")
}
