//! Typed access to the members of a JWK.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{JwkError, base64url};

/// The members of a JWK, read by name; what is not asked for is ignored (RFC 7517 §4).
#[derive(Clone, Copy)]
pub(super) struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    pub(super) fn of(value: &'a Value) -> Result<Self, JwkError> {
        value.as_object().map(Self).ok_or(JwkError::NotAnObject)
    }

    pub(super) fn has(self, member: &str) -> bool {
        self.0.contains_key(member)
    }

    pub(super) fn optional_text(self, member: &'static str) -> Result<Option<&'a str>, JwkError> {
        let text = |value: &'a Value| value.as_str().ok_or(JwkError::Type { member, expected: "a string" });
        self.0.get(member).map(text).transpose()
    }

    pub(super) fn text(self, member: &'static str) -> Result<&'a str, JwkError> {
        self.optional_text(member)?.ok_or(JwkError::Missing { member })
    }

    pub(super) fn optional_texts(self, member: &'static str) -> Result<Option<Vec<&'a str>>, JwkError> {
        let wrong = JwkError::Type { member, expected: "an array of strings" };
        let Some(value) = self.0.get(member) else { return Ok(None) };
        let texts = value.as_array().and_then(|items| items.iter().map(Value::as_str).collect());
        texts.map(Some).ok_or(wrong)
    }

    pub(super) fn octets(self, member: &'static str) -> Result<Zeroizing<Vec<u8>>, JwkError> {
        let octets = base64url::decode(self.text(member)?);
        octets.map(Zeroizing::new).map_err(|_| JwkError::NotBase64Url { member })
    }

    /// Octets of a size that the key type fixes.
    pub(super) fn sized(self, member: &'static str, expected: usize) -> Result<Zeroizing<Vec<u8>>, JwkError> {
        let octets = self.octets(member)?;
        if octets.len() == expected {
            Ok(octets)
        } else {
            Err(JwkError::Length { member, octets: octets.len(), expected })
        }
    }

    /// A Base64urlUInt, RFC 7518 §2: big-endian, no leading zero octet; ours are never zero.
    pub(super) fn uint(self, member: &'static str) -> Result<Zeroizing<Vec<u8>>, JwkError> {
        let octets = self.octets(member)?;
        match octets.first() {
            None | Some(0) => Err(JwkError::NotMinimal { member }),
            Some(_) => Ok(octets),
        }
    }
}
