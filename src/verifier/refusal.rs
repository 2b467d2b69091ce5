//! Why a token is refused.

use serde::Serialize;
use serde_json::Value;

/// Why a token is refused, in words and as data. `js/verify/types.ts` documents the codes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refusal {
    /// Stable.
    pub code: Code,
    /// What was expected; no part of the signature.
    pub message: String,
    /// The claim that decided, or the header member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// What it had to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Value>,
}

/// The kinds of refusal that the core knows; `js/verify/types.ts` has these and a few more.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Longer than any token that is read.
    TokenTooLong,
    /// Not three segments of base64url, header and claims not JSON objects, a member twice …
    TokenMalformed,
    /// `crit` is wrong or names what is not understood, RFC 7515 §4.1.11.
    HeaderCritical,
    /// `alg` is none that is accepted, RFC 8725 §3.1.
    AlgorithmNotAllowed,
    /// `typ` is none that is accepted, RFC 8725 §3.11.
    TypMismatch,
    /// No key of this `kid` for this `alg`.
    KeyNotFound,
    /// The signature is not by the key.
    SignatureInvalid,
    /// A required claim is not there.
    ClaimMissing,
    /// A claim has the wrong JSON type.
    ClaimMalformed,
    /// A claim has another value.
    ClaimMismatch,
    /// `iss` is another, RFC 7519 §4.1.1.
    IssuerMismatch,
    /// `aud` is another, RFC 7519 §4.1.3.
    AudienceMismatch,
    /// `exp` has come, RFC 7519 §4.1.4.
    Expired,
    /// `nbf` has not come, RFC 7519 §4.1.5.
    NotYetValid,
    /// `iat` has not come, RFC 7519 §4.1.6.
    IssuedInTheFuture,
    /// `iat` is longer ago than the maximum age.
    TooOld,
}

impl Refusal {
    /// A refusal that needs no more than words.
    pub fn new(code: Code, message: impl Into<String>) -> Box<Self> {
        Box::new(Self { code, message: message.into(), claim: None, expected: None, actual: None })
    }

    /// A refusal because of one claim, or one member of the header.
    #[must_use]
    pub fn of(mut self: Box<Self>, claim: &str, expected: Option<Value>, actual: Option<Value>) -> Box<Self> {
        self.claim = Some(claim.into());
        self.expected = expected;
        self.actual = actual;
        self
    }
}
