//! What is audited.

use serde::Serialize;

use crate::error::ProtocolError;
use crate::time::Timestamp;

/// An audit event: what happened, to whom, by which rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Event {
    /// What happened: `token.issued`, `token.refused`, `token.revoked`, `tokens.generated`, `generation.refused`,
    /// `authentication.requested`, `authentication.refused`, `authentication.completed`, `consent.recorded`,
    /// `consent.refused`, `operator`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// When, in seconds since 1970.
    pub time: u64,
    /// The issuer's identifier.
    pub issuer: String,
    /// The client, once it is authenticated.
    pub client_id: Option<String>,
    /// The grant type asked for.
    pub grant_type: Option<String>,
    /// The scope granted, space separated.
    pub scope: Option<String>,
    /// The audiences granted.
    pub audience: Vec<String>,
    /// The issued token's `jti`.
    pub jti: Option<String>,
    /// The error code answered.
    pub error: Option<&'static str>,
    /// The policy rule that decided, where one did.
    pub rule: Option<&'static str>,
    /// What went wrong, for the operator: never sent to the client.
    pub cause: Option<String>,
    /// The version of the policy that was decided by.
    pub policy_version: Option<String>,
    /// The client that tokens were generated for.
    pub for_client_id: Option<String>,
    /// How many tokens were generated, or asked for.
    pub count: Option<u32>,
    /// Stands for what is too long to be written here.
    pub digest: Option<String>,
    /// Whom the token is about.
    pub subject: Option<String>,
    /// The policy's grant that allowed it.
    pub grant: Option<String>,
    /// What the data is for.
    pub purpose: Option<String>,
    /// What that rests on.
    pub legal_basis: Option<&'static str>,
}

impl Event {
    /// An event of which nothing more is known yet.
    pub fn new(kind: &'static str, now: Timestamp, issuer: &str) -> Self {
        Self { kind, time: now.seconds(), issuer: issuer.into(), ..Self::default() }
    }

    /// Notes why the request was refused.
    pub fn refused(&mut self, error: &ProtocolError) {
        self.error = Some(error.code.as_str());
        self.rule = error.rule;
        self.cause = Some(error.cause.clone().unwrap_or_else(|| error.description.clone()));
    }
}
