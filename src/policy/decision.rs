//! What a decision says when it refuses: a rule with a stable id, and what was missing.

/// The rules. Their ids are stable: they stand in audit events and error descriptions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rule {
    /// The request must name an audience and did not.
    AudienceRequired,
    /// The issuer does not know the audience.
    AudienceUnknown,
    /// The client may not have tokens for the audience.
    AudienceNotAllowed,
    /// The issuer does not know the scope.
    ScopeUnknown,
    /// The client may not have the scope.
    ScopeNotAllowed,
    /// The scope means nothing at the audience asked for.
    ScopeNotOfResource,
}

impl Rule {
    /// The rule's id.
    pub const fn id(self) -> &'static str {
        match self {
            Self::AudienceRequired => "audience.required",
            Self::AudienceUnknown => "audience.unknown",
            Self::AudienceNotAllowed => "audience.not-allowed",
            Self::ScopeUnknown => "scope.unknown",
            Self::ScopeNotAllowed => "scope.not-allowed",
            Self::ScopeNotOfResource => "scope.not-of-resource",
        }
    }
}

/// A refusal.
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
