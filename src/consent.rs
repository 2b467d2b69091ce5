//! What people said of their data.

use crate::named::named;
use crate::scope::Scope;

named! {
    /// What a person said last.
    ConsentState {
        /// Yes.
        Given = "given",
        /// No, when they were asked.
        Refused = "refused",
        /// Yes, and then no longer.
        Withdrawn = "withdrawn",
    }
}

/// A consent that stands in the configuration. It counts until one is recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfiguredConsent {
    /// Who said it.
    pub sub: String,
    /// The client that it is for.
    pub client_id: String,
    /// What for, as in `dpv:FraudPreventionAndDetection`.
    pub purpose: String,
    /// To what, token by token.
    pub scope: Scope,
    /// What was said.
    pub state: ConsentState,
}
