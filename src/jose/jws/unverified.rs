//! The compact serialisation: RFC 7515 §3.1, §7.1.

use super::{Content, Header, JwsError, MAX_TOKEN_OCTETS};
use crate::jose::VerifyingKey;
use crate::jose::base64url::{self, NotBase64Url};

/// A well-formed JWS whose signature nobody has looked at.
#[derive(Clone, Debug)]
pub struct Unverified {
    header: Header,
    payload: Vec<u8>,
    signing_input: Vec<u8>,
    signature: Vec<u8>,
}

impl Unverified {
    /// Takes a JWT apart: a compact token that holds claims.
    pub fn parse(token: &str) -> Result<Self, JwsError> {
        Self::parse_known(token, None)
    }

    /// Takes a JWT apart. `known`: the first segment of another JWT, and what it parsed to; many tokens
    /// have the same.
    pub fn parse_known(token: &str, known: Option<(&str, &Header)>) -> Result<Self, JwsError> {
        let segments = Segments::of(token)?;
        let header = match known {
            Some((encoded, header)) if encoded == segments.header => header.clone(),
            _ => Header::parse(&decode("header", segments.header)?, Content::Claims)?.0,
        };
        let Segments { payload, signature, signing_input, .. } = segments;
        Ok(Self {
            header,
            payload: decode("payload", payload)?,
            signature: decode("signature", signature)?,
            signing_input: signing_input.into(),
        })
    }

    /// Takes a compact token apart that holds this.
    pub fn parse_as(token: &str, content: Content) -> Result<Self, JwsError> {
        let Segments { header, payload, signature, signing_input } = Segments::of(token)?;
        let (header, encoded) = Header::parse(&decode("header", header)?, content)?;
        let payload = if encoded { decode("payload", payload)? } else { printable(payload)? };
        Ok(Self {
            header,
            payload,
            signature: decode("signature", signature)?,
            signing_input: signing_input.into(),
        })
    }

    /// Takes a compact token apart whose payload is empty because the content came by another way:
    /// RFC 7515 appendix F, RFC 7797 §5.
    pub fn parse_detached(token: &str, content: &[u8]) -> Result<Self, JwsError> {
        let Segments { header, payload, signature, .. } = Segments::of(token)?;
        if !payload.is_empty() {
            return Err(JwsError::NotDetached);
        }
        let (parsed, encoded) = Header::parse(&decode("header", header)?, Content::Octets)?;
        Ok(Self::new(parsed, header, content, encoded, decode("signature", signature)?))
    }

    pub(super) fn new(
        header: Header,
        encoded_header: &str,
        payload: &[u8],
        encoded: bool,
        signature: Vec<u8>,
    ) -> Self {
        let signing_input = if encoded {
            super::signing_input(encoded_header, payload).into_bytes()
        } else {
            [encoded_header.as_bytes(), b".", payload].concat()
        };
        Self { header, payload: payload.into(), signing_input, signature }
    }

    /// The header, not verified.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload, not verified.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload and the signature, not verified.
    pub fn into_parts(self) -> (Vec<u8>, Vec<u8>) {
        (self.payload, self.signature)
    }

    /// The octets that the signature is over.
    pub fn signing_input(&self) -> &[u8] {
        &self.signing_input
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

struct Segments<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// The first two with their dot.
    signing_input: &'a str,
}

impl<'a> Segments<'a> {
    fn of(token: &'a str) -> Result<Self, JwsError> {
        if token.len() > MAX_TOKEN_OCTETS {
            return Err(JwsError::TooLong { octets: token.len() });
        }
        let segments = || JwsError::Segments { found: token.split('.').count() };
        let (signing_input, signature) = token.rsplit_once('.').ok_or_else(segments)?;
        let (header, payload) = signing_input.split_once('.').ok_or_else(segments)?;
        if payload.contains('.') {
            return Err(segments());
        }
        Ok(Self { header, payload, signature, signing_input })
    }
}

pub(super) fn decode(segment: &'static str, text: &str) -> Result<Vec<u8>, JwsError> {
    base64url::decode(text).map_err(|NotBase64Url| JwsError::NotBase64Url { segment })
}

/// RFC 7797 §5.2: what may stand in a token as it is.
fn printable(payload: &str) -> Result<Vec<u8>, JwsError> {
    let fits = payload.bytes().all(|octet| (b' '..=b'~').contains(&octet));
    if fits { Ok(payload.into()) } else { Err(JwsError::Characters) }
}
