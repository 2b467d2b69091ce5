//! What goes wrong with a JWS.

use super::MAX_TOKEN_OCTETS;
use crate::jose::{Algorithm, UnknownAlgorithm, VerifyError};
use crate::json::JsonError;

/// Why a text is no token that is accepted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum JwsError {
    /// The token is longer than [`MAX_TOKEN_OCTETS`].
    #[error("the token has {octets} octets, more than {MAX_TOKEN_OCTETS}")]
    TooLong {
        /// Its length.
        octets: usize,
    },
    /// Not three segments. Five would be encrypted, which is not supported.
    #[error("a token has three segments, this one {found}")]
    Segments {
        /// Segments found.
        found: usize,
    },
    /// A segment is not base64url.
    #[error("the {segment} is not base64url without padding")]
    NotBase64Url {
        /// `header`, `payload` or `signature`.
        segment: &'static str,
    },
    /// The header is not JSON, or has a member twice.
    #[error("header: {0}")]
    Json(#[from] JsonError),
    /// The header is not a JSON object.
    #[error("the header is not a JSON object")]
    NotAnObject,
    /// The header has no `alg`, RFC 7515 §4.1.1.
    #[error("the header has no \"alg\"")]
    NoAlgorithm,
    /// A header member has the wrong JSON type, or is an empty `crit`.
    #[error("the header member {member:?} must be {expected}")]
    Type {
        /// Its name.
        member: &'static str,
        /// What it should have been.
        expected: &'static str,
    },
    /// `alg` is `none` or unknown.
    #[error(transparent)]
    UnknownAlgorithm(#[from] UnknownAlgorithm),
    /// `crit` names extensions; none is understood (RFC 7515 §4.1.11).
    #[error("the header extensions {names:?} are critical and not understood")]
    Critical {
        /// What it names.
        names: Vec<String>,
    },
    /// `b64` is not for JWTs (RFC 7797 §7), and elsewhere must be critical (§6) and say the same in
    /// all signatures (§3).
    #[error("the header member \"b64\" is not allowed here")]
    B64,
    /// The payload is itself a token (RFC 7519 §5.2), which nobody asked for.
    #[error("the payload is a nested token, by \"cty\"")]
    Nested,
    /// The payload should be a token and `cty` does not say so (RFC 7519 §5.2).
    #[error("the payload is no nested token, by \"cty\"")]
    NotNested,
    /// A payload that is not encoded has other characters than RFC 7797 §5.2 lets stand in a token.
    #[error("a payload that is not encoded must be of printable ASCII characters but the period")]
    Characters,
    /// A payload stands in a JWS whose payload is to come from elsewhere (RFC 7515 appendix F).
    #[error("the content is detached, and yet there is a payload")]
    NotDetached,
    /// Not the JSON serialisation of RFC 7515 §7.2.
    #[error("not a JWS in JSON: {problem}")]
    Serialisation {
        /// What is wrong.
        problem: &'static str,
    },
    /// A member stands in the protected and in the unprotected header (RFC 7515 §7.2.1).
    #[error("the header member {name:?} is both protected and unprotected")]
    HeaderTwice {
        /// Its name.
        name: String,
    },
    /// A member that must be protected is not (RFC 7515 §4.1.11, RFC 7797 §3).
    #[error("the header member {member:?} must be protected")]
    Unprotected {
        /// Its name.
        member: &'static str,
    },
    /// `alg` is not the algorithm of the key (RFC 8725 §3.1).
    #[error("the key is not for {algorithm}")]
    OtherAlgorithm {
        /// The token's.
        algorithm: Algorithm,
    },
    /// The signature does not verify.
    #[error(transparent)]
    Signature(#[from] VerifyError),
}
