//! Pure decisions: from facts to what is granted, or to the rule that refuses.
//!
//! A [`Policy`] is one document, read and approved by people. Each function here takes it (or nothing, where a
//! deployment has none) and facts, and gives a [`Decision`] that says by which rules it came about. What a
//! request is answered and what an explanation shows is the same call.

mod audience;
mod backchannel;
mod cases;
mod check;
mod client_credentials;
mod date;
mod decision;
mod document;
mod exchange;
mod explain;
#[cfg(test)]
mod explain_tests;
mod facts;
mod facts_document;
mod generate;
mod governance;
mod id_token;
mod parse;
mod purpose;
mod rule;
mod scope;
mod stated;

pub use backchannel::{BackchannelFacts, backchannel};
pub use cases::{Case, CaseResult, Expect, RuleError};
pub use check::{FINDING_CODES, Finding, FindingCode, FindingSeverity};
pub use client_credentials::client_credentials;
pub use date::{Date, DateError};
pub use decision::{Decision, Granted, Outcome, Refusal, Ruling};
pub use document::{
    ExchangeGrant, Flow, LegalBasis, Lifetime, Lifetimes, Mode, Policy, ScopeRule, Sensitivity, TokenType,
    TrustedIssuer,
};
pub use exchange::exchange;
pub use facts::{
    ActorFacts, Asked, ClientFacts, ExchangeFacts, IssuerFacts, Source, SubjectFacts, SubjectState,
};
pub use facts_document::Facts;
pub use generate::{GenerateFacts, RedeemFacts, generate, redeem};
pub use id_token::{IdTokenFacts, RefreshFacts, id_token, refresh};
pub use purpose::{Consent, purpose};
pub use rule::Rule;

/// The JSON Schema of a [`Policy`].
#[cfg(feature = "schema")]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Policy).to_value()
}
