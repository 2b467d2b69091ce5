//! Whether an exchange grant is there, in force, and written down as it must be.

use super::decision::Judge;
use super::facts::Source;
use super::{ExchangeGrant, Flow, Policy, Rule};
use crate::time::Timestamp;

/// The grant of this flow from the one to the other, in force or not: the judge is told what is wrong with it.
pub(super) fn grant<'p>(
    judge: &mut Judge,
    policy: Option<&'p Policy>,
    flow: Flow,
    from: Source<'_>,
    to: &str,
    now: Timestamp,
) -> Option<&'p ExchangeGrant> {
    if let Source::Issuer(issuer) = from {
        let trusted = policy.is_some_and(|policy| policy.issuers.iter().any(|one| one.issuer == issuer));
        judge.rule(Rule::IssuerNotTrusted, trusted, || format!("{issuer} is not trusted here"));
    }
    let grant = policy.and_then(|policy| policy.grant(flow, from, to));
    judge.rule(Rule::ExchangeNoGrant, grant.is_some(), || {
        format!("the policy has no {} grant from {from} to {to}", flow.as_str())
    });
    let grant = grant?;
    let lacking = grant.lacking();
    judge.rule(Rule::ExchangeNoJustification, lacking.is_empty(), || {
        format!("the grant from {from} to {to} lacks {}", lacking.join(", "))
    });
    let early = grant.approved_at.filter(|since| now < since.at());
    judge.rule(Rule::ExchangeNotYetApproved, early.is_none(), || {
        format!("the grant from {from} to {to} is not approved yet")
    });
    let ended = grant.expires_at.filter(|end| now >= end.at());
    judge.rule(Rule::ExchangeExpired, ended.is_none(), || {
        format!("the grant from {from} to {to} has expired")
    });
    Some(grant)
}

/// Notes whether there is room for `count` more tokens on a day that saw `used` of them.
pub(super) fn quota(judge: &mut Judge, grant: Option<&ExchangeGrant>, used: u64, count: u64) {
    let quota = grant.and_then(|grant| grant.quota);
    let room = quota.is_none_or(|quota| used.saturating_add(count) <= quota);
    judge.rule(Rule::ExchangeQuotaExhausted, room, || {
        let quota = quota.unwrap_or_default();
        format!("{count} more would exceed the {quota} tokens of this day, of which {used} are used")
    });
}

impl Policy {
    /// The exchange grant of this flow from the one to the other.
    pub fn grant(&self, flow: Flow, from: Source<'_>, to: &str) -> Option<&ExchangeGrant> {
        self.exchange.iter().find(|grant| grant.flow == flow && grant.to == to && grant.is_from(from))
    }
}

impl ExchangeGrant {
    fn is_from(&self, from: Source<'_>) -> bool {
        match from {
            Source::Client { client_id, .. } => self.from.as_deref() == Some(client_id),
            Source::Issuer(issuer) => self.from_issuer.as_deref() == Some(issuer),
        }
    }

    /// What it says of who and why is incomplete: the members that it lacks.
    pub fn lacking(&self) -> Vec<&'static str> {
        let said = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
        [
            ("justification", said(&self.justification)),
            ("approved_by", said(&self.approved_by)),
            ("expires_at", self.expires_at.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, there)| (!there).then_some(name))
        .collect()
    }

    /// How it is named in decisions and audit events: its flow and its parties.
    pub fn name(&self) -> String {
        let from = self.from.as_deref().or(self.from_issuer.as_deref()).unwrap_or_default();
        format!("{} {from} -> {}", self.flow.as_str(), self.to)
    }
}
