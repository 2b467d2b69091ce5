//! JSON Web Signature in its compact serialisation: RFC 7515 §3.1, §7.1.
//!
//! What [`Unverified`] shows is the sender's word alone: read it to find a key, believe nothing.
//! Only [`Verified`] is signed. Members that bring or point to a key (`jku`, `jwk`, `x5u`, `x5c`)
//! are never looked at (RFC 8725 §3.10).

use serde_json::{Map, Value};

use super::base64url::{self, NotBase64Url};
use super::{Algorithm, UnknownAlgorithm, VerifyError, VerifyingKey};
use crate::json::{self, JsonError};

/// Longest token that is parsed, in octets.
pub const MAX_TOKEN_OCTETS: usize = 16 * 1024;

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
    /// `b64` is not for JWTs (RFC 7797 §7).
    #[error("the header member \"b64\" is not supported")]
    B64,
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

/// The JOSE header: RFC 7515 §4.1. Unknown members are ignored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// `alg`.
    pub alg: Algorithm,
    /// `typ`, as sent; compare it with [`Self::has_type`].
    pub typ: Option<String>,
    /// `cty`, as sent.
    pub cty: Option<String>,
    /// `kid`: data to compare, never a path.
    pub kid: Option<String>,
}

impl Header {
    fn parse(octets: &[u8]) -> Result<Self, JwsError> {
        let value = json::parse(octets)?;
        let members = value.as_object().ok_or(JwsError::NotAnObject)?;
        if members.contains_key("b64") {
            return Err(JwsError::B64);
        }
        refuse_critical(members)?;
        let text = |member| match members.get(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JwsError::Type { member, expected: "a string" }),
        };
        let alg = text("alg")?.ok_or(JwsError::NoAlgorithm)?.parse()?;
        Ok(Self { alg, typ: text("typ")?, cty: text("cty")?, kid: text("kid")? })
    }

    /// Whether `typ` is this media type: letters in any case, with or without `application/`
    /// (RFC 7515 §4.1.9). Pass it without.
    pub fn has_type(&self, media_type: &str) -> bool {
        let Some(typ) = &self.typ else { return false };
        let typ = typ.to_ascii_lowercase();
        typ.strip_prefix("application/").unwrap_or(&typ) == media_type.to_ascii_lowercase()
    }
}

fn refuse_critical(members: &Map<String, Value>) -> Result<(), JwsError> {
    let Some(crit) = members.get("crit") else { return Ok(()) };
    let names: Option<Vec<_>> =
        crit.as_array().and_then(|names| names.iter().map(|name| name.as_str().map(String::from)).collect());
    match names.filter(|names| !names.is_empty()) {
        Some(names) => Err(JwsError::Critical { names }),
        None => Err(JwsError::Type { member: "crit", expected: "an array of strings, not empty" }),
    }
}

/// The first segment of a token, to be kept and used for many: `alg`, `typ`, `kid`, in this order.
pub fn encode_header(alg: Algorithm, typ: &str, kid: &str) -> String {
    let members = [("alg", alg.name()), ("typ", typ), ("kid", kid)];
    let header: Map<_, _> = members.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    base64url::encode(Value::Object(header).to_string().as_bytes())
}

/// What is signed: the encoded header, a dot, the encoded payload (RFC 7515 §5.1).
pub fn signing_input(encoded_header: &str, payload: &[u8]) -> String {
    // Room for a signature of 256 octets, so that assembling does not copy.
    let length = encoded_header.len() + base64url::encoded_length(payload.len()) + 344;
    let mut input = String::with_capacity(length);
    input.push_str(encoded_header);
    input.push('.');
    base64url::encode_onto(payload, &mut input);
    input
}

/// The token: the signing input, a dot, the encoded signature.
pub fn assemble(mut signing_input: String, signature: &[u8]) -> String {
    signing_input.push('.');
    base64url::encode_onto(signature, &mut signing_input);
    signing_input
}

/// A well-formed token whose signature nobody has looked at.
#[derive(Clone, Debug)]
pub struct Unverified {
    header: Header,
    payload: Vec<u8>,
    signing_input: String,
    signature: Vec<u8>,
}

impl Unverified {
    /// Takes a compact token apart.
    pub fn parse(token: &str) -> Result<Self, JwsError> {
        if token.len() > MAX_TOKEN_OCTETS {
            return Err(JwsError::TooLong { octets: token.len() });
        }
        let segments = || JwsError::Segments { found: token.split('.').count() };
        let (signing_input, signature) = token.rsplit_once('.').ok_or_else(segments)?;
        let (header, payload) = signing_input.split_once('.').ok_or_else(segments)?;
        if payload.contains('.') {
            return Err(segments());
        }
        let decode = |segment, text| {
            base64url::decode(text).map_err(|NotBase64Url| JwsError::NotBase64Url { segment })
        };
        Ok(Self {
            header: Header::parse(&decode("header", header)?)?,
            payload: decode("payload", payload)?,
            signature: decode("signature", signature)?,
            signing_input: signing_input.into(),
        })
    }

    /// The header, not verified.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload, not verified.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The octets that the signature is over.
    pub fn signing_input(&self) -> &[u8] {
        self.signing_input.as_bytes()
    }

    /// The signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Verifies with a key whose algorithm must be the token's.
    pub fn verify(self, key: &VerifyingKey) -> Result<Verified, JwsError> {
        if key.algorithm() != self.header.alg {
            return Err(JwsError::OtherAlgorithm { algorithm: self.header.alg });
        }
        key.verify(self.signing_input(), &self.signature)?;
        Ok(Verified { header: self.header, payload: self.payload })
    }
}

/// Header and payload of a token whose signature is good. Who may have signed it, for whom and
/// until when is for the caller to check.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    header: Header,
    payload: Vec<u8>,
}

impl Verified {
    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

#[cfg(test)]
#[path = "jws_tests.rs"]
mod tests;
