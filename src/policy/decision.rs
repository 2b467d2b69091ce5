//! What a decision says: what is granted, by which rules, and what is missing where it is not.

use deserr::Deserr;
use serde::Serialize;

use super::Rule;
use crate::mistake::Mistakes;
use crate::scope::Scope;
use crate::time::{Seconds, Timestamp};

/// A decision and how it came about. Every rule that had a say stands in `rules`, in order, also those after
/// the first that refused.
#[derive(Debug, PartialEq, Serialize)]
pub struct Decision {
    /// `granted` or `refused`.
    pub outcome: Outcome,
    /// What is granted; nothing where a rule refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granted: Option<Granted>,
    /// The rules.
    pub rules: Vec<Ruling>,
    /// What would have to be there: what each rule that refused found lacking.
    pub missing: Vec<String>,
    /// The version of the policy that decided; `None`: there was none.
    pub policy_version: Option<String>,
}

/// The outcome of a decision.
#[derive(Clone, Copy, Debug, Deserr, Eq, PartialEq, Serialize)]
#[deserr(error = Mistakes, rename_all = lowercase)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All rules hold.
    Granted,
    /// A rule does not.
    Refused,
}

/// What one rule said.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Ruling {
    /// The rule.
    pub rule: Rule,
    /// Whether it holds.
    pub holds: bool,
    /// Why not, or what it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What is granted.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Granted {
    /// The scope.
    pub scope: Scope,
    /// The audiences; empty: the issuer's default one.
    pub audience: Vec<String>,
    /// How long what is issued is good for, in seconds.
    pub lifetime: Seconds,
    /// Whether the new token names who acts (RFC 8693 §4.1).
    pub delegation: bool,
    /// Whether the subject token is good for one exchange.
    pub single_use: bool,
    /// Tokens a day; `None`: as many as are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
    /// The exchange grant that allows it, by its flow and its parties.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// Whose consent it rests on, or what else: the legal basis of a purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<super::LegalBasis>,
}

/// A refusal: the first rule that did not hold.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The rule that refused.
    pub rule: Rule,
    /// What was refused and what would do.
    pub message: String,
}

impl Refusal {
    /// A refusal by `rule`.
    pub fn new(rule: Rule, message: impl Into<String>) -> Self {
        Self { rule, message: message.into() }
    }
}

impl Decision {
    /// What is granted, or the first refusal.
    pub fn into_result(self) -> Result<Granted, Refusal> {
        let refused = self.rules.into_iter().find(|ruling| !ruling.holds);
        match (self.granted, refused) {
            (Some(granted), None) => Ok(granted),
            (_, Some(ruling)) => Err(Refusal::new(ruling.rule, ruling.message.unwrap_or_default())),
            // Without a ruling against it, something is granted; a decision that forgot to must not pass.
            (None, None) => Err(Refusal::new(Rule::ExchangeNoGrant, "nothing was granted")),
        }
    }
}

/// Collects rulings, then decides.
#[derive(Debug, Default)]
pub(super) struct Judge {
    rules: Vec<Ruling>,
}

impl Judge {
    /// Notes whether `rule` holds; `message` says why not.
    pub(super) fn rule(&mut self, rule: Rule, holds: bool, message: impl FnOnce() -> String) -> bool {
        let message = (!holds).then(message);
        self.rules.push(Ruling { rule, holds, message });
        holds
    }

    /// Notes that nothing of `beyond` may be there.
    pub(super) fn nothing(&mut self, rule: Rule, beyond: &Scope, why: &str) -> bool {
        self.rule(rule, beyond.is_empty(), || format!("scope {beyond} {why}"))
    }

    /// Notes a rule that holds and did something.
    pub(super) fn note(&mut self, rule: Rule, message: String) {
        self.rules.push(Ruling { rule, holds: true, message: Some(message) });
    }

    /// The decision: `granted`, unless a rule does not hold.
    pub(super) fn decide(self, granted: Granted, policy_version: Option<&str>) -> Decision {
        let refused = self.rules.iter().filter(|ruling| !ruling.holds);
        let missing: Vec<String> = refused.map(|ruling| ruling.rule.resolve().to_owned()).collect();
        let outcome = if missing.is_empty() { Outcome::Granted } else { Outcome::Refused };
        Decision {
            outcome,
            granted: (outcome == Outcome::Granted).then_some(granted),
            rules: self.rules,
            missing,
            policy_version: policy_version.map(str::to_owned),
        }
    }
}

/// The shorter of two lifetimes, noting where the cap is the shorter one.
pub(super) fn capped(judge: &mut Judge, lifetime: Seconds, cap: Option<Seconds>, what: &str) -> Seconds {
    match cap.filter(|cap| *cap < lifetime) {
        Some(cap) => {
            judge.note(Rule::LifetimeCapped, format!("{} seconds instead of {}: {what}", cap.0, lifetime.0));
            cap
        }
        None => lifetime,
    }
}

/// How many seconds there are from `now` to `end`; none where that has passed.
pub(super) fn left(now: Timestamp, end: Timestamp) -> Seconds {
    Seconds(end.seconds().saturating_sub(now.seconds()))
}
