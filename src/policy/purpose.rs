//! What personal data may be processed for, and what that rests on.

use deserr::Deserr;

use super::decision::{Decision, Granted, Judge};
use super::scope::PROTOCOL;
use super::{LegalBasis, Policy, Rule};
use crate::mistake::Mistakes;
use crate::scope::Scope;

/// What is known of a person's consent.
#[derive(Clone, Copy, Debug, Deserr, Eq, PartialEq)]
#[deserr(error = Mistakes, rename_all = lowercase)]
pub enum Consent {
    /// It was given, and stands.
    Given,
    /// It was refused or withdrawn.
    Refused,
    /// Nobody asked.
    Unknown,
}

/// Decides whether data may be processed for `purpose`: each scope token needs a legal basis, and consent where
/// that is the basis. The basis of the whole is consent where that of any part is.
pub fn purpose(policy: Option<&Policy>, purpose: &str, scope: &Scope, consent: Consent) -> Decision {
    let mut judge = Judge::default();
    let legal_basis = purpose_rules(&mut judge, policy, purpose, scope, consent);
    let granted = Granted { scope: scope.clone(), legal_basis, ..Granted::default() };
    judge.decide(granted, policy.map(|policy| policy.version.as_str()))
}

/// Notes whether what of `scope` is data may be processed for a purpose, where there is one, and gives the legal basis.
pub(super) fn data_rules(
    judge: &mut Judge,
    policy: Option<&Policy>,
    purpose: Option<(&str, Consent)>,
    scope: &Scope,
) -> Option<LegalBasis> {
    let (purpose, consent) = purpose?;
    let data = scope.filtered(|token| !PROTOCOL.contains(&token));
    purpose_rules(judge, policy, purpose, &data, consent)
}

/// Notes whether data may be processed for `purpose`, and gives the legal basis.
fn purpose_rules(
    judge: &mut Judge,
    policy: Option<&Policy>,
    purpose: &str,
    scope: &Scope,
    consent: Consent,
) -> Option<LegalBasis> {
    let listed = policy.and_then(|policy| policy.purposes.get(purpose));
    let basis = |token: &str| listed.and_then(|scopes| scopes.get(token)).copied();
    let unlisted = scope.filtered(|token| basis(token).is_none());
    judge.rule(Rule::PurposeUnknown, unlisted.is_empty() && !scope.is_empty(), || {
        format!("{purpose} is not a purpose for scope {unlisted}")
    });
    let bases: Vec<LegalBasis> = scope.tokens().filter_map(basis).collect();
    let by_consent = bases.contains(&LegalBasis::Consent);
    judge.rule(Rule::PurposeConsentRequired, !by_consent || consent != Consent::Unknown, || {
        format!("{purpose} needs the person's consent")
    });
    judge.rule(Rule::PurposeConsentRefused, !by_consent || consent != Consent::Refused, || {
        format!("the person refused consent to {purpose}")
    });
    if by_consent { Some(LegalBasis::Consent) } else { bases.first().copied() }
}

impl Policy {
    /// What of `scope` rests on consent where it is for `purpose`: all that a consent need be looked up for.
    pub fn by_consent(&self, purpose: &str, scope: &Scope) -> Scope {
        let listed = self.purposes.get(purpose);
        scope.filtered(|token| listed.and_then(|scopes| scopes.get(token)) == Some(&LegalBasis::Consent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_is_looked_up_for_what_rests_on_it_alone() {
        let policy = r#"{"version":"1","scopes":{},"purposes":{"dpv:Marketing":{"sim":"legitimate_interest",
            "location":"consent","age":"consent"},"dpv:Advertising":{"sim":"consent"}}}"#;
        let policy = Policy::parse(policy).unwrap();
        for (purpose, scope, expected) in [
            ("dpv:Marketing", "age location sim unlisted", "age location"),
            ("dpv:Advertising", "age location sim", "sim"),
            ("dpv:Marketing", "sim", ""),
            ("dpv:Unlisted", "age", ""),
        ] {
            let found = policy.by_consent(purpose, &scope.parse().unwrap());
            assert_eq!(found.to_string(), expected, "{purpose} {scope}");
        }
    }

    #[test]
    fn a_legal_basis_or_consent() {
        let policy = r#"{"version":"1","scopes":{},"purposes":{"dpv:Fraud":{"sim":"legitimate_interest",
            "location":"consent"}}}"#;
        let policy = Policy::parse(policy).unwrap();
        for (name, scope, consent, expected) in [
            ("dpv:Fraud", "sim", Consent::Unknown, Ok(Some(LegalBasis::LegitimateInterest))),
            ("dpv:Fraud", "sim", Consent::Refused, Ok(Some(LegalBasis::LegitimateInterest))),
            ("dpv:Fraud", "location", Consent::Given, Ok(Some(LegalBasis::Consent))),
            ("dpv:Fraud", "location sim", Consent::Given, Ok(Some(LegalBasis::Consent))),
            ("dpv:Fraud", "location sim", Consent::Unknown, Err(Rule::PurposeConsentRequired)),
            ("dpv:Fraud", "location", Consent::Refused, Err(Rule::PurposeConsentRefused)),
            ("dpv:Fraud", "sim other", Consent::Given, Err(Rule::PurposeUnknown)),
            ("dpv:Marketing", "sim", Consent::Given, Err(Rule::PurposeUnknown)),
        ] {
            let decision = purpose(Some(&policy), name, &scope.parse().unwrap(), consent);
            let found =
                decision.into_result().map(|granted| granted.legal_basis).map_err(|refusal| refusal.rule);
            assert_eq!(found, expected, "{name} {scope} {consent:?}");
        }
        let without = purpose(None, "dpv:Fraud", &"sim".parse().unwrap(), Consent::Given);
        assert_eq!(without.into_result().unwrap_err().rule, Rule::PurposeUnknown);
    }
}
