//! What people should look at in a policy before they approve it: parts that can never have an effect, and parts
//! that allow more than is likely meant.

use std::collections::BTreeSet;

use serde::Serialize;

use super::generate::exchangeable_token_lifetime;
use super::{ExchangeGrant, Flow, Policy, ScopeRule, Sensitivity, TokenType};
use crate::mistake::escape;
use crate::purpose::dpv;
use crate::scope::Scope;
use crate::time::{Seconds, Timestamp};

/// How long before its end a grant is reported: 30 days.
const SOON: Seconds = Seconds(30 * DAY.0);
/// Longest lifetime of an exchangeable token that is good for many exchanges and is not reported.
const DAY: Seconds = Seconds(86_400);

/// How much a finding matters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingSeverity {
    /// The part never does what it says.
    Error,
    /// The part allows more than is likely meant, or soon does nothing.
    Warning,
    /// Good to know.
    Note,
}

/// One kind of finding.
#[derive(Debug)]
pub struct FindingCode {
    /// Its name, which stays.
    pub name: &'static str,
    /// How much it matters.
    pub severity: FindingSeverity,
    /// What it means, in one sentence without its full stop.
    pub summary: &'static str,
}

/// One finding in a policy.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// RFC 6901 JSON pointer to the part of the policy.
    pub pointer: String,
    /// How much it matters.
    pub severity: FindingSeverity,
    /// The name of its [`FindingCode`].
    pub code: &'static str,
    /// The summary of the code and, after a colon, what was found.
    pub message: String,
}

macro_rules! codes {
    ($($constant:ident $name:literal $severity:ident $summary:literal;)*) => {
        $(const $constant: &FindingCode =
            &FindingCode { name: $name, severity: FindingSeverity::$severity, summary: $summary };)*
        /// Every code, in the order of the documentation.
        pub const FINDING_CODES: &[&FindingCode] = &[$($constant),*];
    };
}

codes! {
    SCOPE_FOR_NOBODY "scope_for_nobody" Warning "The scope's clients are none, so nobody may have it";
    SCOPE_APPROVAL_VOID "scope_approval_void" Error "A client is in the scope's auto_approved and not in its clients, so it never gets the scope";
    SCOPE_SENSITIVE_APPROVED "scope_sensitive_approved" Warning "A sensitive scope is given without the person being there to consent";
    SCOPE_UNDESCRIBED "scope_undescribed" Note "The scope has no description, so who approves it must guess";
    GRANT_INCOMPLETE "grant_incomplete" Error "The grant does not count without justification, approved_by and expires_at";
    GRANT_DATES_REVERSED "grant_dates_reversed" Error "The grant ends before it is approved, so it is never in force";
    GRANT_EXPIRED "grant_expired" Error "The grant has expired";
    GRANT_EXPIRES_SOON "grant_expires_soon" Warning "The grant expires within 30 days";
    GRANT_NOT_YET_APPROVED "grant_not_yet_approved" Note "The grant is not in force yet";
    GRANT_SCOPE_UNKNOWN "grant_scope_unknown" Error "The grant covers a scope that the policy does not list";
    GRANT_SCOPE_NOT_ALLOWED "grant_scope_not_allowed" Error "The grant covers a scope whose clients do not include its to";
    GRANT_SCOPE_NOT_APPROVED "grant_scope_not_approved" Error "The grant is for exchangeable tokens and covers a scope that is not auto-approved for its to";
    GRANT_TAKES_NOTHING "grant_takes_nothing" Error "The grant takes no subject token, or gives no token";
    GRANT_TAKES_NO_JWT "grant_takes_no_jwt" Error "Another issuer's tokens are of type jwt, which the grant's subject_token_types do not list";
    GRANT_FLOW_OF_ISSUER "grant_flow_of_issuer" Error "Another issuer's tokens are exchanged in flow token_exchange alone";
    GRANT_TO_ITSELF "grant_to_itself" Warning "The grant is from a client to itself";
    GRANT_ALL_SCOPES "grant_all_scopes" Warning "The grant covers every scope of the policy";
    GRANT_SENSITIVE_UNBOUNDED "grant_sensitive_unbounded" Warning "The grant covers a sensitive scope and has no quota";
    GRANT_UNBOUNDED "grant_unbounded" Note "The grant has no quota";
    GRANT_REUSABLE_FOR_LONG "grant_reusable_for_long" Warning "An exchangeable token is good for many exchanges, for longer than a day";
    PURPOSE_NO_TERM "purpose_no_term" Error "The purpose begins with dpv: and is no term of the Data Privacy Vocabulary, so no request can name it";
}

/// The findings so far.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, code: &FindingCode, pointer: String, found: &str) {
        let colon = if found.is_empty() { "" } else { ": " };
        let message = [code.summary, colon, found].concat();
        self.0.push(Finding { pointer, severity: code.severity, code: code.name, message });
    }

    /// Where there is any of `scope`.
    fn add_scope(&mut self, code: &FindingCode, pointer: String, scope: &Scope) {
        if !scope.is_empty() {
            self.add(code, pointer, &scope.to_string());
        }
    }
}

impl Policy {
    /// What people should look at, in the order of the scopes' names, then of the grants, then of the purposes' names.
    pub fn findings(&self, now: Timestamp) -> Vec<Finding> {
        let mut findings = Findings::default();
        for (name, rule) in &self.scopes {
            check_scope(rule, &format!("/scopes/{}", escape(name)), &mut findings);
        }
        for (g, grant) in self.exchange.iter().enumerate() {
            let at = format!("/exchange/{g}");
            check_dates(grant, &at, now, &mut findings);
            self.check_reach(grant, &at, &mut findings);
            self.check_breadth(grant, &at, &mut findings);
        }
        for purpose in self.purposes.keys() {
            if purpose.starts_with(dpv::PREFIX) && !dpv::is_purpose(purpose) {
                findings.add(PURPOSE_NO_TERM, format!("/purposes/{}", escape(purpose)), purpose);
            }
        }
        findings.0
    }

    /// What the grant says and can never be had.
    fn check_reach(&self, grant: &ExchangeGrant, at: &str, findings: &mut Findings) {
        let scope_at = || format!("{at}/scope");
        let listed: Scope = self.scopes.keys().cloned().collect();
        let known = grant.scope.intersection(&listed);
        findings.add_scope(GRANT_SCOPE_UNKNOWN, scope_at(), &grant.scope.without(&known));
        let allowed = known.filtered(|token| self.may_have(&grant.to, token));
        findings.add_scope(GRANT_SCOPE_NOT_ALLOWED, scope_at(), &known.without(&allowed));
        if grant.flow == Flow::ExchangeableToken {
            let approved = self.auto_approved(&grant.to, &allowed);
            findings.add_scope(GRANT_SCOPE_NOT_APPROVED, scope_at(), &allowed.without(&approved));
        }
        for (name, types) in [
            ("subject_token_types", &grant.subject_token_types),
            ("requested_token_types", &grant.requested_token_types),
        ] {
            if types.as_ref().is_some_and(Vec::is_empty) {
                findings.add(GRANT_TAKES_NOTHING, format!("{at}/{name}"), "");
            }
        }
        if grant.from_issuer.is_some() {
            let takes = |types: &Vec<TokenType>| types.contains(&TokenType::Jwt) || types.is_empty();
            if grant.flow != Flow::TokenExchange {
                findings.add(GRANT_FLOW_OF_ISSUER, format!("{at}/flow"), grant.flow.as_str());
            } else if !grant.subject_token_types.as_ref().is_some_and(takes) {
                findings.add(GRANT_TAKES_NO_JWT, format!("{at}/subject_token_types"), "");
            }
        }
    }

    /// Where the grant allows more than is likely meant.
    fn check_breadth(&self, grant: &ExchangeGrant, at: &str, findings: &mut Findings) {
        if grant.from.as_ref() == Some(&grant.to) {
            findings.add(GRANT_TO_ITSELF, format!("{at}/to"), &grant.to);
        }
        if self.scopes.len() > 1 && self.scopes.keys().all(|token| grant.scope.contains(token)) {
            findings.add(GRANT_ALL_SCOPES, format!("{at}/scope"), "");
        }
        if grant.quota.is_none() {
            let sensitive = grant.scope.filtered(|token| {
                self.scopes.get(token).is_some_and(|rule| rule.sensitivity == Sensitivity::Sensitive)
            });
            if sensitive.is_empty() {
                findings.add(GRANT_UNBOUNDED, at.into(), "");
            } else {
                findings.add_scope(GRANT_SENSITIVE_UNBOUNDED, at.into(), &sensitive);
            }
        }
        if grant.flow == Flow::ExchangeableToken && grant.single_use == Some(false) {
            let (lifetime, most) = exchangeable_token_lifetime(Some(self), Some(grant));
            let lifetime = most.map_or(lifetime, |most| most.min(lifetime));
            if lifetime > DAY {
                findings.add(
                    GRANT_REUSABLE_FOR_LONG,
                    format!("{at}/single_use"),
                    &format!("{} seconds", lifetime.0),
                );
            }
        }
    }
}

fn check_scope(rule: &ScopeRule, at: &str, findings: &mut Findings) {
    if rule.description.as_ref().is_none_or(|text| text.trim().is_empty()) {
        findings.add(SCOPE_UNDESCRIBED, at.into(), "");
    }
    if rule.clients.as_ref().is_some_and(Vec::is_empty) {
        findings.add(SCOPE_FOR_NOBODY, format!("{at}/clients"), "");
    }
    let approved: BTreeSet<&String> = rule.auto_approved.iter().collect();
    let (void, real): (Vec<&str>, Vec<&str>) = approved
        .into_iter()
        .map(String::as_str)
        .partition(|client| rule.clients.as_ref().is_some_and(|all| !all.iter().any(|one| one == client)));
    if !void.is_empty() {
        findings.add(SCOPE_APPROVAL_VOID, format!("{at}/auto_approved"), &void.join(", "));
    }
    if rule.sensitivity == Sensitivity::Sensitive && !real.is_empty() {
        findings.add(SCOPE_SENSITIVE_APPROVED, format!("{at}/auto_approved"), &real.join(", "));
    }
}

fn check_dates(grant: &ExchangeGrant, at: &str, now: Timestamp, findings: &mut Findings) {
    let lacking = grant.lacking();
    if !lacking.is_empty() {
        findings.add(GRANT_INCOMPLETE, at.into(), &format!("{} missing", lacking.join(", ")));
    }
    let reversed = grant.approved_at.zip(grant.expires_at).is_some_and(|(since, end)| since >= end);
    if reversed {
        findings.add(GRANT_DATES_REVERSED, format!("{at}/expires_at"), "");
    }
    if let Some(end) = grant.expires_at {
        let ends = |code, findings: &mut Findings| {
            findings.add(code, format!("{at}/expires_at"), &end.to_string());
        };
        if now >= end.at() {
            ends(GRANT_EXPIRED, findings);
        } else if now.after(SOON) >= end.at() {
            ends(GRANT_EXPIRES_SOON, findings);
        }
    }
    if let Some(since) = grant.approved_at.filter(|since| !reversed && now < since.at()) {
        findings.add(GRANT_NOT_YET_APPROVED, format!("{at}/approved_at"), &since.to_string());
    }
}
